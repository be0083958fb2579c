"use strict";
// What the page does: asks the server, keeps the state, listens to mouse and keys.
const state = { answer: null, query: "", used: null, asked: 0, setup: null, place: null, searching: false, run: 0, running: false };

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
  const { models, maximum_window, connect } = state.setup;
  $("model").replaceChildren(...models.map((name) => element("option", { value: name }, name)));
  $("window").max = Math.min(100, maximum_window);
  $("open-connect").hidden = !connect;
  showSources(Math.max(0, state.setup.sources.findIndex((source) => source.up)));
  $("query").focus();
  await go(chooseSource);
}

// To another place: what is shown or under way belongs to the last one. A search that is asked meanwhile waits.
function go(choose) {
  state.run += 1;
  state.asked += 1;
  Object.assign(state, { answer: null, searching: false });
  $("go").disabled = false;
  state.place = choose();
  return state.place;
}

function showSources(chosen) {
  $("source").replaceChildren(...state.setup.sources.map(({ title, up }, number) =>
    element("option", { value: number, selected: number === chosen }, up ? title : `${title} (not running)`)));
}

function welcome() {
  $("status").textContent = "";
  message("empty", "Type a query to compare both orders", "First stage on the left, reranked on the right; the lines show who moved.", examples());
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
    await chooseIndex();
    if (!found.length) message("empty", "No index here", "The engine answers and has no open index. Fill one, then load this page again.");
  } catch (error) {
    $("index").replaceChildren();
    $("index-field").hidden = true;
    await chooseIndex();
    message("error", "The engine cannot be asked", error.message);
  }
}

async function chooseIndex() {
  const [source, index] = [$("source").value, $("index").value];
  Store.place = `${state.setup.sources[source].title}/${index}`;
  const found = index ? await ask(`fields?source=${source}&index=${encodeURIComponent(index)}`) : [];
  const usual = found.filter((name) => /^(title|headline|name|heading|text|body|content|description|abstract|passage)$/i.test(name));
  const chosen = new Set(usual.length ? usual : found.slice(0, 3));
  const inOrder = [...found].sort((one, other) => isTitle(other) - isTitle(one));
  $("fields").hidden = $("index-field").hidden || !found.length;
  $("fields").replaceChildren(element("legend", {}, "Fields"), ...inOrder.map((name) => element("label", { class: "chip" },
    element("input", { type: "checkbox", value: name, checked: chosen.has(name) }), name)));
  if (index && !state.searching) welcome();
  showSet();
}

// The first field is shown as a hit's title and stands first in the passage that the model reads.
function isTitle(name) { return /^(title|headline|name|heading)$/i.test(name) ? 1 : 0; }

function showConnect() {
  $("connect-error").textContent = "";
  $("connect-dialog").showModal();
  $("connect-url").select();
}

async function connect(event) {
  event.preventDefault();
  const body = { url: address($("connect-url").value.trim()), user: $("connect-user").value, password: $("connect-password").value, insecure: $("connect-insecure").checked };
  $("connect-go").disabled = true;
  $("connect-error").textContent = "";
  try {
    const { source } = await ask("sources", body);
    $("connect-password").value = "";
    state.setup = await ask("setup");
    showSources(source);
    $("connect-dialog").close();
    $("query").focus();
    await go(chooseSource);
  } catch (error) { $("connect-error").textContent = error.message; } finally { $("connect-go").disabled = false; }
}

function address(typed) { return /^https?:\/\//i.test(typed) ? typed : `http://${typed}`; }

// What a search is asked with; measures of other settings are not mixed into the set's mean.
function settings() {
  return {
    window: Number($("window").value), model: $("model").value || null, instruction: $("instruction").value.trim() || null,
    fields: [...$("fields").querySelectorAll("input:checked")].map((box) => box.value),
  };
}

function asked(query) { return { source: Number($("source").value), index: $("index").value, query, ...settings() }; }

async function search(event) {
  if (event) event.preventDefault();
  const query = $("query").value.trim();
  if (!query) { $("query").focus(); return; }
  const number = ++state.asked;
  state.searching = true;
  $("go").disabled = true;
  $("status").textContent = "Searching…";
  if (state.query !== query || !state.answer) loading(Number($("window").value));
  try {
    await state.place;
    if (number !== state.asked) return;
    const used = settings();
    const answer = await ask("search", asked(query));
    if (number !== state.asked) return;
    Object.assign(state, { answer, query, used });
    show();
  } catch (error) {
    if (number === state.asked) { $("status").textContent = ""; state.answer = null; message("error", "That did not work", error.message); showSet(); }
  } finally { if (number === state.asked) { state.searching = false; $("go").disabled = false; } }
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
  $("density").hidden = false;
  lines();
}

function lines() { drawLines(state.answer.reranked, Store.grades(state.query), state.answer.first); }

function measured(answer, grades) {
  return [ndcg(answer.first.map((hit) => hit.id), grades), ndcg(answer.reranked.map((move) => answer.first[move.was].id), grades)];
}

function showMeasures() {
  const { answer, query } = state;
  const [before, after] = measured(answer, Store.grades(query));
  $("ndcg-first").textContent = `nDCG@10 ${points(before)}`;
  $("ndcg-reranked").textContent = `nDCG@10 ${points(after)}`;
  $("ndcg-reranked").className = `measure ${after > before ? "better" : after < before ? "worse" : ""}`;
  Store.measure(query, before, after, state.used);
  showSet();
}

function showSet() {
  drawSet(Store.read(), state.query, JSON.stringify(settings()), pick, (query) => { Store.remove(query); state.answer ? show() : showSet(); });
  const empty = !Object.keys(Store.read()).length;
  for (const id of ["run", "export-qrels", "export-queries", "clear"]) $(id).disabled = empty;
}

// Every query of the set under the settings of now; a second press, or another index, ends it.
async function runSet() {
  if (state.running) { state.run += 1; return; }
  const [run, settingsNow, queries] = [++state.run, settings(), Object.keys(Store.read())];
  state.running = true;
  $("run").textContent = "Stop";
  try {
    for (const [place, query] of queries.entries()) {
      $("status").textContent = `Searching ${place + 1} of ${queries.length}…`;
      const answer = await ask("search", { ...asked(query), ...settingsNow });
      if (run !== state.run) break;
      Store.measure(query, ...measured(answer, Store.grades(query)), settingsNow);
      showSet();
    }
    $("status").textContent = "";
  } catch (error) { $("status").textContent = error.message; } finally { state.running = false; $("run").textContent = "Search all again"; }
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

function applyDensity(compact) {
  document.body.classList.toggle("compact", compact);
  $("density").setAttribute("aria-pressed", String(compact));
  if (state.answer) lines();
}

function switchDensity() {
  const compact = !document.body.classList.contains("compact");
  localStorage.setItem("lastly-compact", compact ? "1" : "");
  applyDensity(compact);
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

function download(name, content) {
  const link = element("a", { href: URL.createObjectURL(new Blob([content], { type: "text/plain" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Queries give their texts by id; judgments of the same choice of files find them by that id.
async function importSet() {
  const texts = {};
  const contents = await Promise.all([...$("import").files].map(async (file) => [file.name.endsWith(".tsv"), await file.text()]));
  const rows = (judgments) => contents.filter(([tsv]) => tsv === judgments).flatMap(([, text]) => text.split("\n").map((line) => line.trim()).filter(Boolean));
  for (const line of rows(false)) {
    let record = { text: line };
    if (line.startsWith("{")) { try { record = JSON.parse(line); } catch { continue; } }
    if (record.text) { Store.add(String(record.text)); texts[record._id] = String(record.text); }
  }
  for (const line of rows(true)) {
    const [query, id, grade] = line.split("\t");
    if (texts[query] && Number(grade) > 0) Store.judge(texts[query], id, Number(grade));
  }
  $("import").value = "";
  state.answer ? show() : showSet();
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
for (const id of ["window", "model", "instruction", "fields"]) $(id).addEventListener("change", () => { if (state.answer) search(); else showSet(); });
$("source").addEventListener("change", () => go(chooseSource));
$("index").addEventListener("change", () => go(() => chooseIndex().catch((error) => message("error", "The index cannot be asked", error.message))));
$("theme").addEventListener("click", switchTheme);
$("open-help").addEventListener("click", () => $("help").showModal());
$("show-first").addEventListener("click", () => showSide("first"));
$("show-reranked").addEventListener("click", () => showSide("reranked"));
$("export-qrels").addEventListener("click", () => download("qrels.tsv", Store.qrels()));
$("export-queries").addEventListener("click", () => download("queries.jsonl", Store.queries()));
$("import").addEventListener("change", importSet);
$("run").addEventListener("click", runSet);
$("density").addEventListener("click", switchDensity);
$("open-connect").addEventListener("click", showConnect);
$("connect-form").addEventListener("submit", connect);
$("connect-cancel").addEventListener("click", () => $("connect-dialog").close());
$("clear").addEventListener("click", () => {
  if (confirm("Forget all queries and judgments of this index? Export them first if you need them.")) { Store.clear(); state.answer ? show() : showSet(); }
});
$("key-form").addEventListener("submit", () => { sessionStorage.setItem("lastly-key", $("key").value); start(); });
$("orders").addEventListener("pointerover", (event) => { const item = event.target.closest(".hit"); if (item) follow(item.dataset.id); });
$("orders").addEventListener("focusin", (event) => { const item = event.target.closest(".hit"); if (item) follow(item.dataset.id); });
$("orders").addEventListener("click", (event) => { const item = event.target.closest(".hit"); if (item && !getSelection().toString()) expand(item); });
new ResizeObserver(() => state.answer && !$("orders").hidden && lines()).observe($("results"));
applyTheme(localStorage.getItem("lastly-theme"));
applyDensity(Boolean(localStorage.getItem("lastly-compact")));
showSide("reranked");
start();
