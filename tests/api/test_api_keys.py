"""Who may call: keys are known by their hashes, and change without a restart."""

import hashlib
import logging
from pathlib import Path

import pytest

from lastly.config import Settings
from lastly.errors import InvalidRequestError
from lastly.serving.credentials import watched_files
from lastly.serving.credentials.api_keys import ApiKeys
from tests.kit.sidecars.in_process import CALL, serving, small_settings


def sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def test_with_a_key_only_health_and_metrics_are_open(small_model: Path) -> None:
    settings = small_settings(small_model, api_key="right", api_key_sha256=sha256("second"))
    with serving(Settings(**settings)) as client:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic right"}):
            for path in ("/v1/rerank", "/v2/rerank", "/rerank", "/nowhere"):
                refused = client.post(path, json=CALL, headers=headers)
                assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")
        for key in ("right", "second"):
            assert client.post("/v1/rerank", json=CALL, headers={"Authorization": f"Bearer {key}"}).status_code == 200
        assert client.get("/v1/models").status_code == 401
        assert client.get("/health/ready").status_code == 200
        assert client.get("/metrics").status_code == 200


def test_a_body_without_a_key_is_refused_before_it_is_parsed(small_model: Path) -> None:
    with serving(Settings(**small_settings(small_model, api_key="right"))) as client:
        assert client.post("/v1/rerank", content=b"{{{").status_code == 401


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(watched_files, "_INTERVAL_S", -1.0)
    path = tmp_path / "keys"
    path.write_text(f"# team search\n{sha256('old')}  # until spring\n\n{sha256('other').upper()}\n")
    return path


def test_keys_of_the_file_are_rotated_without_a_restart(file: Path) -> None:
    known = ApiKeys(Settings(api_key_file=file))
    assert known.known("old")
    assert known.known("other")
    file.write_text(f"{sha256('new')} # now\n")
    assert known.known("new")
    assert not known.known("old")


def test_a_caller_s_key_changes_while_the_sidecar_runs(file: Path, small_model: Path) -> None:
    with serving(Settings(**small_settings(small_model, api_key_file=file))) as client:
        for key in ("old", "new"):
            file.write_text(f"{sha256(key)}\n")
            statuses = {
                asked: client.post("/v1/rerank", json=CALL, headers={"Authorization": f"Bearer {asked}"}).status_code
                for asked in ("old", "new")
            }
            assert statuses == {"old": 401, "new": 401} | {key: 200}


@pytest.mark.parametrize("content", ["no hash\n", None])
def test_a_file_that_breaks_leaves_the_keys_as_they_were(
    file: Path, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    known = ApiKeys(Settings(api_key_file=file))
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    with caplog.at_level(logging.ERROR):
        assert known.known("old")
    assert "the last keys stay" in caplog.text


def test_an_emptied_file_locks_everyone_out(file: Path) -> None:
    known = ApiKeys(Settings(api_key_file=file))
    file.write_text("# nobody\n")
    assert not known.known("old")
    assert known.required


def test_a_missing_file_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="key file"):
        ApiKeys(Settings(api_key_file=tmp_path / "nowhere"))


@pytest.mark.parametrize("content", ["", "# nobody yet\n", "\n\n"])
def test_a_file_without_a_key_ends_the_start(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys").write_text(content)
    with pytest.raises(InvalidRequestError, match="holds no key"):
        ApiKeys(Settings(api_key_file=tmp_path / "keys"))


def test_a_line_as_sha256sum_prints_it_is_taken(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{sha256('right')}  -\n{sha256('second').upper()} *-  # binary\n")
    assert ApiKeys(Settings(api_key_file=tmp_path / "keys")).known("right")
    assert ApiKeys(Settings(api_key_file=tmp_path / "keys")).known("second")
    assert ApiKeys(Settings(api_key_sha256=f"{sha256('right')}  -")).known("right")


@pytest.mark.parametrize("key", ["schlüssel", "clé", "ключ", "鍵"])
def test_a_key_beyond_ascii_is_taken_as_the_bytes_that_were_sent(small_model: Path, key: str) -> None:
    with serving(Settings(**small_settings(small_model, api_key=key))) as client:
        sent = {b"Authorization": b"Bearer " + key.encode("utf-8")}
        assert client.post("/v1/rerank", json=CALL, headers=sent).status_code == 200
        assert client.post("/v1/rerank", json=CALL, headers={"Authorization": "Bearer key"}).status_code == 401


def test_a_key_in_latin_1_is_taken(small_model: Path) -> None:
    with serving(Settings(**small_settings(small_model, api_key="clé"))) as client:
        sent = {b"Authorization": "Bearer clé".encode("latin-1")}
        assert client.post("/v1/rerank", json=CALL, headers=sent).status_code == 200
