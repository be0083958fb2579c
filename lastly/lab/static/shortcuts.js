"use strict";
// Moving through the hits, by keys and otherwise.
function follow(id) {
  for (const one of document.querySelectorAll(".hit, #lines path")) one.classList.toggle("followed", one.dataset.id === id);
}

function expand(item) { item.classList.toggle("open"); lines(); }

function step(by) {
  const current = document.activeElement.closest(".hit");
  const list = current ? current.parentElement : $(side() === "first" ? "first" : "reranked");
  const items = [...list.children];
  const next = items[Math.max(0, Math.min(items.length - 1, current ? items.indexOf(current) + by : 0))];
  if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
}

function cross(to) {
  const current = document.activeElement.closest(".hit");
  showSide(to);
  if (current) [...$(to).children].find((item) => item.dataset.id === current.dataset.id)?.focus();
}

function side() { return document.body.dataset.side || "reranked"; }

function showSide(name) {
  document.body.dataset.side = name;
  $("show-first").setAttribute("aria-pressed", String(name === "first"));
  $("show-reranked").setAttribute("aria-pressed", String(name === "reranked"));
}

const KEYS = {
  "/": () => { $("query").focus(); $("query").select(); }, "?": () => $("help").showModal(),
  j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
  h: () => cross("first"), ArrowLeft: () => cross("first"), l: () => cross("reranked"), ArrowRight: () => cross("reranked"),
  c: switchDensity,
  r: () => { const item = document.activeElement.closest(".hit"); if (item) toggle(item.dataset.id); },
  Enter: () => { const item = document.activeElement.closest(".hit"); if (item && document.activeElement === item) expand(item); },
};

document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("input, select, textarea, dialog");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (writing) { if (event.key === "ArrowDown" && event.target === $("query")) { event.preventDefault(); step(0); } return; }
  if (event.key === "Enter" && event.target.closest("button")) return;
  if (KEYS[event.key]) { event.preventDefault(); KEYS[event.key](); }
});
