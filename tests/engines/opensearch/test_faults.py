"""Faults of the sidecar, in a real OpenSearch node."""

import signal

import pytest

from tests.engines.suites.faults import Faults
from tests.kit.engines.engine import Corpus
from tests.kit.engines.restart import check, search_through_a_restart
from tests.kit.sidecars.real import RealSidecar


class TestFaults(Faults):
    """Every fault that both engines meet."""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=lambda how: how.name)
def test_no_search_fails_while_the_sidecar_ends_and_comes_back_under_load(
    really_reranked: Corpus, real_sidecar: RealSidecar, how: signal.Signals
) -> None:
    searches = search_through_a_restart(really_reranked, real_sidecar, how, callers=8)
    check(really_reranked, searches)
    assert searches.kept() > 0
    assert searches.reranked(searches.back) > 0
