"""Builds the bundle, attaches it to the example package with the tool that users have, and runs the container."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lastly.search.python_docs import python_documentation
from lastly_integrations.vespa.package import Package
from lastly_integrations.vespa.services import SEARCHER, SearcherConfig
from tests.kit.ports import free_port
from tests.kit.sidecars.lying import LyingSidecar
from tests.kit.sidecars.real import RealSidecar
from tests.kit.vespa.build import BUNDLE, add_chains, built, has_content_node, plain_package, runnable
from tests.kit.vespa.container import Container, Java, running
from tests.kit.vespa.documents import Metrics, VespaDocuments
from tests.kit.vespa.packages import BUNDLE as ANY_BUNDLE

HTTP_PORT = free_port()


@pytest.fixture(scope="session")
def java() -> Java:
    """Build the bundle and run its JUnit tests; tools that are missing skip, a build that fails fails."""
    try:
        return built()
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def bundle(java: Java) -> bytes:
    return BUNDLE.read_bytes()


@pytest.fixture(scope="session")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python's own documentation: about five thousand articles."""
    file = tmp_path_factory.mktemp("corpus") / "articles.jsonl"
    file.write_text("".join(json.dumps(document.model_dump()) + "\n" for document in python_documentation()))
    return file


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The example package as it was before Lastly was attached."""
    return plain_package(tmp_path / "package")


@pytest.fixture
def jar(tmp_path: Path) -> str:
    file = tmp_path / "bundle.jar"
    file.write_bytes(ANY_BUNDLE)
    return str(file)


# No promise of these tests is about speed, and a busy machine can be slow; `hasty` is there for the timeout itself.
PATIENT = {"timeout": "3s", "margin_ms": "300"}

# Chains beside `default`, for the settings that a query can't change.
CHAINS = {
    "failing": {"on_failure": "fail"},
    "shadow": {"mode": "shadow"},
    "hasty": {"timeout": "300ms"},
    "off": {"enabled": "false"},
    "misfilled": {"summary": "nosuch"},
}


QUICK_BREAKER = "<breaker><pause>200ms</pause></breaker>"


def _chain(name: str, sidecar: str, settings: dict[str, str]) -> str:
    """Write a chain by hand, as a user with several would."""
    lines = "\n".join(SearcherConfig(("title", "text"), (sidecar,), tuple((PATIENT | settings).items())).searcher())
    lines = lines.replace(f'id="{SEARCHER}"', f'id="lastly-{name}" class="{SEARCHER}"')
    if "enabled" in settings:
        lines = lines.replace("<enabled>true</enabled>", "", 1)
    return f'<chain id="{name}" inherits="vespa">\n{lines}\n</chain>\n'


def _quicken(folder: Path) -> None:
    """Let the breaker of the chain that the tool wrote close soon, as no flag of the tool does."""
    services = folder / "services.xml"
    enabled = "<enabled>true</enabled>"
    services.write_text(services.read_text().replace(enabled, enabled + QUICK_BREAKER, 1))


@pytest.fixture(scope="session")
def everything(
    java: Java,
    bundle: bytes,
    articles: Path,
    lying_sidecar: LyingSidecar,
    real_sidecar: RealSidecar,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Container]:
    """One container for most tests: `default` written by the tool, the other chains by hand."""
    if not has_content_node():
        pytest.skip("the tests' content node can't read what this version of Vespa sends")
    folder = runnable(plain_package(tmp_path_factory.mktemp("vespa") / "application"), HTTP_PORT)
    package = Package(folder)
    package.write(
        package.attach(SearcherConfig(("title", "text"), (lying_sidecar.url,), tuple(PATIENT.items())), (), bundle)
    )
    _quicken(folder)
    chains = "".join(_chain(name, lying_sidecar.url, settings) for name, settings in CHAINS.items())
    real = {"window_size": "10", "timeout": "3s", "max_doc_tokens": "64"}
    add_chains(folder, chains + _chain("real", real_sidecar.url, real))
    lying_sidecar.reset()  # the other engines' tests have called it
    with running(java, folder, articles, HTTP_PORT) as container:
        assert lying_sidecar.calls == [], "the container's own warm-up must reach no sidecar"
        yield container


@pytest.fixture
def sidecar(lying_sidecar: LyingSidecar) -> LyingSidecar:
    """The sidecar behind `vespa`, telling the truth until a test says otherwise."""
    lying_sidecar.reset()
    return lying_sidecar


@pytest.fixture(scope="session")
def metrics(everything: Container) -> Metrics:
    return Metrics(everything.url)


@pytest.fixture
def corpus(vespa: Container, sidecar: LyingSidecar, metrics: Metrics) -> VespaDocuments:
    """The articles behind `default`, for the promises that hold in every engine."""
    return VespaDocuments(vespa, sidecar, metrics, CHAINS)


@pytest.fixture
def vespa(everything: Container, sidecar: LyingSidecar) -> Container:
    """The container with the breaker of `default` closed: an earlier test's failures may have opened it."""
    deadline = time.monotonic() + 40
    while everything.search("open a file").annotation:
        assert time.monotonic() < deadline, "the breaker does not close"
        time.sleep(0.2)
    sidecar.calls.clear()
    return everything
