"use strict";
// What the page does: keeps the state, searches, measures the set, listens to the mouse.
const state = { answer: null, query: "", used: null, asked: 0, setup: null, place: null, searching: false, run: 0, running: false };

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

function welcome() {
  $("status").textContent = "";
  message("empty", "Type a query to compare both orders", "First stage on the left, reranked on the right; the lines show who moved.", examples());
}

function examples() {
  const texts = ["run a command and capture its output", "temporary directory deleted afterwards", "wait for several threads"];
  if (!$("source").selectedOptions[0].textContent.startsWith("Demo")) return "";
  return element("div", { class: "examples" }, ...texts.map((text) => element("button", { type: "button", onclick: () => pick(text) }, text)));
}

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
