"use strict";
// The set of queries and judgments as files.
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
