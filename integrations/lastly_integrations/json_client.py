"""JSON over HTTP(S) to one server: a deadline for the whole call, a bound on the answer, no redirects."""

import asyncio
import json
import os
import socket
import ssl
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeVar

import httpx

from lastly.errors import InvalidRequestError, NotReadyError
from lastly_integrations.server_url import ServerUrl

T = TypeVar("T")

_CONNECT_S = 1.0


@dataclass(frozen=True, repr=False)
class JsonClient:
    """Calls a server by its base URL; `https://user:password@host:9200/path` sends Basic authorization.

    `key` is sent as a bearer token. `ca` is a PEM file of the authorities to trust in the place of the system's,
    `verify=False` takes any certificate (a test cluster's own). `timeout_s` bounds a call from its connection to the
    last byte of the answer, `maximum_bytes` the answer.
    """

    url: str
    key: str | None = None
    timeout_s: float = 30.0
    verify: bool = True
    ca: str = ""
    maximum_bytes: int = 256 << 20
    _server: ServerUrl = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Raise InvalidRequestError for what is not an http or https URL, or a file without certificates."""
        object.__setattr__(self, "_server", ServerUrl.parse(self.url))
        _tls(self._server.secure, self.verify, self.ca)

    def __repr__(self) -> str:
        """Show the address alone: URL and key hold secrets."""
        return f"JsonClient({self.shown})"

    def signed_in(self, user: str, password: str) -> "JsonClient":
        """Return the same client with a user and a password, in the place of the URL's own."""
        return replace(self, url=self._server.with_user(user, password))

    @property
    def shown(self) -> str:
        """The URL without user and password."""
        return self._server.shown

    def reachable(self) -> bool:
        """Whether the server takes a connection, within a second."""
        try:
            socket.create_connection((self._server.host, self._server.port), timeout=_CONNECT_S).close()
        except (OSError, UnicodeError):
            return False
        return True

    def call(self, method: str, path: str, body: Any = None, lines: Sequence[Any] = ()) -> tuple[int, Any]:
        """Return status and parsed answer; `lines` are sent as a JSON text each, a body's way for many documents.

        Raises NotReadyError where the server can't be reached, is late, sends elsewhere or answers no JSON.
        """
        content = b"" if body is None else json.dumps(body).encode()
        if lines:
            content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        return self.send(method, path, content)

    def send(self, method: str, path: str, content: bytes, content_type: str = "application/json") -> tuple[int, Any]:
        """Send bytes as they are; returns and raises what `call` does."""
        try:
            status, answer = _run(self._exchange(method, path, content, content_type))
        except TimeoutError as error:
            raise self._unreachable(f"no whole answer within {self.timeout_s:g} s") from error
        except (OSError, UnicodeError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(_why(error)) from error
        return status, self._parse(answer)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Raise NotReadyError where an answer that is read has another form than was expected."""
        try:
            yield
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise NotReadyError(f"{self.shown} answered in an unknown form; is this the right address?") from error

    async def _exchange(self, method: str, path: str, content: bytes, content_type: str) -> tuple[int, bytes]:
        # httpx bounds each read, so that a byte now and then would keep a call alive for ever: hence the outer timeout.
        # The path goes past httpx' URL, which would resolve dots in it and would be logged with the query's text.
        tls = _tls(self._server.secure, self.verify, self.ca)
        target = {"target": (self._server.path + path).encode("ascii")}
        async with (
            asyncio.timeout(self.timeout_s),
            httpx.AsyncClient(verify=tls, trust_env=False, timeout=None) as client,  # noqa: S113  the line above
            client.stream(
                method, self._server.origin, content=content, headers=self._headers(content_type), extensions=target
            ) as response,
        ):
            if response.has_redirect_location:
                raise NotReadyError(
                    f"{self.shown} sends to another address ({response.status_code}), which is not followed; "
                    "name the server itself"
                )
            return response.status_code, await self._read(response)

    async def _read(self, response: httpx.Response) -> bytes:
        answer = bytearray()
        async for chunk in response.aiter_raw():
            answer += chunk
            if len(answer) > self.maximum_bytes:
                raise NotReadyError(f"{self.shown} answers with more than {self.maximum_bytes} bytes; ask for less")
        return bytes(answer)

    def _headers(self, content_type: str) -> dict[str, str]:
        # Answers stay as they are: what is packed could unfold to more than the bound.
        headers = {"Content-Type": content_type, "Accept": "application/json", "Accept-Encoding": "identity"}
        authorization = f"Bearer {self.key}" if self.key else self._server.basic_authorization
        return {**headers, "Authorization": authorization} if authorization else headers

    def _parse(self, answer: bytes) -> Any:
        try:
            return json.loads(answer) if answer.strip() else {}
        except (ValueError, RecursionError) as error:
            raise NotReadyError(f"{self.shown} answered something that is not JSON; is this the right port?") from error

    def _unreachable(self, why: str) -> NotReadyError:
        return NotReadyError(f"{self.shown} cannot be reached ({why}); is it running?")


def _run(call: Coroutine[Any, Any, T]) -> T:
    """Run a call to its end, in a thread of its own where this one runs a loop already (a notebook, a browser test)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run_in_loop(call)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_run_in_loop, call).result()


def _run_in_loop(call: Coroutine[Any, Any, T]) -> T:
    """Run a call in a new loop. Closing it doesn't wait for a name that is still looked up; asyncio.run would."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(call)
    finally:
        loop.close()


@lru_cache
def _tls(secure: bool, verify: bool, ca: str) -> ssl.SSLContext:
    """Return what certificates are checked with, and keep it: reading the system's authorities takes long."""
    if not secure:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context = ssl.create_default_context(cafile=ca or None)
    except OSError as error:  # a file of something else is an SSLError, which is one
        raise InvalidRequestError(f"{ca} holds no certificates in PEM form, or can't be read") from error
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _why(error: BaseException) -> str:
    """Return the operating system's words for what lies at the bottom of an error, or the error's kind."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionError) and cause.errno:  # asyncio puts words of its own into these
            return os.strerror(cause.errno)
        if words := getattr(cause, "strerror", None):
            return str(words)
        # Of several addresses that were tried, the first one's error stands for all.
        first = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else None
        cause = first or cause.__cause__ or cause.__context__
    return type(error).__name__
