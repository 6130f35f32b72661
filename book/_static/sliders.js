// Sliders over figures that were drawn when the site was built (book/_extensions/sliders.py).

for (const figure of document.querySelectorAll("figure.sliders")) {
  const { address, together, places, starts, frames } = JSON.parse(
    figure.querySelector("script").textContent,
  );
  const image = figure.querySelector("img");
  const controls = [...figure.querySelectorAll("input, select")];

  // Which frame shows these settings: all combinations are drawn, the last control changing
  // fastest, or the controls one after the other, with all others at their start.
  const frameOf = (chosen) => {
    if (together) return chosen.reduce((sum, k, i) => sum * places[i].length + k, 0);
    const moved = Math.max(chosen.findIndex((k, i) => k !== starts[i]), 0);
    return places.slice(0, moved).reduce((sum, those) => sum + those.length, 0) + chosen[moved];
  };

  const chosen = () => controls.map((control) => Number(control.value));
  const say = () =>
    controls.forEach((control, i) => {
      const words = places[i][control.value];
      if (control.type === "range") control.setAttribute("aria-valuetext", words);
      const output = control.parentElement.querySelector("output");
      if (output) output.textContent = words;
    });

  const loaded = new Set();
  const load = (setting) => {
    const [file] = frames[frameOf(setting)];
    if (!loaded.has(file)) new Image().src = address + file;
    loaded.add(file);
  };
  const loadNeighbours = () =>
    controls.forEach((control, i) => {
      for (const step of [-1, 1]) {
        const next = together ? chosen() : [...starts];
        next[i] = Number(control.value) + step;
        if (next[i] >= 0 && next[i] < places[i].length) load(next);
      }
    });

  const show = () => {
    const [file, alt] = frames[frameOf(chosen())];
    image.src = address + file;
    image.alt = alt;
    say();
    loadNeighbours();
  };
  controls.forEach((control, i) =>
    control.addEventListener("input", () => {
      if (!together) controls.forEach((other, j) => j !== i && (other.value = starts[j]));
      show();
    }),
  );
  figure.addEventListener("pointerenter", loadNeighbours, { once: true });
  figure.addEventListener("focusin", loadNeighbours, { once: true });

  controls.forEach((control, i) => (control.value = starts[i])); // not what a reload remembers
  say();
  figure.querySelector(".controls").hidden = false;
}
