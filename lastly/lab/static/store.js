"use strict";
// The query set lives in this browser: queries, judgments and the last measures, by source and index.
const Store = {
  place: "",
  read() {
    try { return JSON.parse(localStorage.getItem(`lastly-lab:${this.place}`)) || {}; } catch { return {}; }
  },
  write(queries) { localStorage.setItem(`lastly-lab:${this.place}`, JSON.stringify(queries)); },
  grades(query) { return (this.read()[query] || {}).grades || {}; },
  judge(query, id, grade) {
    const queries = this.read();
    const entry = queries[query] ||= { grades: {} };
    if (grade === null) delete entry.grades[id]; else entry.grades[id] = grade;
    this.write(queries);
  },
  measure(query, before, after, settings) {
    const queries = this.read();
    if (!queries[query]) return;
    Object.assign(queries[query], { before, after, settings: JSON.stringify(settings) });
    this.write(queries);
  },
  add(query) { const queries = this.read(); queries[query] ||= { grades: {} }; this.write(queries); },
  remove(query) { const queries = this.read(); delete queries[query]; this.write(queries); },
  clear() { this.write({}); },
  // Both exports number the queries in the set's order, so the files belong together (BEIR's format).
  qrels() {
    const rows = Object.values(this.read()).flatMap((entry, place) =>
      Object.entries(entry.grades).map(([id, grade]) => `${place + 1}\t${id}\t${grade}`));
    return ["query-id\tcorpus-id\tscore", ...rows].join("\n") + "\n";
  },
  queries() {
    return Object.keys(this.read()).map((text, place) => JSON.stringify({ _id: String(place + 1), text }) + "\n").join("");
  },
};
