"""Reads the body of a call whole, within the budget and a time."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import Receive

from lastly.errors import BodyTimeoutError
from lastly.serving.body_budget import BodyBudget, BodyShare


def has_body(headers: Headers) -> bool:
    """Return whether a request's head announces a body."""
    return announced_bytes(headers) > 0 or "transfer-encoding" in headers


def announced_bytes(headers: Headers) -> int:
    """Return the length that a request's head announces, 0 where it names none."""
    announced = headers.get("content-length", "0")
    return int(announced) if announced.isdecimal() else 0


async def read_body(
    headers: Headers, receive: Receive, budget: BodyBudget, share: BodyShare, seconds: float
) -> bytes | None:
    """Return the whole body, None where the caller hung up.

    Raises RequestTooLargeError, OverloadedError or BodyTimeoutError.
    """
    budget.check(announced_bytes(headers))
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, share)
    except TimeoutError:
        raise BodyTimeoutError(f"the body took over {seconds:g} s; send it faster or smaller") from None


async def _read(receive: Receive, share: BodyShare) -> bytes | None:
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        share.add(len(chunks[-1]))
        more = message.get("more_body", False)
    return b"".join(chunks)
