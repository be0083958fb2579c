"""The promises that hold in every engine, in Vespa's container.

Not those of the search API that OpenSearch and Elasticsearch share: Vespa has no settings that change while it runs, no
scroll, no point in time, no search_after, no multi-search, no reindex, no aliases and no inner hits. What it has,
sorting, grouping, collapsing, fields that a query selects, query profiles and chains, is held by the other files here.
"""

from tests.engines.suites.every_engine import EveryEngine


class TestVespa(EveryEngine):
    """Every promise that does not depend on what a search looks like."""
