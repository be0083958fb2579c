"use strict";
// nDCG@10 as trec_eval and ir_measures count it: the gain is the grade, the ideal order is that of all judged documents.
function ndcg(ids, grades, depth = 10) {
  const discounted = (gains) => gains.slice(0, depth).reduce((sum, gain, place) => sum + gain / Math.log2(place + 2), 0);
  const ideal = discounted(Object.values(grades).filter((grade) => grade > 0).sort((a, b) => b - a));
  return ideal ? discounted(ids.map((id) => Math.max(0, grades[id] || 0))) / ideal : null;
}
