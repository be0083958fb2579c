"""Servers of one test that answer with whatever bytes a script sends: slow, endless, silent, or no HTTP at all."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket], None]


class Caught(list[bytes]):
    """The heads of the requests that came."""


@contextmanager
def serving(script: Script, tls: ssl.SSLContext | None = None, family: int = socket.AF_INET) -> Iterator[int]:
    """Let a script answer each connection; return the port."""
    with socket.create_server(("127.0.0.1" if family == socket.AF_INET else "::1", 0), family=family) as server:

        def serve() -> None:
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:  # the test is over
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                if tls is None:
                    script(connection)
                else:
                    with tls.wrap_socket(connection, server_side=True) as secured:
                        script(secured)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def request_head(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    return received


def saying(answer: bytes, caught: Caught | None = None) -> Script:
    def script(connection: socket.socket) -> None:
        head = request_head(connection)
        if caught is not None:
            caught.append(head)
        connection.sendall(answer)

    return script


def json_answer(body: bytes, status: str = "200 OK", headers: bytes = b"") -> bytes:
    length = str(len(body)).encode()
    return b"HTTP/1.1 " + status.encode() + b"\r\nContent-Length: " + length + b"\r\n" + headers + b"\r\n" + body


def dripping(before: bytes, byte: bytes) -> Script:
    def script(connection: socket.socket) -> None:
        request_head(connection)
        connection.sendall(before)
        while True:
            connection.sendall(byte)
            time.sleep(0.05)

    return script


def silent(connection: socket.socket) -> None:
    request_head(connection)
    time.sleep(30)


ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n"
