"use strict";
// Calls of the lab's server, with the key that it may want.
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
