"""Which API keys are known: only their hashes are kept, and the file of them is read again when it changes."""

import hashlib
import hmac
import logging
import re
import time
from pathlib import Path

from lastly.config import Settings
from lastly.errors import InvalidRequestError

_log = logging.getLogger("lastly")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LOOK_S = 1.0  # how often the file's time is looked at


class Keys:
    """The known keys. Without any the sidecar is open. Raises InvalidRequestError where the file can't be read."""

    def __init__(self, settings: Settings) -> None:
        fixed = set(settings.api_key_sha256)
        if settings.api_key is not None:
            fixed.add(_hashed(settings.api_key.get_secret_value()))
        self._fixed = frozenset(fixed)
        self._file = KeyFile(settings.api_key_file) if settings.api_key_file else None

    @property
    def required(self) -> bool:
        """Whether callers must send a key; a key file that became empty locks everyone out."""
        return bool(self._fixed) or self._file is not None

    def known(self, key: str) -> bool:
        """Tell whether a key is one of them; the time taken says nothing about how nearly it is."""
        given = _hashed(key)
        hashes = self._fixed | (self._file.hashes() if self._file else frozenset())
        return sum(hmac.compare_digest(given, known) for known in hashes) > 0


class KeyFile:
    """Hashes of keys, one a line; kept as they were while the file is missing or broken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = 0
        self._looked = time.monotonic()
        try:
            self._seen, self._hashes = path.stat().st_mtime_ns, _read(path)
        except (OSError, ValueError) as error:
            raise InvalidRequestError(f"the key file {path} cannot be used: {error}") from error

    def hashes(self) -> frozenset[str]:
        """Give the hashes, after a look at the file at most once a second."""
        if time.monotonic() - self._looked > _LOOK_S:
            self._looked = time.monotonic()
            self._look()
        return self._hashes

    def _look(self) -> None:
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._seen:
                self._seen, self._hashes = changed, _read(self._path)
                _log.info("the key file was read again: %d keys", len(self._hashes))
        except (OSError, ValueError) as error:
            _log.error("the key file %s cannot be used, the last keys stay: %s", self._path, error)


def _read(path: Path) -> frozenset[str]:
    lines = (line.split("#", 1)[0].strip().lower() for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(_checked(number, line) for number, line in enumerate(lines, 1) if line)


def _checked(number: int, line: str) -> str:
    if not _SHA256.fullmatch(line):
        raise ValueError(f"line {number} is no sha256 (64 hexadecimal digits)")
    return line


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
