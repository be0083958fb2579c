"""Which names the lab answers to: a foreign site can make its own name resolve to the lab's address (DNS rebinding)."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from lastly.errors import MalformedRequestError
from lastly.serving.connections.addresses import is_address
from lastly.serving.error_responses import error_response


class AllowedHosts:
    """Refuses requests whose `Host` is a name that the lab was not told.

    IP addresses and `localhost` are always answered: a page that was loaded from one of them is the lab's own.
    """

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        self._app = app
        self._names = {name.lower() for name in names} | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with 400."""
        if scope["type"] != "http" or self._allowed(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
            return
        error = MalformedRequestError("the lab does not answer to this host; start it with --allowed-host NAME")
        await (await error_response(Request(scope), error))(scope, receive, send)

    def _allowed(self, host: str) -> bool:
        name = _without_port(host.lower())
        return name in self._names or is_address(name)


def _without_port(host: str) -> str:
    if host.startswith("["):  # an IPv6 address
        address, _, rest = host[1:].partition("]")
        return address if not rest or rest.startswith(":") else ""
    return host.partition(":")[0]
