"""Clusters of real Elasticsearch nodes."""

from tests.engines.elasticsearch.retrieving import reranked
from tests.engines.suites.cluster_life import ClusterLife
from tests.kit.engines.engine import Corpus


class TestCluster(ClusterLife):
    """What both engines live through, and the retriever, which needs the plugin only where the search is taken."""

    def check_apart(self, apart: Corpus) -> None:
        """Search as in both engines, then by the retriever."""
        super().check_apart(apart)
        answer = apart.search(retriever=reranked(fields=["body"]), size=2)
        assert answer.status == 200, answer.body
        assert answer.ids == apart.search().ids[::-1]
