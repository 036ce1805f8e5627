// Owns the choice under the reader's weights: the arithmetic of reporting/recommendation/choice.py, on the same numbers.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = window.parityPick, form = $("pick"), names = [...form.querySelectorAll("[data-weight]")].map((one) => one.dataset.weight);
  const number = (value) => (value === null ? "–" : value === 0 ? "0" : String(Number(value.toPrecision(2))));
  const make = (tag, text, className) => { const made = document.createElement(tag); if (text !== undefined) made.textContent = text; if (className) made.className = className; return made; };

  const asked = () => {
    const weights = {};
    for (const slider of form.querySelectorAll("[data-weight]")) { weights[slider.dataset.weight] = Number(slider.value); slider.parentElement.querySelector("output").textContent = slider.value; }
    return { task: $("task").value, device: $("device").value, source: $("source").value, weights, needs: [...form.querySelectorAll("[data-need]:checked")].map((one) => one.dataset.need) };
  };
  const candidates = (wish) => Object.entries((data.places[wish.device] || {})[wish.task] || {}).map(([name, entry]) => {
    const standings = {};
    for (const criterion of names) {
      const told = criterion === "porting" && wish.source ? entry.porting[wish.source] : entry.standings[criterion];
      standings[criterion] = { value: told[0], low: told[1], high: told[2], told: told[3], command: told[4], asked: told[5], middle: told[0] ?? (told[1] + told[2]) / 2 };
    }
    const needs = wish.needs.map((need) => ({ need, met: entry.needs[need][0], told: entry.needs[need][1] }));
    return { name, standings, needs, refused: needs.filter((one) => one.met === false) };
  });
  const dominates = (one, other, counted) => {
    const pairs = counted.map((name) => [one.standings[name], other.standings[name]]);
    return pairs.every(([mine, theirs]) => mine.value !== null && theirs.value !== null) && pairs.every(([mine, theirs]) => mine.middle >= theirs.middle) && pairs.some(([mine, theirs]) => mine.low > theirs.high);
  };
  const ranked = (wish) => {
    const every = candidates(wish), meeting = every.filter((one) => !one.refused.length), weighted = names.filter((name) => wish.weights[name] > 0);
    const counted = weighted.filter((name) => meeting.some((one) => one.standings[name].value !== null));
    const whole = counted.reduce((sum, name) => sum + wish.weights[name], 0);
    const score = (one, part) => (whole ? counted.reduce((sum, name) => sum + wish.weights[name] * one.standings[name][part], 0) / whole : part === "high" ? 1 : 0);
    const places = meeting.map((one) => ({ one, score: score(one, "middle"), low: score(one, "low"), high: score(one, "high"), front: !meeting.some((other) => other !== one && dominates(other, one, counted)) }));
    places.sort((a, b) => b.score - a.score || (a.one.name < b.one.name ? -1 : 1));
    const rivals = counted.length && places.length ? places.slice(1).filter((place) => place.high >= places[0].low).map((place) => place.one.name) : [];
    return { every, places, counted, silent: weighted.filter((name) => !counted.includes(name) && meeting.every((one) => one.standings[name].asked)), rivals, refused: every.filter((one) => one.refused.length) };
  };
  const changes = (result, weights) => {
    const found = [];
    if (result.places.length < 2) return found;
    const first = result.places[0].one;
    for (const name of result.counted) {
      let nearest = null;
      for (const place of result.places.slice(1)) {
        const gap = (criterion) => first.standings[criterion].middle - place.one.standings[criterion].middle;
        if (Math.abs(gap(name)) < 1e-9) continue;
        const rest = result.counted.filter((one) => one !== name).reduce((sum, one) => sum + weights[one] * gap(one), 0), then = -rest / gap(name);
        if (then >= 0 && (!nearest || Math.abs(then - weights[name]) < Math.abs(nearest.then - weights[name]))) nearest = { name, now: weights[name], then, winner: place.one.name };
      }
      if (nearest) found.push(nearest);
    }
    return found;
  };
  const sentence = (wish, result) => {
    const unknown = result.silent.length ? `; not measured here: ${result.silent.join(", ")}` : "", where = `for ${wish.task} on ${wish.device}`;
    if (!result.every.length) return `Not measured here: no framework is on record ${where}.`;
    if (!result.places.length) return `No framework on record meets the needs ${where}: ${result.refused.map((one) => `${one.name} (${one.refused.map((need) => need.need).join(", ")})`).join("; ")}.`;
    if (!result.counted.length) return `Not measured here: nothing is on record of what has a weight, ${where}.`;
    const first = result.places[0].one.name, told = result.counted.map((name) => `${name} ${wish.weights[name]}`).join(", ");
    const left = result.refused.map((one) => (one.refused.length === 1 && one.refused[0].need === "maintained" ? `${one.name} is retired` : `${one.name} does not meet ${one.refused.map((need) => need.need).join(", ")}`)).join("; "), rest = `${unknown}${left ? `; left out: ${left}` : ""}.`;
    if (result.places.length === 1) return `${first} is the only one on record that meets the needs ${where}${rest}`;
    if (!result.rivals.length) return `${first} comes first ${where}, under the weights ${told}${rest}`;
    return `No clear winner ${where}, under the weights ${told}: the intervals of ${[first, ...result.rivals].join(" and ")} overlap${rest}`;
  };
  const command = (wish) => {
    const parts = ["parity recommend", `--task ${wish.task}`, `--device ${wish.device}`];
    if (wish.source) parts.push(`--from ${wish.source}`);
    const needs = wish.needs.filter((need) => need !== "maintained");
    if (needs.length) parts.push(`--needs ${needs.join(",")}`);
    if (needs.length === wish.needs.length) parts.push("--retired");
    parts.push(`--weights ${names.map((name) => `${name}=${wish.weights[name]}`).join(",")}`);
    return parts.join(" ");
  };
  const cell = (one) => { const made = make("td", one.value === null ? (one.asked ? "not measured here" : "not asked") : number(one.value)); made.title = one.told; if (one.value === null) made.className = "none"; return made; };
  const show = () => {
    const wish = asked(), result = ranked(wish);
    $("answer").textContent = sentence(wish, result); $("command").textContent = command(wish);
    $("places").tBodies[0].replaceChildren(...result.places.map((place, at) => {
      const row = make("tr"), heading = make("th", `${place.front ? "★ " : ""}${place.one.name}`), told = place.one.needs.filter((need) => need.need !== "maintained"), open = told.filter((need) => need.met === null);
      heading.scope = "row";
      if (data.retired[place.one.name]) { heading.append(" ", make("span", "retired", "verdict documented_difference")); heading.title = data.retired[place.one.name]; }
      row.append(make("td", at + 1, "num"), heading, make("td", result.counted.length ? `${number(place.score)} (${number(place.low)}–${number(place.high)})` : "–", "num"), ...names.map((name) => cell(place.one.standings[name])), make("td", open.length ? `not measured here: ${open.map((need) => need.need).join(", ")}` : told.length ? "met" : "", open.length ? "none" : ""));
      return row;
    }), ...result.refused.map((one) => { const row = make("tr"), heading = make("th", one.name), told = make("td", `left out: does not meet ${one.refused.map((need) => need.need).join(", ")}`, "wrap"); heading.scope = "row"; told.title = one.refused.map((need) => need.told).join("; "); told.colSpan = names.length + 2; row.append(make("td", "–", "num"), heading, told); return row; }));
    const turning = changes(result, wish.weights);
    $("changes").replaceChildren(...(turning.length ? turning.map((one) => make("li", `${one.name} from ${number(one.now)} to ${number(one.then)}: ${one.winner}`)) : [make("li", "Nothing on record: no other weight of a single criterion brings another framework to the first place.")]));
    $("evidence").replaceChildren(...result.every.map((one) => { const item = make("li"); item.append(make("b", one.name), `: ${[...names.map((name) => `${name}: ${one.standings[name].told}`), ...one.needs.map((need) => `needs ${need.need}: ${need.told}`)].join("; ")}`); return item; }));
  };
  form.addEventListener("input", show); form.addEventListener("submit", (event) => event.preventDefault()); show();
})();
