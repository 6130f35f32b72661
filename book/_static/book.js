// What style sheets cannot do for the formulas.

// A formula wider than its column is drawn smaller, so that all of it can be seen. One that is too
// wide in the smallest size, and every one without this script, scrolls in its own box (book.css).

const SIZES = ["", "95%", "90%", "85%", "80%", "75%", "70%"];

function width(container) {
  // MathJax stretches a formula with a number to the column and keeps its own width as a minimum
  const numbered = container.getAttribute("width") === "full";
  return numbered
    ? parseFloat(getComputedStyle(container).minWidth)
    : container.querySelector("svg").getBoundingClientRect().width;
}

function fit(container) {
  const room = container.closest("p, li, td, dd, div.math, details, article").clientWidth;
  if (!room || !container.querySelector("svg")) return; // inside <details> that are closed
  // In steps, not in one: the width counts in ex, which a browser may round to whole pixels.
  for (const size of SIZES) {
    container.style.fontSize = size;
    if (width(container) <= room) return;
  }
}

// A browser may break a line between a formula in the text and the full stop that follows it.
function keepTogether(formula) {
  const before = formula.previousSibling;
  const after = formula.nextSibling;
  const opening = before?.nodeType === Node.TEXT_NODE ? before.data.match(/[([“"]*$/)[0] : "";
  const closing = after?.nodeType === Node.TEXT_NODE ? after.data.match(/^[.,;:!?)\]”"’]*/)[0] : "";
  if (!opening && !closing) return;
  const together = document.createElement("span");
  together.className = "together";
  formula.replaceWith(together);
  if (opening) before.data = before.data.slice(0, -opening.length);
  if (closing) after.data = after.data.slice(closing.length);
  together.append(opening, formula, closing);
}

function fitAll(root) {
  root.querySelectorAll("mjx-container").forEach(fit);
}

window.addEventListener("load", () => {
  if (!window.MathJax?.startup) return; // a page without formulas
  MathJax.startup.promise.then(() => {
    document.querySelectorAll("article span.math").forEach(keepTogether);
    document.addEventListener("toggle", (event) => fitAll(event.target), true);
    let column = 0;
    new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width === column) return; // it became longer, not wider
      column = contentRect.width;
      fitAll(document);
    }).observe(document.querySelector("article"));
  });
});
