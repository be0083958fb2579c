"""What the lab's server refuses."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


def _call(lab: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(lab).netloc, timeout=20)
    connection.request(method, path, json.dumps(body) if body else None, headers)
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()


def test_a_foreign_host_name_is_refused_on_loopback(lab: str) -> None:
    assert _call(lab, "GET", "/", Host="evil.example")[0] == 400
    assert _call(lab, "GET", "/lab/api/setup", Host="evil.example:8790")[0] == 400


def test_only_the_operator_s_sources_can_be_asked(lab: str) -> None:
    for number in (-1, 2, 99):
        status, _, content = _call(lab, "GET", f"/lab/api/indices?source={number}")
        assert status == 422
        assert json.loads(content)["error"]["code"] == "invalid_request"


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
