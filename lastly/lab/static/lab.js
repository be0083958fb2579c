"use strict";
// What the page does: asks the server, keeps the state, listens to mouse and keys.
const state = { answer: null, query: "", asked: 0, setup: null };

async function ask(path, body) {
  const headers = { "Content-Type": "application/json" };
  const key = sessionStorage.getItem("lastly-key");
  if (key) headers.Authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(`lab/api/${path}`, { headers, ...(body && { method: "POST", body: JSON.stringify(body) }) });
  } catch { throw new Error("The lab's server does not answer. Is `lastly lab` still running?"); }
  const answer = await response.json().catch(() => ({}));
  if (response.status === 401) { askForKey(key); throw new Error("This lab wants a key."); }
  if (!response.ok) throw new Error(answer.error ? answer.error.message : `The server answered ${response.status}.`);
  return answer;
}

function askForKey(wrong) {
  $("key-error").textContent = wrong ? "That key is not known here." : "";
  if (!$("key-dialog").open) $("key-dialog").showModal();
}

async function start() {
  try {
    state.setup = await ask("setup");
  } catch (error) { message("error", "The lab cannot start", error.message); return; }
  const { sources, models, maximum_window } = state.setup;
  const preferred = Math.max(0, sources.findIndex((source) => source.up));
  $("source").replaceChildren(...sources.map(({ title, up }, number) =>
    element("option", { value: number, selected: number === preferred }, up ? title : `${title} (not running)`)));
  $("model").replaceChildren(...models.map((name) => element("option", { value: name }, name)));
  $("window").max = Math.min(100, maximum_window);
  message("empty", "Type a query to compare both orders", "First stage on the left, reranked on the right; the lines show who moved.", examples());
  await chooseSource();
  $("query").focus();
}

function examples() {
  const texts = ["run a command and capture its output", "temporary directory deleted afterwards", "wait for several threads"];
  if (!$("source").selectedOptions[0].textContent.startsWith("Demo")) return "";
  return element("div", { class: "examples" }, ...texts.map((text) => element("button", { type: "button", onclick: () => pick(text) }, text)));
}

async function chooseSource() {
  try {
    const found = await ask(`indices?source=${$("source").value}`);
    $("index").replaceChildren(...found.map((name) => element("option", { value: name }, name)));
    $("index-field").hidden = found.length < 2 && found[0] === "documents";
    if (!found.length) message("empty", "No index here", "The engine answers and has no open index. Fill one, then load this page again.");
    await chooseIndex();
  } catch (error) { message("error", "The engine cannot be asked", error.message); }
}

async function chooseIndex() {
  const [source, index] = [$("source").value, $("index").value];
  const found = index ? await ask(`fields?source=${source}&index=${encodeURIComponent(index)}`) : [];
  const usual = found.filter((name) => /^(title|text|body|content|name|description)$/.test(name));
  const chosen = new Set(usual.length ? usual : found.slice(0, 3));
  const local = $("index-field").hidden;
  $("fields").hidden = local || !found.length;
  $("fields").replaceChildren(element("legend", {}, "Fields"), ...found.map((name) => element("label", { class: "chip" },
    element("input", { type: "checkbox", value: name, checked: chosen.has(name) }), name)));
  Store.place = `${$("source").selectedOptions[0].textContent}/${index}`;
  state.answer = null;
  showSet();
}

async function search(event) {
  if (event) event.preventDefault();
  const query = $("query").value.trim();
  if (!query) { $("query").focus(); return; }
  const number = ++state.asked;
  const body = {
    source: Number($("source").value), index: $("index").value, query, window: Number($("window").value),
    fields: [...$("fields").querySelectorAll("input:checked")].map((box) => box.value),
    model: $("model").value || null, instruction: $("instruction").value.trim() || null,
  };
  $("go").disabled = true;
  $("status").textContent = "Searching…";
  if (state.query !== query || !state.answer) loading(body.window);
  try {
    const answer = await ask("search", body);
    if (number !== state.asked) return;
    Object.assign(state, { answer, query });
    show();
  } catch (error) {
    if (number === state.asked) { $("status").textContent = ""; state.answer = null; message("error", "That did not work", error.message); }
  } finally { if (number === state.asked) $("go").disabled = false; }
}

function show() {
  const { answer, query } = state;
  if (!answer.first.length) {
    $("status").textContent = "";
    message("empty", "Nothing found", "No document holds a word of the query. Try other words, or other fields.");
    return;
  }
  const grades = Store.grades(query);
  const judge = (id) => toggle(id);
  $("blank").replaceChildren();
  $("orders").hidden = false;
  $("first").replaceChildren(...answer.first.map((hit, place) =>
    card(hit, place + 1, hit.score.toFixed(2), null, query, grades[hit.id], () => judge(hit.id))));
  $("reranked").replaceChildren(...answer.reranked.map((move, place) => {
    const hit = answer.first[move.was];
    return card(hit, place + 1, move.score.toFixed(3), movement(move.was, place), query, grades[hit.id], () => judge(hit.id));
  }));
  $("time-first").textContent = `${answer.search_ms.toFixed(0)} ms`;
  $("time-reranked").textContent = `+ ${answer.rerank_ms.toFixed(0)} ms`;
  $("status").textContent = `${answer.first.length} hits, ${answer.tokens} tokens read by ${answer.model}`;
  showMeasures();
  drawLines(answer.reranked, grades, answer.first);
}

function showMeasures() {
  const { answer, query } = state;
  const grades = Store.grades(query);
  const before = ndcg(answer.first.map((hit) => hit.id), grades);
  const after = ndcg(answer.reranked.map((move) => answer.first[move.was].id), grades);
  $("ndcg-first").textContent = `nDCG@10 ${points(before)}`;
  $("ndcg-reranked").textContent = `nDCG@10 ${points(after)}`;
  $("ndcg-reranked").className = `measure ${after > before ? "better" : after < before ? "worse" : ""}`;
  Store.measure(query, before, after);
  showSet();
}

function showSet() {
  drawSet(Store.read(), state.query, pick, (query) => { Store.remove(query); state.answer ? show() : showSet(); });
}

function toggle(id) {
  const focused = document.activeElement.closest ? document.activeElement.closest(".hit") : null;
  const list = focused && focused.parentElement.id;
  Store.judge(state.query, id, Store.grades(state.query)[id] > 0 ? null : 1);
  show();
  if (list) [...$(list).children].find((item) => item.dataset.id === id).focus();
}

function pick(query) { $("query").value = query; search(); }

function follow(id) {
  for (const one of document.querySelectorAll(".hit, #lines path")) one.classList.toggle("followed", one.dataset.id === id);
}

function expand(item) { item.classList.toggle("open"); drawLines(state.answer.reranked, Store.grades(state.query), state.answer.first); }

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
  $("show-first").setAttribute("aria-selected", String(name === "first"));
  $("show-reranked").setAttribute("aria-selected", String(name === "reranked"));
}

const KEYS = {
  "/": () => { $("query").focus(); $("query").select(); }, "?": () => $("help").showModal(),
  j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
  h: () => cross("first"), ArrowLeft: () => cross("first"), l: () => cross("reranked"), ArrowRight: () => cross("reranked"),
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

function download(name, content) {
  const link = element("a", { href: URL.createObjectURL(new Blob([content], { type: "text/plain" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function importQueries() {
  const file = $("import").files[0];
  if (!file) return;
  for (const line of (await file.text()).split("\n").map((text) => text.trim()).filter(Boolean)) {
    let text = line;
    if (line.startsWith("{")) { try { text = JSON.parse(line).text; } catch { continue; } }
    if (text) Store.add(String(text));
  }
  $("import").value = "";
  showSet();
}

function applyTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
}

function switchTheme() {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  localStorage.setItem("lastly-theme", dark ? "light" : "dark");
  applyTheme(dark ? "light" : "dark");
}

$("search").addEventListener("submit", search);
$("window").addEventListener("input", () => { $("window-shown").textContent = $("window").value; });
for (const id of ["window", "model", "instruction", "fields"]) $(id).addEventListener("change", () => state.answer && search());
$("source").addEventListener("change", chooseSource);
$("index").addEventListener("change", chooseIndex);
$("theme").addEventListener("click", switchTheme);
$("open-help").addEventListener("click", () => $("help").showModal());
$("show-first").addEventListener("click", () => showSide("first"));
$("show-reranked").addEventListener("click", () => showSide("reranked"));
$("export-qrels").addEventListener("click", () => download("qrels.tsv", Store.qrels()));
$("export-queries").addEventListener("click", () => download("queries.jsonl", Store.queries()));
$("import").addEventListener("change", importQueries);
$("clear").addEventListener("click", () => {
  if (confirm("Forget all queries and judgments of this index? Export them first if you need them.")) { Store.clear(); state.answer ? show() : showSet(); }
});
$("key-form").addEventListener("submit", () => { sessionStorage.setItem("lastly-key", $("key").value); start(); });
$("orders").addEventListener("pointerover", (event) => { const item = event.target.closest(".hit"); if (item) follow(item.dataset.id); });
$("orders").addEventListener("focusin", (event) => { const item = event.target.closest(".hit"); if (item) follow(item.dataset.id); });
$("orders").addEventListener("click", (event) => { const item = event.target.closest(".hit"); if (item && !getSelection().toString()) expand(item); });
new ResizeObserver(() => state.answer && !$("orders").hidden && drawLines(state.answer.reranked, Store.grades(state.query), state.answer.first)).observe($("results"));
applyTheme(localStorage.getItem("lastly-theme"));
showSide("reranked");
start();
