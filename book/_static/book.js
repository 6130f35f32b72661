// Formulas, which KaTeX sets as they arrive: a long page need not be complete for its first one.

const TEX = { throwOnError: false, strict: false, trust: false };
const SHORT = 40; // characters of TeX
const MARKS = /^\s*\\[[(]([\s\S]*)\\[\])]\s*$/; // what Sphinx writes around each formula

function set(formula) {
  const tex = formula.textContent.match(MARKS);
  const block = formula.closest("p, li, td, th, dd, figcaption, h1, h2, h3, h4, div.math");
  const complete = document.readyState !== "loading" || block?.nextSibling;
  if (!tex || !complete) return; // the rest has not arrived yet
  formula.classList.add("set");
  const displayMode = formula.matches("div");
  katex.render(tex[1], formula, { ...TEX, displayMode });
  if (displayMode) fit(formula);
  else if (tex[1].length < SHORT) keepTogether(formula); // a long one may need more than a line
}

// A page has hundreds of formulas: they are set for a moment at a time, so that what is set is seen.
const MOMENT = 30; // ms
let waiting = false;

function setSome() {
  waiting = false;
  if (!window.katex) return;
  const end = performance.now() + MOMENT;
  for (const formula of document.querySelectorAll(".math:not(.set)")) {
    set(formula);
    if (performance.now() > end) return setSoon();
  }
}

function setSoon() {
  if (!waiting) requestAnimationFrame(() => setTimeout(setSome));
  waiting = true;
}

// A formula wider than its column is drawn smaller, so that all of it can be seen. One that is too
// wide in the smallest size, and every one without this script, scrolls in its own box (book.css).

const SIZES = ["", "95%", "90%", "85%", "80%", "75%", "70%"];

function fit(block) {
  if (!block.clientWidth) return; // inside <details> that are closed
  for (const size of SIZES) {
    block.style.fontSize = size;
    if (block.scrollWidth <= block.clientWidth) break;
  }
  cue(block);
}

// What is still too wide shows that it scrolls, and the keyboard can scroll it.
function cue(box) {
  const wide = box.scrollWidth > box.clientWidth;
  box.classList.toggle("wide", wide);
  if (wide) box.setAttribute("tabindex", "0");
  else box.removeAttribute("tabindex");
}

function fitAll(root) {
  root.querySelectorAll("div.math.set").forEach(fit);
  root.querySelectorAll("article .highlight pre, .pst-scrollable-table-container").forEach(cue);
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

const arriving = new MutationObserver(setSoon);
arriving.observe(document.documentElement, { childList: true, subtree: true });
document.addEventListener("load", (event) => event.target.matches?.("script") && setSoon(), true);

window.addEventListener("load", () => {
  arriving.disconnect();
  setSoon();
  document.addEventListener("toggle", (event) => fitAll(event.target), true);
  const article = document.querySelector("article");
  if (!article) return; // the page of the search
  let column = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === column) return; // it became longer, not wider
    column = contentRect.width;
    requestAnimationFrame(() => fitAll(document));
  }).observe(article);
});

// Names for those who listen, where the theme has none or other ones than are written there.

addEventListener("DOMContentLoaded", () => {
  const sidebar = document.querySelector(".bd-sidebar-primary");
  sidebar?.setAttribute("role", "region");
  sidebar?.setAttribute("aria-label", "Contents of the book");
  for (const fold of document.querySelectorAll(".bd-sidenav summary")) {
    const title = fold.closest("li").querySelector("a").textContent.trim();
    fold.setAttribute("aria-label", `Pages of ${title}`);
  }
  const hidden = document.querySelectorAll(".hide summary[aria-label]"); // whose words say more
  hidden.forEach((fold) => fold.removeAttribute("aria-label"));
});

// Paper has no folds: hints go to the end of the chapter while it is printed, and solutions have
// pages of their own (book.css).

const moved = []; // [hint, the note in its place, whether it was open]

function exerciseOf(hint) {
  for (let node = hint; node; node = node.previousElementSibling)
    if (node.id?.startsWith("exercise-")) return node.id.slice(9).replace("-", ".");
  return "";
}

addEventListener("beforeprint", () => {
  const hints = document.querySelectorAll("article details:not(.hide, .solution)");
  const chapter = document.querySelector("article > section");
  if (moved.length || !hints.length || !chapter) return;
  const end = document.createElement("section");
  end.id = "hints-on-paper";
  end.innerHTML = "<h2>Hints</h2>";
  hints.forEach((hint) => {
    const note = document.createElement("p");
    note.className = "hint-on-paper";
    note.textContent = "There is a hint at the end of the chapter.";
    const title = document.createElement("h3");
    title.textContent = `Exercise ${exerciseOf(hint)}`;
    moved.push([hint, note, hint.open]);
    hint.replaceWith(note);
    hint.open = true;
    end.append(title, hint);
  });
  chapter.append(end);
});

addEventListener("afterprint", () => {
  for (const [hint, note, open] of moved.splice(0)) {
    hint.open = open;
    note.replaceWith(hint);
  }
  document.getElementById("hints-on-paper")?.remove();
});
