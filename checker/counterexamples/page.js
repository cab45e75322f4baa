"use strict";
(() => {
  const page = JSON.parse(document.getElementById("data").textContent);
  const $ = (selector) => document.querySelector(selector);
  const last = page.steps.length;
  const states = [page.start];
  for (const step of page.steps) {
    const next = states.at(-1).slice();
    for (const [slot, , value] of step.changes) next[slot] = value;
    states.push(next);
  }
  const view = { t: page.opens, slot: page.wrong[0] ?? null, lane: null, every: false };

  const make = (tag, attributes = {}, ...parts) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== false) element.setAttribute(name, value);
    element.append(...parts);
    return element;
  };
  const text = ([shown]) => (shown === null ? "\u2013" : shown);
  const words = (value) => text(value) + (value[1] ? ` (${value[1]})` : "");
  // A row may stand for many steps: states count rows, people count steps.
  const numberAt = (t) => (t > 0 ? page.steps[t - 1].number : 0);
  const stateOf = (number) => { const row = page.steps.findIndex((step) => step.number >= number); return row < 0 ? last : row + 1; };
  const changesAt = (t) => new Map(t > 0 ? page.steps[t - 1].changes.map(([slot, old, value]) => [slot, [old, value]]) : []);

  // Why a cell holds what it holds: the last step that changed it, and that step's causes.
  const causes = (slot, t) => {
    for (let index = t - 1; index >= 0; index--) {
      const chain = page.steps[index].causes[slot];
      if (chain) return chain;
    }
    return [];
  };

  const ROLES = { check: "checks", change: "makes it stale", made: "makes it differ", lost: "loses it", ended: "ends without it", read: "takes it" };
  const roleOf = (index) => Object.entries(page.roles).filter(([, step]) => step === index).map(([role]) => ROLES[role]).join(", ");

  // Its numeral stands below the words, and alone where there is no room for more.
  const laneHead = (lane, place) => {
    const [, words, numeral] = lane.name.match(/^(.*?)(?: (\d+))?$/);
    const attributes = { class: `lane${numeral ? " numbered" : ""}`, scope: "col", title: `${lane.name}: ${lane.meaning}`, "data-lane": place };
    return make("th", attributes, make("span", { class: "words" }, words), ...(numeral ? [make("br", { class: "words" }), numeral] : []));
  };

  const drawSteps = () => {
    const chain = new Set(view.slot === null ? [] : causes(view.slot, view.t));
    const shown = (index) => page.steps[index].count === 1 && (view.every || page.steps[index].core || chain.has(index));
    $("#steps").style.setProperty("--lanes", page.lanes.length);
    $("#steps").style.setProperty("--number", `${Math.max(50, 18 + 14 * `${page.length}`.length)}px`);  // "1200–2999" fits
    $("#steps thead").replaceChildren(make("tr", {}, make("th", { class: "n" }, "#"),
      ...page.lanes.map((lane, place) => laneHead(lane, place)),
      make("th", { class: "what", scope: "col" }, "step")));
    const rows = [];
    for (let index = 0; index < last; index++) {
      if (!shown(index)) {
        let end = index;
        while (end + 1 < last && !shown(end + 1)) end++;
        const first = page.steps[index].number - page.steps[index].count + 1, final = page.steps[end].number, count = final - first + 1;
        const apart = page.steps.slice(index, end + 1).every((step) => !step.touches);
        const what = `${count.toLocaleString("en")} ${apart ? "unrelated" : "other"} step${count > 1 ? "s" : ""}`;
        const row = make("tr", { class: "fold", "data-from": index, "data-to": end }, make("td", { class: "n" }, count > 1 ? `${first}\u2013${final}` : `${first}`),
          ...page.lanes.map(() => make("td", { class: "lane" })), make("td", { class: "what" }, what));
        row.addEventListener("click", () => { view.every = true; draw(); });
        rows.push(row);
        index = end;
        continue;
      }
      const step = page.steps[index], role = roleOf(index);
      const row = make("tr", { "data-step": index, tabindex: 0, title: `${page.lanes[step.lane].name}: ${step.tells}`, "aria-current": index === view.t - 1 ? "step" : null },
        make("td", { class: "n" }, `${step.number}`),
        ...page.lanes.map((_, place) => make("td", { class: "lane" }, ...(place === step.lane ? [make("span", { class: "dot" })] : []))),
        make("td", { class: "what" }, ...(role ? [make("span", { class: "role" }, role), " "] : []), make("code", {}, step.action, make("wbr"), `(${step.arguments.replaceAll(" ", "\u00a0")})`)));
      row.classList.toggle("now", index === view.t - 1);
      row.classList.toggle("cause", chain.has(index));
      row.classList.toggle("guilty", role !== "" || page.pair.includes(index));
      row.classList.toggle("aside", !step.touches);
      row.classList.toggle("message", page.arrows.some(([from, to, kind]) => kind === "message" && (from === index || to === index)));
      row.classList.toggle("for-ever", page.loop !== null && index >= page.loop);
      row.classList.toggle("loop-start", page.loop === index);
      row.addEventListener("click", () => go(index + 1, step.lane));
      row.addEventListener("keydown", (event) => { if (event.key === "Enter") go(index + 1, step.lane); });
      rows.push(row);
    }
    $("#steps tbody").replaceChildren(...rows);
    drawArrows();
    const now = $("#steps tr.now"), box = $("#lanes");
    if (now) box.scrollTop = now.offsetTop - box.clientHeight / 2;
  };

  const SVG = "http://www.w3.org/2000/svg";
  const path = (d, kind, title, marker) => {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", d);
    line.setAttribute("class", kind);
    if (marker) line.setAttribute("marker-end", `url(#${kind}-head)`);
    const label = document.createElementNS(SVG, "title");
    label.textContent = title;
    line.append(label);
    return line;
  };
  const drawArrows = () => {
    const svg = $("#arrows"), table = $("#steps");
    svg.setAttribute("width", table.offsetWidth);
    svg.setAttribute("height", table.offsetHeight);
    svg.innerHTML = "<defs>" + ["message", "data", "store"].map((kind) =>
      `<marker id="${kind}-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="${kind}" d="M1,1 L7,4 L1,7"/></marker>`).join("") + "</defs>";
    const rowOf = new Map([...document.querySelectorAll("#steps tr[data-step]")].map((row) => [Number(row.dataset.step), row]));
    const at = (row, lane) => [row.children[lane + 1].offsetLeft + row.children[lane + 1].offsetWidth / 2, row.offsetTop + 12];
    const drawn = new Set();
    for (const [from, to, kind, what] of page.arrows) {
      const one = rowOf.get(from), two = rowOf.get(to), key = `${from} ${to} ${kind}`;
      if (!one || !two || drawn.has(key)) continue;
      drawn.add(key);
      const [x, y] = at(one, page.steps[from].lane), [u, w] = at(two, kind === "store" ? what : page.steps[to].lane);
      const side = Math.sign(u - x) || 1;
      const d = kind === "store" ? `M${x + 6 * side},${y} L${u},${w}` : `M${x + 5 * side},${y + 3} C${x + 22 * side},${y + 10} ${u - 22 * side},${w - 10} ${u - 6 * side},${w - 2}`;
      svg.append(path(d, kind, `${numberAt(from + 1)} to ${numberAt(to + 1)}: ${kind === "store" ? page.lanes[what].name : what}`, true));
    }
    if (page.pair.length === 2) {
      const [one, two] = page.pair.map((index) => rowOf.get(index));
      if (one && two) {
        const x = one.lastElementChild.offsetLeft - 2, y = one.offsetTop + 12, w = two.offsetTop + 12;
        svg.append(path(`M${x},${y} h-8 V${w} h8`, "pair", "the guilty pair"));
      }
    }
  };

  const cell = (slot, t, changed) => {
    const value = states[t][slot], change = changed.get(slot);
    const isWrong = t === last && page.wrong.includes(slot), isWanted = page.wanted === slot;
    const element = make("td", { class: "cell", tabindex: 0, "data-slot": slot, title: page.slots[slot][0], "aria-selected": view.slot === slot ? "true" : null });
    if (change && words(change[0]) !== words(change[1])) element.append(make("span", { class: "old" }, text(change[0])), " \u2192 ");
    element.append(`${isWrong ? "\u2260 " : ""}${text(value)}`);
    if (value[1]) element.append(" ", make("span", { class: "version" }, value[1]));
    element.classList.toggle("changed", change !== undefined);
    element.classList.toggle("wrong", isWrong);
    element.classList.toggle("wanted", isWanted && value[0] !== null);
    element.classList.toggle("selected", view.slot === slot);
    element.classList.toggle("off", ["no", "none", null].includes(value[0]));
    element.addEventListener("click", () => { view.slot = slot; draw(); });
    element.addEventListener("keydown", (event) => { if (event.key === "Enter") { view.slot = slot; draw(); } });
    return element;
  };
  const slotsOf = (perBlock) => page.slots.map((_, slot) => slot).filter((slot) => (page.slots[slot][2] !== null) === perBlock);

  const drawTable = (table, columns, changed) => {
    const rows = [make("tr", {}, make("th", { scope: "col" }, "block"), ...columns.map((place) => {
      const { title, cell: where, meaning } = page.columns[place];
      return make("th", { scope: "col", title: `${meaning}; ${where}` }, title);
    }))];
    for (let block = 0; block < page.blocks; block++) {
      rows.push(make("tr", {}, make("th", { scope: "row" }, `${block}`),
        ...columns.map((place) => cell(page.slots.findIndex(([, column, own]) => column === place && own === block), view.t, changed))));
    }
    $(table).replaceChildren(...rows);
  };
  const chainWords = (chain) => {
    const [name, place] = page.slots[view.slot], { cell: where, meaning } = page.columns[place];
    const why = chain.length ? `because of steps ${chain.map((index) => numberAt(index + 1)).join(", ")}` : "nobody has written it yet";
    return `${name} is ${words(states[view.t][view.slot])}: ${why}. (${where}: ${meaning})`;
  };
  const drawMemory = () => {
    const changed = changesAt(view.t);
    const perBlock = page.columns.map((_, place) => place).filter((place) => page.columns[place].per_block);
    drawTable("#cells", perBlock.filter((place) => page.columns[place].data), changed);
    drawTable("#marks", perBlock.filter((place) => !page.columns[place].data), changed);
    $("#elsewhere table").replaceChildren(...slotsOf(false).map((slot) => {
      const column = page.columns[page.slots[slot][1]];
      return make("tr", {}, make("td", { title: column.meaning }, `${column.cell}: ${page.slots[slot][0]}`), cell(slot, view.t, changed));
    }));
    const chain = view.slot === null ? [] : causes(view.slot, view.t);
    $("#chain").textContent = view.slot === null ? "Click a cell to see who wrote it, and why." : chainWords(chain);
  };

  const draw = () => {
    drawSteps();
    drawMemory();
    $("#time").value = view.t;
    const step = view.t > 0 ? page.steps[view.t - 1] : null;
    $("#step").textContent = `${numberAt(view.t)} of ${page.length}`;
    $("#when").textContent = step ? `after step ${step.number}: ${step.lane === null ? "" : `${page.lanes[step.lane].name}: `}${step.tells}` : "at the start";
    const block = view.slot === null ? page.block : page.slots[view.slot][2];
    const parts = [`t=${numberAt(view.t)}`, ...(block === null ? [] : [`b=${block}`]), ...(view.lane === null ? [] : [`lane=${page.lanes[view.lane].id}`]),
      ...(view.slot === null ? [] : [`cell=${encodeURIComponent(page.slots[view.slot][0])}`])];
    history.replaceState(null, "", `#${parts.join("&")}`);
  };
  const go = (t, lane = view.lane) => {
    view.t = Math.max(0, Math.min(last, t));
    view.lane = lane;
    draw();
  };
  const seek = (direction) => {
    for (let t = view.t + direction; t > 0 && t <= last; t += direction)
      if (view.slot !== null && changesAt(t).has(view.slot)) return go(t);
  };

  const readHash = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    const t = Number.parseInt(asked.get("t"), 10);
    if (Number.isInteger(t)) view.t = t <= 0 ? 0 : stateOf(t);
    const lane = page.lanes.findIndex(({ id }) => id === asked.get("lane"));
    view.lane = lane < 0 ? null : lane;
    const slot = page.slots.findIndex(([name]) => name === asked.get("cell"));
    const block = Number.parseInt(asked.get("b"), 10);
    if (slot >= 0) view.slot = slot;
    else if (view.slot !== null && Number.isInteger(block)) {
      const same = page.slots.findIndex(([, column, own]) => column === page.slots[view.slot][1] && own === block);
      if (same >= 0) view.slot = same;
    }
  };

  const KEYS = {
    ArrowRight: () => go(view.t + 1), ArrowDown: () => go(view.t + 1), ArrowLeft: () => go(view.t - 1), ArrowUp: () => go(view.t - 1),
    Home: () => go(0), End: () => go(last), d: () => go(page.ticks.divergence), v: () => go(page.ticks.violation),
    n: () => seek(1), p: () => seek(-1), f: () => { view.every = !view.every; draw(); }, "?": () => $("#help").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || $("#help").open) return;
    event.preventDefault();
    act();
  });
  $("#time").addEventListener("input", (event) => go(Number(event.target.value)));
  addEventListener("hashchange", () => { readHash(); draw(); });
  addEventListener("resize", drawArrows);
  matchMedia("print").addEventListener("change", drawArrows);  // other widths break other rows

  const tick = (t, kind) => {
    const mark = make("span", { class: t > 0.8 * last ? `${kind} late` : kind, style: `left:${(100 * t) / Math.max(last, 1)}%` }, kind === "loop" ? "for ever from here" : kind);
    $(".ticks").append(mark);
  };
  for (const t of page.ticks.split) tick(t, "split");
  if (page.ticks.divergence !== last && page.ticks.divergence !== page.loop) tick(page.ticks.divergence, "divergence");
  if (page.loop !== null) tick(page.loop, "loop");
  else tick(page.ticks.violation, "violation");

  document.documentElement.classList.add("scripted");
  $("#plain-all").open = false;
  readHash();
  $("#elsewhere").open = view.slot !== null && page.slots[view.slot][2] === null;
  draw();
})();
