// Owns what a curve can do: tell its numbers under the pointer, another scale, a part of its steps. Without it the picture stands.
"use strict";
(() => {
  const SPACE = "http://www.w3.org/2000/svg";
  const WIDTH = 640, LEFT = 62, RIGHT = 626, TOP = 14, BOTTOM = 260;
  const draw = (tag, given, text) => {
    const made = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const told = (value) => (value === 0 ? "0" : Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5 ? String(Number(value.toPrecision(3))) : value.toExponential(0));

  // Round numbers that hold a range: as nice_ticks of reporting/site/charts.py.
  const ticks = (low, high) => {
    const span = high - low || 1, power = 10 ** Math.floor(Math.log10(span));
    const step = power * ([0.1, 0.2, 0.5, 1, 2].find((part) => span / (power * part) <= 6) || 2), first = Math.floor(low / step);
    return Array.from({ length: 9 }, (_, place) => Number(((first + place) * step).toPrecision(12))).filter((_, place) => (first + place - 1) * step < high);
  };

  for (const figure of document.querySelectorAll("figure[data-lines]")) {
    const svg = figure.querySelector("svg"), paths = [...svg.querySelectorAll("path[data-values]")];
    const values = paths.map((path) => path.dataset.values.split(" ").map((word) => (word === "" ? null : Number(word))));
    const steps = Number(figure.dataset.steps), state = { from: 0, to: 1, logarithmic: figure.dataset.log === "1" };

    const redraw = () => {
      const part = values.map((line) => [Math.floor(state.from * (line.length - 1)), Math.ceil(state.to * (line.length - 1))]);
      const usable = (value) => value !== null && (value > 0 || !state.logarithmic);
      const seen = values.flatMap((line, number) => line.slice(part[number][0], part[number][1] + 1)).filter(usable);
      if (!seen.length) return false;
      let low = Math.min(...seen), high = Math.max(...seen), marks;
      if (state.logarithmic) {
        if (high <= low) high = low * 10;
        marks = [];
        for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) marks.push(10 ** power);
        marks = marks.filter((mark) => mark >= low && mark <= high);
        if (marks.length < 2) marks = ticks(low, high).filter((mark) => mark >= low && mark <= high);
      } else {
        if (high <= low) high = low + 1;
        marks = ticks(low, high); low = Math.min(low, marks[0]); high = Math.max(high, marks[marks.length - 1]);
      }
      const form = state.logarithmic ? Math.log : (value) => value;
      const y = (value) => BOTTOM - ((BOTTOM - TOP) * (form(value) - form(low))) / (form(high) - form(low));
      paths.forEach((path, number) => {
        const [first, last] = part[number];
        let pen = "M", words = "";
        for (let place = first; place <= last; place += 1) {
          const value = values[number][place];
          if (!usable(value)) { pen = "M"; continue; }
          words += `${pen}${(LEFT + ((RIGHT - LEFT) * (place - first)) / Math.max(last - first, 1)).toFixed(1)} ${y(value).toFixed(1)}`;
          pen = "L";
        }
        path.setAttribute("d", words);
      });
      svg.querySelector("g.y").replaceChildren(...marks.flatMap((mark) => [draw("line", { class: "grid", x1: LEFT, x2: RIGHT, y1: y(mark), y2: y(mark) }), draw("text", { class: "tick", x: LEFT - 6, y: y(mark) + 4, "text-anchor": "end" }, told(mark))]));
      const begin = state.from * (steps - 1), end = Math.max(state.to * (steps - 1), begin + 1);
      const across = (mark) => LEFT + ((RIGHT - LEFT) * (mark - begin)) / (end - begin);
      svg.querySelector("g.x").replaceChildren(...ticks(begin, end).filter((mark) => mark >= begin && across(mark) <= RIGHT + 1).map((mark) => draw("text", { class: "tick", x: across(mark), y: BOTTOM + 16, "text-anchor": "middle" }, told(mark))));
      return true;
    };

    const box = document.createElement("div"), cursor = draw("line", { class: "cursor", y1: TOP, y2: BOTTOM, visibility: "hidden" }), chosen = draw("rect", { class: "chosen", y: TOP, height: BOTTOM - TOP, visibility: "hidden" });
    box.className = "readout"; box.hidden = true; figure.append(box); svg.append(chosen, cursor);
    const shareAt = (event) => {
      const area = svg.getBoundingClientRect(), x = ((event.clientX - area.left) * WIDTH) / area.width;
      return Math.min(1, Math.max(0, (x - LEFT) / (RIGHT - LEFT)));
    };
    let pressed = null;
    svg.addEventListener("pointerdown", (event) => { pressed = shareAt(event); });
    svg.addEventListener("pointermove", (event) => {
      const share = shareAt(event), x = LEFT + share * (RIGHT - LEFT), whole = state.from + share * (state.to - state.from), area = svg.getBoundingClientRect();
      for (const name of ["x1", "x2"]) cursor.setAttribute(name, x);
      cursor.setAttribute("visibility", "visible");
      if (pressed !== null) { const from = LEFT + Math.min(pressed, share) * (RIGHT - LEFT); chosen.setAttribute("x", from); chosen.setAttribute("width", Math.abs(share - pressed) * (RIGHT - LEFT)); chosen.setAttribute("visibility", "visible"); }
      const lines = [`step ${Math.round(whole * (steps - 1))}`, ...paths.map((path, number) => { const value = values[number][Math.round(whole * (values[number].length - 1))]; return `${path.dataset.name}: ${value === null ? "–" : value}`; })];
      box.replaceChildren(...lines.map((text) => { const line = document.createElement("div"); line.textContent = text; return line; }));
      box.hidden = false; box.style.left = `${Math.min(event.clientX - area.left + 14, area.width - box.offsetWidth)}px`; box.style.top = `${event.clientY - area.top + 14}px`;
    });
    const zoom = (from, to) => { if (to - from > 0.02) { state.from = Math.max(0, from); state.to = Math.min(1, to); redraw(); } };
    const release = (event) => {
      if (pressed !== null && event.type === "pointerup") { const share = shareAt(event), span = state.to - state.from, start = state.from; if (Math.abs(share - pressed) > 0.02) zoom(start + Math.min(share, pressed) * span, start + Math.max(share, pressed) * span); }
      pressed = null; chosen.setAttribute("visibility", "hidden");
    };
    svg.addEventListener("pointerup", release);
    svg.addEventListener("pointerleave", (event) => { release(event); box.hidden = true; cursor.setAttribute("visibility", "hidden"); });

    const tools = document.createElement("p"), button = (text, act) => { const made = document.createElement("button"); made.type = "button"; made.textContent = text; made.addEventListener("click", act); tools.append(made); return made; };
    tools.className = "curve-tools";
    const scale = button("Log scale", () => {
      state.logarithmic = !state.logarithmic;
      if (!redraw()) { state.logarithmic = !state.logarithmic; redraw(); }
      scale.setAttribute("aria-pressed", String(state.logarithmic));
    });
    scale.setAttribute("aria-pressed", String(state.logarithmic));
    button("Zoom in", () => { const span = (state.to - state.from) / 4; zoom(state.from + span, state.to - span); });
    button("Later", () => { const span = state.to - state.from, by = Math.min(span / 2, 1 - state.to); zoom(state.from + by, state.to + by); });
    button("Earlier", () => { const span = state.to - state.from, by = Math.min(span / 2, state.from); zoom(state.from - by, state.to - by); });
    button("Whole", () => zoom(0, 1));
    figure.insertBefore(tools, figure.querySelector(".legend") || figure.querySelector("figcaption"));
  }
})();
