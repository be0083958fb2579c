"""JSON over HTTP(S) to one server, with a deadline and a bound on the answer."""

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from lastly.errors import InvalidRequestError, NotReadyError

_MAXIMUM_BYTES = 256 << 20
_LOOK_S = 1.0


@dataclass(frozen=True)
class JsonServer:
    """A server by its base URL; `https://user:password@host:9200/path` sends Basic authorization.

    `key` is sent as a bearer token. `verify=False` takes any certificate (a test cluster's own).
    """

    url: str
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 30.0
    verify: bool = True

    def __post_init__(self) -> None:
        """Raise InvalidRequestError for what is not an http or https URL."""
        try:
            parts = urlsplit(self.url)
            named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is no number, a bracket that is not closed
            named = False
        if not named:
            raise InvalidRequestError("a server is named by its URL, such as http://127.0.0.1:9200")

    def signed_in(self, user: str, password: str) -> "JsonServer":
        """Give the same server with a user and a password, in the place of the URL's own."""
        parts = urlsplit(self.url)
        at = f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"
        return replace(self, url=parts._replace(netloc=at).geturl())

    @property
    def shown(self) -> str:
        """The URL without user and password."""
        parts = urlsplit(self.url)
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"

    def reachable(self) -> bool:
        """Whether it takes a connection, within a second."""
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            socket.create_connection((str(parts.hostname), port), timeout=_LOOK_S).close()
        except (OSError, UnicodeError):
            return False
        return True

    def call(self, method: str, path: str, body: Any = None, lines: Sequence[Any] = ()) -> tuple[int, Any]:
        """Give status and parsed answer; `lines` are sent as a JSON text each, a body's way for many documents.

        Raises NotReadyError where the server can't be reached or answers no JSON.
        """
        connection = self._connection()
        try:
            encoded = None if body is None else json.dumps(body).encode()
            if lines:
                encoded = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
            connection.request(method, urlsplit(self.url).path.rstrip("/") + path, encoded, self._headers())
            response = connection.getresponse()
            return response.status, _parse(response.read(_MAXIMUM_BYTES), self.shown)
        except (OSError, UnicodeError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise NotReadyError(f"{self.shown} cannot be reached ({reason}); is it running?") from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        host = str(parts.hostname)
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, parts.port, timeout=self.timeout_s)
        context = ssl.create_default_context()
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(host, parts.port, timeout=self.timeout_s, context=context)

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        parts = urlsplit(self.url)
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        elif parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return headers


def _parse(content: bytes, shown: str) -> Any:
    try:
        return json.loads(content) if content.strip() else {}
    except ValueError as error:
        raise NotReadyError(f"{shown} answered something that is not JSON; is this the right port?") from error
