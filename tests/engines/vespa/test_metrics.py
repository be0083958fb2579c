"""What the searcher counts reaches Vespa's own metrics."""

import time
from pathlib import Path

from lastly_integrations.json_client import JsonClient
from lastly_integrations.vespa.stats import metrics
from tests.kit.sidecars.lying import LyingSidecar
from tests.kit.vespa.container import Container, Java

QUESTION = "how do I read a file line by line?"


def _wait_for(vespa: Container, *names: str) -> dict[str, float]:
    """Metrics come in snapshots, every five seconds here."""
    deadline = time.monotonic() + 20
    while True:
        seen = metrics(JsonClient(vespa.url))
        if all(any(name in known for known in seen) for name in names):
            return seen
        assert time.monotonic() < deadline, f"{names} are not in {sorted(seen)}"
        vespa.search(QUESTION)
        vespa.search(QUESTION, where="userInput(@text) order by length")
        time.sleep(0.5)


def test_reranked_skipped_and_latency_are_in_the_container_s_metrics(vespa: Container) -> None:
    seen = _wait_for(vespa, "lastly.reranked", "lastly.latency_ms", "reason=sort")
    assert all(count > 0 for name, count in seen.items() if "reranked" in name)


def test_the_consumer_that_the_guide_shows_is_accepted_by_vespa_s_own_model(package: Path, java: Java) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "getting-started-vespa.md").read_text()
    shown = guide.split("```xml\n")[1].split("```")[0]
    services = package / "services.xml"
    services.write_text(services.read_text().replace("<container ", f"{shown}<container ", 1))
    accepted, said = java.validate(package)
    assert accepted, said


def test_failures_are_counted_by_reason(vespa: Container, sidecar: LyingSidecar) -> None:
    sidecar.status = 500
    _wait_for(vespa, "lastly.failed{reason=")
