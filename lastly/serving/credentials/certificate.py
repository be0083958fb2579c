"""The certificate of the port: it may be renewed while the server runs."""

import logging
import ssl
import time
from pathlib import Path

_log = logging.getLogger("lastly")
_LOOK_S = 1.0  # how often the files' times are looked at


class Certificate:
    """Takes a renewed certificate and key for new connections; keeps the last ones while the files do not fit."""

    def __init__(self, context: ssl.SSLContext, certificate: Path, key: Path) -> None:
        self._context = context
        self._files = (certificate, key)
        self._seen: list[int] = []
        self._seen = self._times()
        self._looked = time.monotonic()

    def look(self) -> None:
        """Load the files again where they changed; looks at most once a second."""
        if time.monotonic() - self._looked < _LOOK_S:
            return
        self._looked = time.monotonic()
        times = self._times()
        if times != self._seen:
            self._seen = times
            self._load()

    def _load(self) -> None:
        try:
            # A pair that does not fit would leave the context with one half of it.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*self._files)
            self._context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as error:
            _log.error("the renewed certificate cannot be used, the last one stays: %s", error.strerror)
        else:
            _log.info("the certificate was read again")

    def _times(self) -> list[int]:
        try:
            return [file.stat().st_mtime_ns for file in self._files]
        except OSError:  # just being replaced
            return self._seen
