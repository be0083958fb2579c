"use strict";
// Where is searched: engine, index and fields, and further engines by their address.
function showSources(chosen) {
  $("source").replaceChildren(...state.setup.sources.map(({ title, up }, number) =>
    element("option", { value: number, selected: number === chosen }, up ? title : `${title} (not running)`)));
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
