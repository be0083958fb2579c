"""Acts on the head of an answer, before it is sent."""

from collections.abc import Awaitable, Callable

from starlette.types import Message, Send


def at_response_start(send: Send, act: Callable[[Message], None]) -> Callable[[Message], Awaitable[None]]:
    """Return a `send` that calls `act` with the message that starts the answer."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            act(message)
        await send(message)

    return sent
