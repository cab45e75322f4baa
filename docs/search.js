// The search of the site: no request (a page from a disk may make none), so the index is a script that comes when asked for.
(() => {
  "use strict";
  const SHOWN = 20, AROUND = 70;
  const form = document.getElementById("search"), field = form.elements.words;
  const list = document.getElementById("found"), told = document.getElementById("told");
  let index = null, asked = false;
  form.hidden = false;

  function load() {
    if (asked) return;
    asked = true;
    const script = document.createElement("script");
    script.src = "search-index.js";
    script.onload = () => {
      index = window.SITE_INDEX.map(([page, title, id, heading, text]) =>
        ({ page, title, id, heading, text, low: [heading, title, text].map(part => part.toLowerCase()) }));
      show();
    };
    script.onerror = () => { told.textContent = "search-index.js is not beside this page"; };
    document.head.append(script);
  }

  // How well a place fits a word: its heading counts most, then its page, then how often the text has it; 0: not at all.
  function fit([heading, title, text], word) {
    const at = heading.indexOf(word);
    const named = at < 0 ? 0 : at === 0 || !/\w/.test(heading[at - 1]) ? 16 : 8;
    return named + (title.includes(word) ? 4 : 0) + Math.min(text.split(word).length - 1, 3);
  }

  function found(words) {
    return index
      .map(place => {
        const fits = words.map(word => fit(place.low, word));
        return { place, score: Math.min(...fits) && fits.reduce((sum, one) => sum + one, 0) };
      })
      .filter(({ score }) => score > 0)
      .sort((one, other) => other.score - one.score)
      .map(({ place }) => place);
  }

  function excerpt(place, word) {
    const line = document.createElement("span"), at = Math.max(place.low[2].indexOf(word), 0);
    const from = at < AROUND ? 0 : place.text.indexOf(" ", at - AROUND) + 1;
    const hit = place.low[2].startsWith(word, at) ? place.text.slice(at, at + word.length) : "";
    const mark = document.createElement("mark");
    const rest = place.text.slice(at + hit.length, at + AROUND * 2);
    const cut = at + AROUND * 2 < place.text.length ? rest.replace(/\S*$/, "\u2026") : rest;
    mark.textContent = hit;
    line.append(from ? "\u2026 " : "", place.text.slice(from, at), mark, cut);
    return line;
  }

  function entry(place, words) {
    const item = document.createElement("li"), link = document.createElement("a"), name = document.createElement("b");
    link.href = `${place.page}.html${place.id ? "#" + place.id : ""}`;
    name.textContent = place.heading === place.title ? place.title : `${place.title} \u203a ${place.heading}`;
    link.append(name, excerpt(place, words[0]));
    item.append(link);
    return item;
  }

  function show() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!index || !words.length) return hide();
    const places = found(words);
    list.replaceChildren(...places.slice(0, SHOWN).map(place => entry(place, words)));
    list.hidden = !places.length;
    const number = places.length === 1 ? "1 place" : `${places.length} places`;
    told.textContent = !places.length ? "nothing has all of these words" : places.length > SHOWN ? `${number}, the first ${SHOWN} shown` : number;
  }

  function hide() {
    list.hidden = true;
    told.textContent = "";
  }

  const links = () => list.hidden ? [] : [...list.querySelectorAll("a")];
  field.addEventListener("focus", () => { load(); show(); });
  field.addEventListener("input", () => { load(); show(); });
  form.addEventListener("submit", event => { event.preventDefault(); links()[0]?.click(); });
  document.addEventListener("click", event => { if (!form.contains(event.target)) hide(); });
  list.addEventListener("click", event => { if (event.target.closest("a")) hide(); });
  document.addEventListener("keydown", event => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "/" && event.target !== field) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "Escape" && form.contains(event.target)) {
      hide();
      document.activeElement.blur();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && form.contains(event.target)) {
      const stops = [field, ...links()];
      const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
      stops[Math.min(Math.max(next, 0), stops.length - 1)].focus();
    }
  });
})();
