"""Routes whose bodies are read within bounds: only what a rerank call's forms know of, in memory by its own size."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from lastly.serving.dialects.bounded_json import read_object
from lastly.serving.dialects.cohere import CohereRequest
from lastly.serving.dialects.jina import RerankRequest
from lastly.serving.dialects.tei import TeiRequest
from lastly.serving.service import Service

BODY = "body"  # of a request's state: the bytes, until they are parsed
_NAMES = frozenset(name for form in (RerankRequest, CohereRequest, TeiRequest) for name in form.model_fields)
_LISTS = frozenset({"documents", "texts"})
_ON_THE_LOOP = 1 << 16  # bytes: a smaller body takes less than a millisecond of it
_parser = ThreadPoolExecutor(1, "parse")  # one: what parsing takes of memory is taken once, however many bodies came

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class BoundedRoute(APIRoute):
    """A route that validates the known fields of a body, and drops its bytes before the call waits."""

    def get_route_handler(self) -> Handler:
        """Return FastAPI's own handler, for a request whose body is parsed already."""
        handler = super().get_route_handler()

        async def parsed_first(request: Request) -> Response:
            return await handler(await _ParsedRequest.of(request))

        return parsed_first


class _ParsedRequest(Request):
    """A request that tells FastAPI the fields in place of the body."""

    _fields: dict[str, Any] | None = None

    @classmethod
    async def of(cls, request: Request) -> "_ParsedRequest":
        """Parse a request's body; raises MalformedRequestError, InvalidRequestError or RequestTooLargeError."""
        parsed = cls(request.scope, request.receive)
        body: bytes = request.scope["state"].pop(BODY)
        if body:
            service: Service = request.app.state.service
            read = partial(_read, body, service)
            at_once = len(body) <= _ON_THE_LOOP
            parsed._fields = read() if at_once else await asyncio.get_running_loop().run_in_executor(_parser, read)
        return parsed

    async def body(self) -> bytes:
        """Return something where there was a body."""
        return b"" if self._fields is None else b"{}"

    async def json(self) -> Any:
        """Return the known fields."""
        return self._fields


def _read(body: bytes, service: Service) -> dict[str, Any]:
    fields = read_object(body, _NAMES, _LISTS, service.settings.max_documents)
    for name in _LISTS & fields.keys():
        if isinstance(fields[name], list):
            service.check_count(len(fields[name]))
    return fields
