"""The one client of a sidecar, against the real one."""

from collections.abc import Iterator

import pytest

from lastly.config import Settings
from lastly.errors import NotReadyError
from lastly.search.sidecar import running_sidecar
from lastly_integrations.json_client import JsonClient
from lastly_integrations.sidecar import SidecarClient
from tests.kit.raw_servers import json_answer, saying, serving


@pytest.fixture(scope="module")
def sidecar() -> Iterator[SidecarClient]:
    with running_sidecar(Settings(port=0, max_documents=3)) as client:
        yield client


def test_it_is_asked_for_its_model_and_for_scores(sidecar: SidecarClient) -> None:
    assert sidecar.ready()
    answer = sidecar.rerank("a question", ["one", "two", "three"], top_n=2)
    assert answer["model"] == sidecar.default_model()
    assert len(answer["results"]) == 2


def test_a_refusal_is_passed_on_in_its_own_words(sidecar: SidecarClient) -> None:
    with pytest.raises(NotReadyError, match=r"answered 4\d\d: .*\b3\b"):
        sidecar.rerank("a question", ["text"] * 4)


def test_one_that_is_not_there_is_not_ready() -> None:
    assert not SidecarClient(JsonClient("http://127.0.0.1:9", timeout_s=5)).ready()


@pytest.mark.parametrize("body", [b"[]", b"7", b"{}", b'{"data": []}', b'{"data": [{}]}'])
def test_an_answer_of_another_form_is_said_so(body: bytes) -> None:
    with serving(saying(json_answer(body))) as port:
        sidecar = SidecarClient(JsonClient(f"http://127.0.0.1:{port}", timeout_s=5))
        with pytest.raises(NotReadyError, match="unknown form"):
            sidecar.default_model()
