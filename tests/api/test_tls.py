"""The port speaks HTTPS with a certificate, which is renewed without a restart."""

import shutil
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from lastly.cli import main
from tests.kit.certificates import issue
from tests.kit.sidecars.in_process import CALL
from tests.kit.sidecars.process import Sidecar, sidecar


def trusting(*certificates: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    for certificate in certificates:
        context.load_verify_locations(certificate)
    return context


def shown(running: Sidecar) -> str:
    """Return the certificate that a new connection sees."""
    host, port = running.address.removeprefix("https://").split(":")
    return ssl.get_server_certificate((host, int(port)))


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_renewed_certificate_is_taken_and_one_that_does_not_fit_is_not(small_model: Path, tmp_path: Path) -> None:
    first, second = issue(tmp_path / "first"), issue(tmp_path / "second")
    served = tmp_path / "cert.pem", tmp_path / "key.pem"
    for file, place in zip(first, served, strict=True):
        shutil.copy(file, place)
    both = trusting(first[0], second[0])
    flags = ("--model", str(small_model), "--tls-cert", str(served[0]), "--tls-key", str(served[1]))
    with sidecar(*flags, verify=both) as running, httpx.Client(verify=both) as connected:
        assert running.address.startswith("https://")
        assert connected.post(f"{running.address}/v1/rerank", json=CALL).status_code == 200
        assert shown(running) == first[0].read_text()
        shutil.copy(second[0], served[0])  # the key does not fit yet
        running.wait_for_line("the last one stays")
        assert shown(running) == first[0].read_text()
        shutil.copy(second[1], served[1])
        eventually(lambda: shown(running) == second[0].read_text())
        assert connected.post(f"{running.address}/v1/rerank", json=CALL).status_code == 200
        answer = httpx.post(f"{running.address}/v1/rerank", json=CALL, verify=trusting(second[0]))
        assert answer.status_code == 200


def test_plain_http_at_the_secured_port_gets_no_answer(small_model: Path, tmp_path: Path) -> None:
    certificate, key = issue(tmp_path)
    flags = ("--model", str(small_model), "--tls-cert", str(certificate), "--tls-key", str(key))
    with sidecar(*flags, verify=trusting(certificate)) as running:
        host, port = running.address.removeprefix("https://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"live" not in connection.recv(4096)


def test_a_certificate_that_is_none_ends_the_start_and_is_named(
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "cert.pem"
    broken.write_text("no certificate")
    arguments = ["serve", "--model", str(small_model), "--port", "0"]
    assert main([*arguments, "--tls-cert", str(broken), "--tls-key", str(broken)]) == 1
    assert "tls_cert" in capsys.readouterr().err
