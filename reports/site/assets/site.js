// Owns what every page can do: search, sorting, filters, copying a command, reading a curve. Without it every page can be read.
"use strict";
(() => {
  const $ = (selector, place = document) => place.querySelector(selector);
  const all = (selector, place = document) => [...place.querySelectorAll(selector)];
  const root = document.body.dataset.root || "";

  // Search: every word must occur; a title that begins with the words comes first.
  const field = $("#search"), list = $("#found");
  const LIMIT = 12;
  let at = -1;
  const found = (text) => {
    const words = text.toLowerCase().split(/[\s_.]+/).filter(Boolean);
    if (!words.length) return [];
    const scored = [];
    for (const entry of window.paritySearch || []) {
      const title = entry[0].toLowerCase(), whole = `${title} ${entry[2]} ${entry[3]}`.toLowerCase();
      if (!words.every((word) => whole.includes(word))) continue;
      const begins = title.startsWith(words[0]) ? 0 : title.includes(words[0]) ? 1 : 2;
      scored.push([title === text.trim().toLowerCase() ? -1 : begins, title.length, entry]);
    }
    return scored.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map((one) => one[2]);
  };
  const close = () => { list.hidden = true; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); at = -1; };
  const select = (place) => {
    const links = all("a", list);
    if (!links.length) return;
    at = (place + links.length) % links.length;
    links.forEach((link, number) => link.setAttribute("aria-selected", String(number === at)));
    field.setAttribute("aria-activedescendant", links[at].id);
    links[at].scrollIntoView({ block: "nearest" });
  };
  const show = () => {
    const entries = found(field.value), first = entries.slice(0, LIMIT);
    list.replaceChildren();
    first.forEach((entry, number) => {
      const item = document.createElement("li"), link = document.createElement("a"), kind = document.createElement("span");
      item.setAttribute("role", "presentation");
      link.id = `found-${number}`; link.href = root + entry[1]; link.setAttribute("role", "option");
      link.append(entry[0]); kind.className = "soft"; kind.textContent = entry[2]; link.append(kind); item.append(link); list.append(item);
    });
    if (entries.length !== first.length || !entries.length) {
      const item = document.createElement("li");
      item.className = "none"; item.setAttribute("role", "presentation"); item.textContent = entries.length ? `${entries.length - first.length} more: write another word` : "Nothing found.";
      list.append(item);
    }
    const open = field.value.trim() !== "";
    list.hidden = !open; field.setAttribute("aria-expanded", String(open)); at = -1;
  };
  if (field) {
    field.addEventListener("input", show);
    field.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); select(at + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); select(at - 1); }
      else if (event.key === "Enter") { const link = all("a", list)[Math.max(at, 0)]; if (link) location.href = link.href; }
      else if (event.key === "Escape") { field.value = ""; close(); }
    });
    document.addEventListener("click", (event) => { if (!event.target.closest(".search")) close(); });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { event.preventDefault(); field.focus(); }
    });
  }

  // Sorting: a button in each heading; numbers by data-value where there is one.
  const value = (row, column, numeric) => {
    const cell = row.cells[column], told = cell?.dataset.value ?? cell?.textContent.trim() ?? "";
    if (!numeric) return told.toLowerCase();
    const number = Number.parseFloat(told.replace(/,/g, ""));
    return Number.isNaN(number) ? Infinity : number;
  };
  for (const table of all("table.sortable")) {
    all("thead th", table).forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button"; button.className = "sort"; button.append(...heading.childNodes); heading.append(button);
      button.addEventListener("click", () => {
        const down = heading.getAttribute("aria-sort") === "ascending", numeric = heading.dataset.type === "number";
        all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0], order = down ? -1 : 1;
        const keyed = [...body.rows].map((row, place) => [value(row, column, numeric), place, row]);
        keyed.sort((a, b) => (a[0] < b[0] ? -order : a[0] > b[0] ? order : a[1] - b[1]));
        body.append(...keyed.map((one) => one[2]));
      });
    });
  }

  // Filters of a table: words, a column's word, what a row has.
  for (const form of all("form.tools[data-for]")) {
    const table = document.getElementById(form.dataset.for);
    if (!table || table.classList.contains("atlas")) continue;
    const apply = () => {
      const words = ($("[data-filter]", form)?.value || "").toLowerCase().split(/\s+/).filter(Boolean);
      const columns = all("select[data-column]", form).filter((one) => one.value);
      const only = all("input[data-only]:checked", form);
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLowerCase(), has = (row.dataset.has || "").split(" ");
        const fits = words.every((word) => text.includes(word)) && columns.every((one) => row.dataset[one.dataset.column] === one.value) && only.every((one) => has.includes(one.dataset.only));
        row.hidden = !fits; shown += Number(fits);
      }
      const told = $("[data-count]", form);
      if (told) told.textContent = `${shown} of ${table.tBodies[0].rows.length}`;
    };
    form.addEventListener("input", apply); form.addEventListener("submit", (event) => event.preventDefault()); apply();
  }

  // A command is copied by a click.
  document.addEventListener("click", (event) => {
    const code = event.target.closest("code.again, p.again code");
    if (!code || !navigator.clipboard) return;
    navigator.clipboard.writeText(code.textContent).then(() => { const before = code.title; code.title = "copied"; code.classList.add("copied"); setTimeout(() => { code.title = before; code.classList.remove("copied"); }, 1500); }, () => {});
  });
})();
