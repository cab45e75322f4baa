"use strict";
(() => {
  const $ = (selector) => document.querySelector(selector);
  const scenes = [...document.querySelectorAll(".scene")];
  const rows = [...document.querySelectorAll("#operations tr[data-op]")];
  const byId = new Map(rows.map((row) => [row.dataset.op, row]));
  const view = { finding: 0, op: null };
  const witnesses = () => scenes[view.finding].dataset.witnesses.split(" ").filter(Boolean);
  const charted = () => [...scenes[view.finding].querySelectorAll(".operation")].filter((element) => element.getClientRects().length);

  const draw = () => {
    scenes.forEach((scene, place) => { scene.hidden = place !== view.finding; });
    const place = view.op === null ? null : byId.get(view.op).dataset.place;
    for (const element of document.querySelectorAll("[data-op]")) {
      const row = byId.get(element.dataset.op);
      element.classList.toggle("picked", element.dataset.op === view.op);
      element.classList.toggle("aside", place !== null && !place.endsWith("/") && row.dataset.place !== place && !row.dataset.place.endsWith("/"));
    }
    const bar = charted().find((element) => element.dataset.op === view.op);
    if (bar) bar.scrollIntoView({ block: "nearest", inline: "nearest" });
    const cells = view.op === null ? null : [...byId.get(view.op).cells].map((cell) => cell.textContent);
    $("#picked").textContent = cells === null ? "Click an operation, or press w: those of the same block stay lit."
      : `${cells[4]}: client ${cells[1]}, called ${cells[2]}, ${cells[3] === "never returned" ? "" : "returned "}${cells[3]}${cells[5] ? ` (${cells[5]})` : ""}`;
    history.replaceState(null, "", `#finding=${view.finding + 1}${view.op === null ? "" : `&op=${view.op}`}`);
  };
  const pick = (op) => { view.op = op; draw(); };
  const move = (step) => {
    const ids = charted().map((element) => element.dataset.op);
    const at = ids.indexOf(view.op);
    pick(ids[at < 0 ? (step > 0 ? 0 : ids.length - 1) : Math.max(0, Math.min(ids.length - 1, at + step))]);
  };
  const witness = () => {
    const ids = witnesses();
    if (ids.length) pick(ids[(ids.indexOf(view.op) + 1) % ids.length]);
  };
  const turn = (step) => { view.finding = Math.max(0, Math.min(scenes.length - 1, view.finding + step)); view.op = null; draw(); };
  const readHash = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    const finding = Number.parseInt(asked.get("finding"), 10);
    if (Number.isInteger(finding)) view.finding = Math.max(0, Math.min(scenes.length - 1, finding - 1));
    view.op = byId.has(asked.get("op")) ? asked.get("op") : null;
  };

  const KEYS = {
    ArrowRight: () => move(1), ArrowDown: () => move(1), ArrowLeft: () => move(-1), ArrowUp: () => move(-1),
    Home: () => pick(charted()[0].dataset.op), End: () => pick(charted().at(-1).dataset.op), w: witness, n: () => turn(1), p: () => turn(-1), "?": () => $("#help").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || $("#help").open) return;
    event.preventDefault();
    act();
  });
  for (const element of document.querySelectorAll("[data-op]")) element.addEventListener("click", () => pick(element.dataset.op));
  addEventListener("hashchange", () => { readHash(); draw(); });

  document.documentElement.classList.add("scripted");
  $("#plain-all").open = false;
  readHash();
  draw();
})();
