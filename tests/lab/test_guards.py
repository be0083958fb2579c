"""What the lab's server refuses."""

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from lastly.cli import main
from lastly.config import Settings
from lastly.lab.app import create_lab


def _call(lab: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(lab).netloc, timeout=20)
    connection.request(method, path, json.dumps(body) if body else None, headers)
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()


def test_a_foreign_host_name_is_refused_on_loopback(lab: str) -> None:
    assert _call(lab, "GET", "/", Host="evil.example")[0] == 400
    assert _call(lab, "GET", "/lab/api/setup", Host="evil.example:8790")[0] == 400


@pytest.mark.parametrize("listened", ["127.0.0.1", "0.0.0.0", "::", "lab.example"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8790", 200),
        ("127.0.0.1:8790", 200),
        ("192.0.2.7:8790", 200),
        ("[::1]:8790", 200),
        ("search.example:8790", 200),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("127.0.0.1.evil.example:8790", 400),
        ("[::1].evil.example", 400),
        ("", 400),
    ],
)
def test_a_name_that_the_lab_was_not_told_is_refused_wherever_it_listens(
    lab_model: Path, listened: str, host: str, status: int
) -> None:
    app = create_lab(Settings(model=((None, lab_model),), host=listened), [], allowed_hosts=["search.example"])
    answer = TestClient(app).get("/", headers={"Host": host})
    assert answer.status_code == status
    if status == 400:
        assert "--allowed-host" in answer.json()["error"]["message"]
        assert "evil" not in answer.text


def test_documents_that_are_not_there_end_the_start_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "--documents", "/nosuch"]) == 1
    assert "/nosuch cannot be read" in capsys.readouterr().err


def test_only_the_operator_s_sources_can_be_asked(lab: str) -> None:
    for number in (-1, 2, 99):
        status, _, content = _call(lab, "GET", f"/lab/api/indices?source={number}")
        assert status == 422
        assert json.loads(content)["error"]["code"] == "invalid_request"


def test_a_foreign_page_may_not_ask(lab: str) -> None:
    ours = {"Origin": lab, "Content-Type": "application/json"}
    theirs = {**ours, "Origin": "https://evil.example"}
    assert _call(lab, "POST", "/lab/api/search", {"query": "tempfile"}, **ours)[0] == 200
    for path, body in (("search", {"query": "tempfile"}), ("sources", {"url": "http://127.0.0.1:9"})):
        status, _, content = _call(lab, "POST", f"/lab/api/{path}", body, **theirs)
        assert (status, json.loads(content)["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("host", "connect", "status"), [("127.0.0.1", False, 503), ("0.0.0.0", False, 403), ("0.0.0.0", True, 503)]
)
def test_only_on_loopback_or_where_it_was_allowed_a_page_connects_to_engines(
    lab: str, lab_model: Path, host: str, connect: bool, status: int
) -> None:
    app = create_lab(Settings(model=((None, lab_model),), host=host), [], connect)
    asked = {"url": lab}  # it answers, but not as an engine
    answer = TestClient(app, base_url="http://127.0.0.1").post("/lab/api/sources", json=asked)
    assert answer.status_code == status
    assert lab.removeprefix("http://") in answer.json()["error"]["message"] or status == 403


def test_a_password_is_never_shown(lab: str) -> None:
    body = {"url": "http://who:hidden@127.0.0.1:9", "user": "someone", "password": "a secret"}
    status, _, content = _call(lab, "POST", "/lab/api/sources", body, **{"Content-Type": "application/json"})
    assert status == 503
    assert not any(word in content for word in (b"hidden", b"secret", b"someone"))


def test_the_page_may_talk_to_its_own_server_alone(lab: str) -> None:
    status, headers, content = _call(lab, "GET", "/")
    assert status == 200
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert b"http://" not in content.replace(b"http://www.w3.org", b"")
    assert b"https://" not in content


def test_keys_guard_the_lab_s_paths_and_the_page_loads_without(guarded_lab: str) -> None:
    assert _call(guarded_lab, "GET", "/")[0] == 200
    assert _call(guarded_lab, "GET", "/lab/api/setup")[0] == 401
    assert _call(guarded_lab, "POST", "/lab/api/search", {"query": "x"})[0] == 401


def test_a_window_out_of_bounds_is_refused(lab: str) -> None:
    assert _call(lab, "POST", "/lab/api/search", {"query": "x", "window": 100_000})[0] in (400, 422)
