"""The API keys that are accepted: only their hashes are kept, and their file is read again when it changes."""

import hashlib
import hmac
import logging
from pathlib import Path

from lastly.config import Settings, key_hash
from lastly.errors import InvalidRequestError
from lastly.serving.credentials.watched_files import WatchedFiles

_log = logging.getLogger("lastly")


class ApiKeys:
    """The known keys. Without any the sidecar is open. Raises InvalidRequestError where the file can't be read."""

    def __init__(self, settings: Settings) -> None:
        fixed = set(settings.api_key_sha256)
        if settings.api_key is not None:
            fixed.add(_hashed(settings.api_key.get_secret_value().encode("utf-8", "surrogateescape")))
        self._fixed = frozenset(fixed)
        self._file = KeyFile(settings.api_key_file) if settings.api_key_file else None

    @property
    def required(self) -> bool:
        """Whether callers must send a key; a key file that became empty locks everyone out."""
        return bool(self._fixed) or self._file is not None

    def known(self, key: str) -> bool:
        """Return whether a header's key is one of them, in a time that says nothing about how nearly it is."""
        given = [_hashed(form) for form in _forms(key)]
        hashes = self._fixed | (self._file.hashes() if self._file else frozenset())
        return sum(hmac.compare_digest(form, known) for known in hashes for form in given) > 0


class KeyFile:
    """Hashes of keys, one a line; kept as they were while the file is missing or broken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._watched, self._hashes = WatchedFiles(path), _read(path)
        except (OSError, ValueError) as error:
            raise InvalidRequestError(f"the key file {path} cannot be used: {error}") from error
        if not self._hashes:
            raise InvalidRequestError(f"the key file {path} holds no key: nobody could call; write one sha256 a line")

    def hashes(self) -> frozenset[str]:
        """Return the hashes, after a look at the file at most once a second."""
        try:
            if self._watched.changed():
                self._hashes = _read(self._path)
                _log.info("the key file was read again: %d keys", len(self._hashes))
        except (OSError, ValueError) as error:
            self._watched.retry()
            _log.error("the key file %s cannot be used, the last keys stay: %s", self._path, error)
        return self._hashes


def _read(path: Path) -> frozenset[str]:
    lines = (line.split("#", 1)[0].strip() for line in path.read_text(encoding="utf-8-sig").splitlines())
    return frozenset(_checked(number, line) for number, line in enumerate(lines, 1) if line)


def _checked(number: int, line: str) -> str:
    try:
        return key_hash(line)
    except ValueError:
        raise ValueError(f"line {number} is no sha256 (64 hexadecimal digits)") from None


def _forms(key: str) -> set[bytes]:
    """Return the bytes that a caller may have meant: HTTP knows no encoding, and clients send UTF-8 or Latin-1."""
    sent = key.encode("latin-1", "replace")
    return {sent, key.encode("utf-8", "surrogateescape")}


def _hashed(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()
