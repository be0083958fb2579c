"""`lastly attach|detach|status opensearch`, against a real node and the real sidecar."""

import pytest

from tests.engines.suites.attaching import Attaching, attach
from tests.kit.engines.engine import Corpus
from tests.kit.engines.kind import Kind


class TestAttach(Attaching):
    """All that wiring both engines has in common."""

    def test_without_the_plugin_a_cluster_without_ml_commons_is_told_so(
        self, kind: Kind, detached: Corpus, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert attach(kind, detached, "--fields", "body", "--without-plugin") == 1
        assert "opensearch-ml" in capsys.readouterr().err
