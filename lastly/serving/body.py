"""Reads the body of a call whole, within the budget and a time."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import Receive

from lastly.errors import BodyTimeoutError
from lastly.serving.body_budget import BodyBudget, BodyShare


async def read_body(
    headers: Headers, receive: Receive, budget: BodyBudget, share: BodyShare, seconds: float
) -> bytes | None:
    """Return the whole body, None where the caller hung up.

    Raises RequestTooLargeError, OverloadedError or BodyTimeoutError.
    """
    announced = headers.get("content-length", "0")
    budget.check(int(announced) if announced.isdecimal() else 0)
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
