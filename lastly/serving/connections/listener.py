"""The listening socket: it takes no connection for which the process would lack a file handle."""

import errno
import logging
import os
import resource
import socket
import time
from typing import Any

_RESERVE = 32  # handles kept free for model folders, key files and the like
_PAUSE_S = 1.0  # asyncio tries again after so long
_LINE_S = 60.0  # between two lines of the log
_log = logging.getLogger("lastly")


class PausingListener(socket.socket):
    """A listening socket whose `accept` pauses near the limit on file handles; connections wait in the kernel.

    asyncio stops reading a listener for a second after an EMFILE, but goes on to accept as often as its backlog
    allows before that, with a line of the log for each: of one EMFILE a pause, the rest are told as "nothing there".
    """

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(fileno=listener.detach())
        self._paused_until = self._next_line = 0.0

    def accept(self) -> tuple[socket.socket, Any]:
        """Return a connection and its address; raises BlockingIOError while it pauses."""
        now = time.monotonic()
        if now < self._paused_until:
            raise BlockingIOError
        try:
            self._check_handles()
            return super().accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._paused_until = now + _PAUSE_S / 2
                self._report(now)
            raise

    def _check_handles(self) -> None:
        """Raise EMFILE where the lowest free handle is near the limit."""
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        handle = os.dup(self.fileno())
        os.close(handle)
        if handle >= limit - _RESERVE:
            raise OSError(errno.EMFILE, "near the limit on file handles")

    def _report(self, now: float) -> None:
        if now >= self._next_line:
            self._next_line = now + _LINE_S
            _log.error("new connections wait: the file handles are used up; raise the limit (ulimit -n)")


def ignore_reported(context: dict[str, Any]) -> bool:
    """Return whether an event loop's exception context is asyncio's own report of a pause."""
    error = context.get("exception")
    return isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE) and "socket" in context
