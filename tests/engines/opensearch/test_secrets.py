"""The sidecar's key: from the node's keystore, by the node's own tool."""

import pytest

from tests.kit.engines.engine import Corpus
from tests.kit.nodes.opensearch import OpenSearchNode

KEY = "lastly.sidecar.api_key"


def _sent(corpus: Corpus) -> str | None:
    """Have the node read its keystore again; return what its next call says of itself."""
    reloaded = corpus.engine.request("POST", "/_nodes/reload_secure_settings").body["nodes"].values()
    assert not any("reload_exception" in node for node in reloaded), reloaded
    assert corpus.search().status == 200
    return corpus.sidecar.calls[-1].headers.get("authorization")


def test_a_key_of_the_keystore_is_sent_and_changed_without_a_restart(
    corpus: Corpus, own_node: OpenSearchNode | None
) -> None:
    if own_node is None:
        pytest.skip("a node that ran already has its keystore elsewhere")
    assert _sent(corpus) is None
    for key in ("first", "second"):
        own_node.tool("opensearch-keystore", "add", "--stdin", "--force", KEY, stdin=key)
        assert _sent(corpus) == f"Bearer {key}"
    own_node.tool("opensearch-keystore", "remove", KEY)
    assert _sent(corpus) is None
