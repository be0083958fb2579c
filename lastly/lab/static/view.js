"use strict";
// Everything that is drawn. Text of users and documents only ever becomes text nodes.
const $ = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

const COMMON = new Set("and are but can does for from has have how into its not that the their then they this was what when where which who why will with you".split(" "));

// Words of the query in any ending: "directories" marks "directory".
function marked(text, query) {
  const stems = (query.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) || []).filter((word) => !COMMON.has(word)).map((word) => word.slice(0, Math.max(3, Math.ceil(word.length * 0.7))));
  if (!stems.length) return [text];
  const words = new RegExp(`(?<![\\p{L}\\p{N}])(?:${[...new Set(stems)].join("|")})[\\p{L}\\p{N}]*`, "giu");
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(words)) {
    parts.push(text.slice(end, found.index), element("mark", {}, found[0]));
    end = found.index + found[0].length;
  }
  return [...parts, text.slice(end)];
}

function movement(was, now) {
  const by = was - now;
  if (by > 0) return element("span", { class: "move up", title: `${by} places up` }, `▲ ${by}`);
  if (by < 0) return element("span", { class: "move down", title: `${-by} places down` }, `▼ ${-by}`);
  return element("span", { class: "move", title: "same place" }, "=");
}

function card(hit, rank, score, move, query, grade, onjudge) {
  const relevant = grade > 0;
  const star = element("button", {
    class: "star", type: "button", tabindex: "-1", "aria-pressed": String(relevant),
    "aria-label": relevant ? "relevant; press to take back" : "mark as relevant", title: "relevant (r)",
    onclick: (event) => { event.stopPropagation(); onjudge(); },
  }, relevant ? "★" : "☆");
  const title = hit.title || hit.text.trim().split("\n")[0].slice(0, 80) || hit.id;
  return element("li", { class: `hit${relevant ? " relevant" : ""}`, tabindex: "0", "data-id": hit.id },
    element("span", { class: "rank" }, String(rank)),
    element("div", { class: "what" },
      element("div", { class: "title" }, ...marked(title, query)),
      element("div", { class: "text" }, ...marked(hit.text.trim().slice(0, 3000), query))),
    element("div", { class: "figures" }, ...(move ? [move] : []), element("span", { class: "score" }, score)),
    star);
}

function message(kind, title, detail, ...more) {
  $("orders").hidden = true;
  $("density").hidden = true;
  $("blank").replaceChildren(element("div", { class: `message ${kind}`, role: kind === "error" ? "alert" : null },
    element("strong", {}, title), element("p", {}, detail), ...more));
}

function loading(rows) {
  $("orders").hidden = true;
  const skeleton = () => element("div", { class: "bones" }, ...Array.from({ length: Math.min(rows, 6) }, () => element("div", { class: "bone" })));
  $("blank").replaceChildren(element("div", { class: "skeleton", "aria-hidden": "true" }, skeleton(), skeleton()));
}

function points(value) { return value === null || value === undefined ? "–" : (100 * value).toFixed(1); }

function drawLines(reranked, relevantIds, first) {
  const svg = $("lines");
  const frame = svg.getBoundingClientRect();
  svg.replaceChildren();
  if (!frame.width) return;
  const left = $("first").children;
  const right = $("reranked").children;
  const middle = (item) => { const box = item.getBoundingClientRect(); return box.top + Math.min(28, box.height / 2) - frame.top; };
  reranked.forEach((move, now) => {
    const [y1, y2] = [middle(left[move.was]), middle(right[now])];
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const w = frame.width;
    path.setAttribute("d", `M0 ${y1} C${w / 2} ${y1} ${w / 2} ${y2} ${w} ${y2}`);
    path.setAttribute("class", move.was > now ? "up" : move.was < now ? "down" : "same");
    path.dataset.id = first[move.was].id;
    if (relevantIds[first[move.was].id] > 0) path.classList.add("relevant");
    svg.append(path);
  });
}

function drawSet(queries, current, settings, onpick, ondrop) {
  const entries = Object.entries(queries);
  const stale = (entry) => typeof entry.after === "number" && entry.settings !== settings;
  $("set-count").textContent = entries.length || "";
  $("set").replaceChildren(...entries.map(([query, entry]) => element("li", { class: query === current ? "current" : null },
    element("button", { class: "pick", type: "button", onclick: () => onpick(query) },
      element("span", { class: "query" }, query),
      element("span", { class: `pair${stale(entry) ? " stale" : ""}`, title: stale(entry) ? "measured under other settings" : null }, ...change(entry))),
    element("button", { class: "drop", type: "button", "aria-label": `take “${query}” out of the set`, onclick: () => ondrop(query) }, "×"))));
  const measured = entries.map(([, entry]) => entry).filter((entry) => typeof entry.before === "number" && typeof entry.after === "number" && !stale(entry));
  const mean = (side) => measured.reduce((sum, entry) => sum + entry[side], 0) / measured.length;
  const older = entries.filter(([, entry]) => stale(entry)).length;
  $("means").replaceChildren(...(measured.length ? [
    element("span", {}, `Mean nDCG@10 of ${measured.length} ${measured.length === 1 ? "query" : "queries"}`),
    element("strong", {}, ...change({ before: mean("before"), after: mean("after") }))] : []),
    ...(older ? [element("span", {}, `${older} measured under other settings`)] : []));
}

function change({ before, after }) {
  const by = after - before;
  const words = [`${points(before)} → ${points(after)}`];
  return by ? [...words, element("span", { class: `by ${by > 0 ? "up" : "down"}` }, `${by > 0 ? "+" : "−"}${(100 * Math.abs(by)).toFixed(1)}`)] : words;
}
