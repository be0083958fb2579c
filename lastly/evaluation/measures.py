"""Measures per query, by ir_measures."""

from collections.abc import Mapping, Sequence

import ir_measures

from lastly.errors import InvalidRequestError
from lastly.evaluation.collection import Qrels

MEASURES = ("nDCG@10", "R@10", "R@100", "RR@10")
MAIN = MEASURES[0]
TITLES = {"nDCG@10": "nDCG@10", "R@10": "recall@10", "R@100": "recall@100", "RR@10": "MRR@10"}
PerQuery = dict[str, dict[str, float]]  # measure → query → value


def measure(rankings: Mapping[str, Sequence[str]], qrels: Qrels, names: Sequence[str] = MEASURES) -> PerQuery:
    """Measure rankings (query → document ids, best first); a query that found nothing counts 0.

    Raises InvalidRequestError for a measure that ir_measures does not know.
    """
    try:
        measures = {name: ir_measures.parse_measure(name) for name in names}
    except (NameError, ValueError) as error:
        raise InvalidRequestError(f"{' '.join(names)}: not measures that ir_measures knows") from error
    run = {query: {document: -place for place, document in enumerate(ids)} for query, ids in rankings.items() if ids}
    judged = {query: qrels[query] for query in rankings}
    values: PerQuery = {name: dict.fromkeys(rankings, 0.0) for name in names}
    for metric in ir_measures.iter_calc(list(measures.values()), judged, run) if run else ():
        name = next(name for name, known in measures.items() if known == metric.measure)
        values[name][metric.query_id] = float(metric.value)
    return values
