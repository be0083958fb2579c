"""The client that asks engines and sidecars, against servers of this machine that behave badly."""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from lastly.errors import InvalidRequestError, NotReadyError
from lastly_integrations.json_client import JsonClient
from lastly_integrations.server_url import without_user_info
from tests.kit.certificates import issue
from tests.kit.raw_servers import ENDLESS, Caught, Script, dripping, json_answer, saying, serving, silent


@pytest.mark.parametrize(
    "script", [silent, dripping(ENDLESS, b" "), dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"), dripping(b"", b"H")]
)
def test_a_server_that_is_silent_or_drips_is_left_at_the_deadline(script: Script) -> None:
    with serving(script) as port:
        started = time.monotonic()
        with pytest.raises(NotReadyError, match=r"no whole answer within 0\.5 s\); is it running"):
            JsonClient(f"http://127.0.0.1:{port}", timeout_s=0.5).call("GET", "/")
        assert 0.4 < time.monotonic() - started < 5


def test_a_handshake_that_never_ends_is_left_at_the_deadline() -> None:
    with serving(lambda connection: time.sleep(30)) as port:
        started = time.monotonic()
        with pytest.raises(NotReadyError, match="no whole answer"):
            JsonClient(f"https://127.0.0.1:{port}", timeout_s=0.5).call("GET", "/")
        assert time.monotonic() - started < 5


@pytest.mark.parametrize("answer", [json_answer(b"[" + b"1," * 1000 + b"1]"), ENDLESS + b"1" * 2000])
def test_an_answer_is_read_no_further_than_its_bound(answer: bytes) -> None:
    with (
        serving(saying(answer)) as port,
        pytest.raises(NotReadyError, match=r"http://127\.0\.0\.1:\d+ answers with more than 1000 bytes"),
    ):
        JsonClient(f"http://127.0.0.1:{port}", maximum_bytes=1000).call("GET", "/")


def test_a_caller_that_runs_a_loop_of_its_own_is_answered() -> None:
    async def ask(port: int) -> tuple[int, object]:
        return JsonClient(f"http://127.0.0.1:{port}", timeout_s=5).call("GET", "/")

    # In a thread, since the tests of pages leave a loop running in this one.
    with serving(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")) as port, ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, ask(port)).result() == (200, {})


def test_an_answer_of_just_the_bound_is_read() -> None:
    with serving(saying(json_answer(b'"' + b"a" * 998 + b'"'))) as port:
        assert JsonClient(f"http://127.0.0.1:{port}", maximum_bytes=1000).call("GET", "/") == (200, "a" * 998)


@pytest.mark.parametrize("body", [b"<html>", b"{", b"\xff", b"[" * 200_000, b"1" * 5000])
def test_what_is_no_json_is_said_so(body: bytes) -> None:
    with serving(saying(json_answer(body))) as port, pytest.raises(NotReadyError, match="not JSON; is this the right"):
        JsonClient(f"http://127.0.0.1:{port}").call("GET", "/")


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"])
def test_what_is_no_http_or_breaks_off_is_said_so(answer: bytes) -> None:
    with serving(saying(answer)) as port, pytest.raises(NotReadyError, match="cannot be reached"):
        JsonClient(f"http://127.0.0.1:{port}", timeout_s=5).call("GET", "/")


def test_an_empty_answer_is_an_empty_object_and_a_refusal_s_status_is_returned() -> None:
    with serving(saying(json_answer(b""))) as port:
        assert JsonClient(f"http://127.0.0.1:{port}").call("GET", "/") == (200, {})
    with serving(saying(json_answer(b'{"error": 1}', "503 Busy"))) as port:
        assert JsonClient(f"http://127.0.0.1:{port}").call("GET", "/") == (503, {"error": 1})


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_refused_and_no_credential_goes_along(status: str) -> None:
    caught = Caught()
    with serving(saying(json_answer(b"{}"), caught)) as elsewhere:
        location = f"Location: http://127.0.0.1:{elsewhere}/\r\n".encode()
        with (
            serving(saying(json_answer(b"{}", status, location))) as port,
            pytest.raises(NotReadyError, match=r"sends to another address \(30\d\)"),
        ):
            JsonClient(f"http://who:hidden@127.0.0.1:{port}").call("GET", "/")
    assert not caught


@contextmanager
def serving_tls(certificate: Path, key: Path) -> Iterator[str]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with serving(saying(json_answer(b"{}")), tls) as port:
        yield f"https://127.0.0.1:{port}"


def test_a_certificate_is_checked_against_the_system_s_authorities_or_one_s_own(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path / "issued")
    other, _ = issue(tmp_path / "other")
    with serving_tls(certificate, key) as url:
        assert JsonClient(url, ca=str(certificate)).call("GET", "/") == (200, {})
        assert JsonClient(url, verify=False).call("GET", "/") == (200, {})
        for client in (JsonClient(url), JsonClient(url, ca=str(other))):
            with pytest.raises(NotReadyError, match="certificate verify failed"):
                client.call("GET", "/")


def test_a_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path / "issued", "127.0.0.2")
    with serving_tls(certificate, key) as url, pytest.raises(NotReadyError, match="certificate verify failed"):
        JsonClient(url, ca=str(certificate)).call("GET", "/")


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_without_certificates_is_refused_by_name(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    with pytest.raises(InvalidRequestError, match=r"ca\.pem holds no certificates"):
        JsonClient("https://127.0.0.1", ca=str(file))


def test_user_and_password_or_a_key_are_sent_as_headers() -> None:
    caught = Caught()
    with serving(saying(json_answer(b"{}"), caught)) as port:
        JsonClient(f"http://admin:se%40cret@127.0.0.1:{port}").call("GET", "/")
        JsonClient(f"http://old:one@127.0.0.1:{port}").signed_in("jürgen", "a/b:c@d").call("GET", "/")
        JsonClient(f"http://127.0.0.1:{port}", key="a key").call("GET", "/")
        JsonClient(f"http://127.0.0.1:{port}").call("GET", "/")
    assert [head.partition(b"Authorization: ")[2].partition(b"\r\n")[0] for head in caught] == [
        b"Basic YWRtaW46c2VAY3JldA==",
        b"Basic asO8cmdlbjphL2I6Y0Bk",
        b"Bearer a key",
        b"",
    ]


@pytest.mark.parametrize("path", ["/a/../b/%2e%2E/x%2Fy?text=a%20b&c=%25", "/..", "/search/?yql=a+b"])
def test_a_path_arrives_as_it_was_written(path: str) -> None:
    caught = Caught()
    with serving(saying(json_answer(b"{}"), caught)) as port:
        JsonClient(f"http://127.0.0.1:{port}/behind/a/proxy/").call("GET", path)
    assert caught[0].startswith(f"GET /behind/a/proxy{path} HTTP/1.1\r\n".encode())


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(saying(json_answer(b"{}"))) as port:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert JsonClient(f"http://127.0.0.1:{port}").call("GET", "/")[0] == 200


def test_neither_logs_nor_errors_nor_the_client_show_secrets_or_what_was_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(saying(json_answer(b"{}"))) as port:
        client = JsonClient(f"http://who:hidden@127.0.0.1:{port}", key="a-secret-key")
        client.call("GET", "/search/?text=whispered", {"query": "whispered"})
    dead = JsonClient("http://who:hidden@127.0.0.1:9")
    with pytest.raises(NotReadyError) as refused:
        dead.call("GET", "/search/?text=whispered")
    shown = f"{caplog.text}{client!r}{client}{refused.value}{refused.getrepr(style='value')}"
    assert "127.0.0.1" in shown
    assert not [word for word in ("hidden", "a-secret-key", "whispered") if word in shown]


def test_what_cannot_be_reached_is_said_in_the_system_s_words() -> None:
    with pytest.raises(NotReadyError, match=r"^http://127\.0\.0\.1:9 cannot be reached \(Connection refused\)"):
        JsonClient("http://who:hidden@127.0.0.1:9").call("GET", "/")
    assert not JsonClient("http://127.0.0.1:9").reachable()


def test_an_address_of_ipv6_is_asked() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        with serving(saying(json_answer(b"{}")), family=socket.AF_INET6) as port:
            client = JsonClient(f"http://who:hidden@[::1]:{port}/")
            assert client.reachable()
            assert client.call("GET", "/") == (200, {})
            assert client.shown == f"http://[::1]:{port}"
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")


@pytest.mark.parametrize("url", ["", "ftp://host", "localhost:9200", "http://", "http://h:port", "http://[::1", "//h"])
def test_what_is_no_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"^a server is named by its URL, such as http://127\.0\.0\.1:9200$"):
        JsonClient(url)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("--engine=https://who:hid@den@host:9200/x@y", "--engine=https://host:9200/x@y"),
        ("htp://who:hidden@host", "htp://host"),
        ("localhost:9200", "localhost:9200"),
        ("http://host?mail=a@b", "http://host?mail=a@b"),
    ],
)
def test_user_and_password_are_taken_out_of_what_is_shown(text: str, shown: str) -> None:
    assert without_user_info(text) == shown


@pytest.mark.parametrize("read", [lambda a: a["hits"]["hits"], lambda a: a.get("x"), lambda a: a[3], lambda a: int(a)])
def test_an_answer_of_another_form_is_said_so(read: Callable[[object], object]) -> None:
    client = JsonClient("http://127.0.0.1:9")
    with pytest.raises(NotReadyError, match="unknown form"), client.reading():
        read([])
