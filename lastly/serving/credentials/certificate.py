"""The certificate of the port: it may be renewed while the server runs."""

import logging
import ssl
from pathlib import Path

from lastly.serving.credentials.watched_files import WatchedFiles

_log = logging.getLogger("lastly")


class Certificate:
    """Takes a renewed certificate and key for new connections; keeps the last ones while the files do not fit."""

    def __init__(self, context: ssl.SSLContext, certificate: Path, key: Path) -> None:
        self._context = context
        self._files = (certificate, key)
        self._watched = WatchedFiles(certificate, key)

    def refresh(self) -> None:
        """Load the files again where they changed; looks at most once a second."""
        try:
            if self._watched.changed():
                self._load()
        except FileNotFoundError:  # just being replaced
            return

    def _load(self) -> None:
        try:
            # A pair that does not fit would leave the context with one half of it.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*self._files)
            self._context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as error:
            _log.error("the renewed certificate cannot be used, the last one stays: %s", error.strerror)
        else:
            _log.info("the certificate was read again")
