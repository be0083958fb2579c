"""Paths and methods as callers and proxies write them; none of it passes by the door."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lastly.config import Settings
from tests.kit.sidecars.in_process import CALL, serving, small_settings


@pytest.fixture(scope="module")
def behind_a_proxy(small_model: Path) -> Iterator[TestClient]:
    with serving(Settings(**small_settings(small_model, root_path="/lastly", api_key="right"))) as client:
        client.follow_redirects = False
        yield client


KEY = {"Authorization": "Bearer right"}


@pytest.mark.parametrize(
    "path", ["/v1/rerank", "/v1/rerank/", "//v1//rerank", "/lastly/v1/rerank", "/lastly//v1/rerank//", "/v2/rerank/"]
)
def test_every_form_of_a_path_is_that_path_and_wants_the_key(behind_a_proxy: TestClient, path: str) -> None:
    assert behind_a_proxy.post(f"http://testserver{path}", json=CALL, headers=KEY).status_code == 200
    assert behind_a_proxy.post(f"http://testserver{path}", json=CALL).status_code == 401


@pytest.mark.parametrize("path", ["/lastlyv1/rerank", "/v1", "/v1/rerank/more"])
def test_other_paths_are_not_there(behind_a_proxy: TestClient, path: str) -> None:
    assert behind_a_proxy.post(path, json=CALL, headers=KEY).status_code == 404


def test_the_api_s_page_names_the_prefix(behind_a_proxy: TestClient) -> None:
    assert behind_a_proxy.get("/lastly/openapi.json").json()["servers"] == [{"url": "/lastly"}]


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/health/ready", "GET, HEAD, OPTIONS"),
        ("/metrics", "GET, HEAD, OPTIONS"),
        ("/v1/models", "GET, HEAD, OPTIONS"),
        ("/v1/rerank", "OPTIONS, POST"),
        ("/rerank/", "OPTIONS, POST"),
    ],
)
def test_options_say_what_a_path_takes(behind_a_proxy: TestClient, path: str, allow: str) -> None:
    answer = behind_a_proxy.options(path, headers=KEY)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allow, b"")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/v1/models", "/info"])
def test_head_is_get_without_the_body(behind_a_proxy: TestClient, path: str) -> None:
    got, head = (behind_a_proxy.request(method, path, headers=KEY) for method in ("GET", "HEAD"))
    assert (head.status_code, head.headers["content-type"]) == (200, got.headers["content-type"])
    assert head.content == b""


def test_head_of_what_takes_a_post_is_refused_with_what_it_takes(behind_a_proxy: TestClient) -> None:
    answer = behind_a_proxy.head("/v1/rerank", headers=KEY)
    assert answer.status_code == 405


def test_only_rerank_calls_are_counted_as_refused(behind_a_proxy: TestClient) -> None:
    def refusals() -> list[str]:
        return sorted(
            line for line in behind_a_proxy.get("/metrics").text.splitlines() if line.startswith("lastly_refusals_")
        )

    before = refusals()
    assert behind_a_proxy.get("/nowhere", headers=KEY).status_code == 404
    assert behind_a_proxy.delete("/health/ready", headers=KEY).status_code == 405
    assert behind_a_proxy.get("/v1/models/none", headers=KEY).status_code == 404
    assert refusals() == before
