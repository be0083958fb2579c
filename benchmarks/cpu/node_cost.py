"""What searches cost: their time as a caller sees it, and the processor time of the node that answers them."""

import argparse
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

PASSES = 6
# Searches of each way before those that count. After 1,200 the just-in-time compiler still took most of a node's
# processor time: 9 ms a reranked search of one client, against 2.5 ms later.
WARM = 6000
PACE_S = 0.25
# Clients, and the time from one search of a client to its next: one alone, several that leave the machine some rest,
# several at once.
LOADS = ((1, 0.0), (16, PACE_S), (16, 0.0))


class Caller(Protocol):
    """One connection."""

    def search(self, number: int) -> float:
        """Return the milliseconds of one search."""
        ...


class Node(Protocol):
    """What answers searches."""

    def cpu_seconds(self) -> float:
        """Return the processor time that it has taken."""
        ...


@dataclass
class Way:
    """One kind of search, and what was measured of it."""

    name: str
    node: Node
    connect: Callable[[], Caller]
    times_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    @property
    def median_ms(self) -> float:
        """The median time."""
        return statistics.median(self.times_ms)

    @property
    def p99_ms(self) -> float:
        """The time that one search in a hundred exceeds."""
        return statistics.quantiles(self.times_ms, n=100)[98]

    @property
    def cpu_ms(self) -> float:
        """The node's processor time of one search."""
        return 1000 * self.cpu_s / len(self.times_ms)


def measure(ways: Sequence[Way], clients: int, searches: int, pause_s: float = 0) -> None:
    """Search by every way in turn, several times over, so that the machine's other work meets all of them alike.

    `searches` is the number for each way, `pause_s` the time from one search of a client to its next (0: at once).
    """
    for way in ways:
        way.times_ms.clear()
        way.cpu_s = 0
    for _ in range(PASSES):
        for way in ways:
            _pass(way, clients, max(searches // PASSES // clients, 1), pause_s)


def add_flags(flags: argparse.ArgumentParser) -> None:
    """Add how many searches are made."""
    flags.add_argument("--searches", type=int, default=1200, help="of each way")
    flags.add_argument("--warm", type=int, default=WARM, help="searches of each way before those that count")


def under_loads(ways: Sequence[Way], searches: int, warm: int) -> Iterator[tuple[int, list[list[str]]]]:
    """Warm the nodes, then measure under each of LOADS; return its clients and its rows."""
    measure(ways, 4, warm)
    for clients, pause in LOADS:
        measure(ways, clients, searches, pause)
        yield clients, rows(f"{clients}, {1 / pause:.0f} searches/s each" if pause else str(clients), ways)


def rows(clients: str, ways: Sequence[Way]) -> list[list[str]]:
    """Return a row for each way, its times against those of the first."""
    base = ways[0]
    return [
        [
            clients,
            way.name,
            f"{way.median_ms:.2f}",
            f"{way.p99_ms:.2f}",
            f"{way.median_ms - base.median_ms:+.2f}",
            f"{way.p99_ms - base.p99_ms:+.2f}",
            f"{way.cpu_ms:.2f}",
        ]
        for way in ways
    ]


def _pass(way: Way, clients: int, searches: int, pause_s: float) -> None:
    def work(client: int) -> None:
        caller = way.connect()
        caller.search(client)  # opens the connection
        ready.wait()
        begun = time.monotonic() + pause_s * client / clients
        for number in range(searches):
            time.sleep(max(0.0, begun + pause_s * number - time.monotonic()))
            way.times_ms.append(caller.search(client + number))

    before = 0.0

    def begin() -> None:
        nonlocal before
        before = way.node.cpu_seconds()

    ready = threading.Barrier(clients, begin)
    threads = [threading.Thread(target=work, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    way.cpu_s += way.node.cpu_seconds() - before
