"""h11's HTTP parser, which reads a body only when it is wanted, and not in crumbs."""

from typing import Any

import h11

_PIECES = 1024  # that a body may come in whatever their size
_MEAN_BYTES = 32  # of the pieces of a body that comes in more: parsing one costs as much as a kilobyte of text


class BoundedParser(h11.Connection):
    """Holds a request's body back until `want_body`; refuses one in tiny pieces with RemoteProtocolError."""

    def __init__(self, max_head_bytes: int) -> None:
        super().__init__(h11.SERVER, max_head_bytes)
        self._pieces = self._bytes = 0
        self.holding = False

    @property
    def buffered(self) -> int:
        """Bytes that came and were not parsed."""
        return len(self.trailing_data[0])

    def want_body(self) -> None:
        """Let the body be parsed."""
        self.holding = False

    def next_event(self) -> Any:
        """Return the next event, NEED_DATA instead of a body that nobody wants yet."""
        if self.holding:
            return h11.NEED_DATA
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._pieces = self._bytes = 0
            self.holding = _announces_body(event)
        elif isinstance(event, h11.Data):
            self._count(len(event.data))
        return event

    def _count(self, size: int) -> None:
        self._pieces += 1
        self._bytes += size
        if self._pieces > _PIECES and self._bytes < self._pieces * _MEAN_BYTES:
            raise h11.RemoteProtocolError("the body comes in too many pieces", error_status_hint=413)


def _announces_body(request: h11.Request) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0") for name, value in request.headers
    )
