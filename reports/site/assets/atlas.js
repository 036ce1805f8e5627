// Owns the atlas's filters: from one framework to another, a chapter, a consequence, words; what is chosen stands in the address.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const table = $("atlas"), form = $("atlas-tools"), rows = [...table.tBodies[0].rows];
  const KINDS = ["silent_large", "silent_small", "visible", "cosmetic", "not_measured"];
  const MARKS = { silent_large: "▲", silent_small: "△", visible: "■", cosmetic: "○", not_measured: "?" };
  const FIELDS = ["from", "to", "chapter", "kind", "odd", "words"];
  const frameworks = [...$("from").options].map((one) => one.value).filter(Boolean);
  let items = [];

  const known = rows.map((row) => {
    const pairs = new Map();
    for (const told of (row.dataset.pairs || "").split(";").filter(Boolean)) {
      const [here, there, kind, size, ordinary] = told.split(" ");
      pairs.set(`${here} ${there}`, { kind, size, ordinary: ordinary === "1" });
    }
    const told = row.querySelector("td.told"), remedy = row.querySelector("td.remedy");
    return { row, pairs, told, before: [...told.childNodes], remedy, advice: remedy.textContent, remedies: row.dataset.remedies ? JSON.parse(row.dataset.remedies) : {}, text: row.textContent.toLowerCase(), odd: (row.dataset.odd || "").split(" ") };
  });

  const share = (size) => {
    const number = Number(size);
    return size === "inf" ? "a number against none" : number >= 0.1 ? `${Math.round(100 * number)} %` : number >= 1e-4 ? `${Number((100 * number).toPrecision(2))} %` : number.toExponential(0);
  };
  const rank = (one) => KINDS.indexOf(one.kind) + (one.ordinary ? 0 : 0.5) - (one.size === "inf" ? 0.45 : one.size === "-" ? 0 : Math.min(Number(one.size), 4) / 10);
  const pill = (one) => {
    const span = document.createElement("span"), sign = document.createElement("span"), nodes = [span];
    span.className = `kind ${one.kind}`; sign.setAttribute("aria-hidden", "true"); sign.textContent = MARKS[one.kind]; span.append(sign, ` ${one.kind.replace("_", " ")}`);
    if (one.size !== "-" && Number(one.size) !== 0) { const number = document.createElement("span"); number.className = "num"; number.textContent = ` ${share(one.size)}`; nodes.push(number); }
    return nodes;
  };

  const apply = () => {
    const [from, to, chapter, kind, odd] = FIELDS.slice(0, 5).map((id) => $(id).value);
    const words = $("words").value.toLowerCase().split(/\s+/).filter(Boolean), different = $("different").checked;
    const chosen = [from, to].filter(Boolean), pair = from && to && from !== to ? [from, to].sort().join(" ") : "";
    let shown = 0;
    const counts = Object.fromEntries(KINDS.map((name) => [name, 0]));
    for (const one of known) {
      const told = pair ? one.pairs.get(pair) : undefined;
      const touched = pair ? Boolean(told) : chosen.length ? [...one.pairs.keys()].some((key) => key.split(" ").includes(chosen[0])) : one.pairs.size > 0;
      const kinds = pair ? (told ? [told.kind] : []) : [...one.pairs.values()].map((each) => each.kind);
      const item = one.row.id.split(".")[0];
      const fits = (!different || touched) && (!chapter || one.row.dataset.chapter === chapter) && (!kind || (pair ? kinds.includes(kind) : KINDS.find((known) => kinds.includes(known)) === kind)) && (!odd || one.odd.includes(odd)) && words.every((word) => one.text.includes(word)) && (!items.length || items.includes(item));
      one.row.hidden = !fits; shown += Number(fits);
      const worst = KINDS.find((name) => kinds.includes(name));
      if (fits && worst) counts[worst] += 1;
      one.told.replaceChildren(...(told ? pill(told) : one.before));
      one.told.dataset.value = told ? rank(told) : one.pairs.size ? Math.min(...[...one.pairs.values()].map(rank)) : 9;
      one.remedy.textContent = (pair && one.remedies[`${from}>${to}`]) || one.advice;
    }
    for (const count of document.querySelectorAll("[data-kind]")) count.textContent = counts[count.dataset.kind];
    const hide = pair ? frameworks.filter((name) => !chosen.includes(name)) : [];
    for (const cell of table.querySelectorAll("[data-framework]")) cell.hidden = hide.includes(cell.dataset.framework);
    $("count").textContent = `${shown} of ${rows.length} rows${items.length ? ` about ${items.join(", ")}` : ""}`;
    if (pair) {
      const order = [...known].sort((a, b) => Number(a.told.dataset.value) - Number(b.told.dataset.value));
      table.tBodies[0].append(...order.map((one) => one.row));
    }
  };
  const told = () => {
    const parts = FIELDS.filter((id) => $(id).value).map((id) => `${id}=${encodeURIComponent($(id).value)}`);
    if (!$("different").checked) parts.push("all=1");
    if (items.length) parts.push(`items=${items.join(",")}`);
    return parts.join("&");
  };
  const read = () => {
    const text = decodeURIComponent(location.hash.slice(1));
    if (text && !text.includes("=")) {
      const row = document.getElementById(text);
      if (row && rows.includes(row)) { if (row.hidden) { form.reset(); $("different").checked = false; items = []; apply(); } row.scrollIntoView({ block: "center" }); }
      return;
    }
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const id of FIELDS) if (asked.has(id)) $(id).value = asked.get(id);
    if (asked.has("all")) $("different").checked = false;
    items = (asked.get("items") || "").split(",").filter(Boolean);
    apply();
  };
  form.addEventListener("input", () => { apply(); history.replaceState(null, "", `#${told()}`); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { items = []; apply(); history.replaceState(null, "", location.pathname); }));
  window.addEventListener("hashchange", read);
  apply(); read();
})();
