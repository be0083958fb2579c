"""What the suites that are written once need to know of an engine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.engines.engine import Engine
from tests.engines.nodes.search_node import SearchNode

Command = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Kind:
    """One engine: its node, its client, the command line that wires it, and how it maps a vector."""

    node: type[SearchNode]
    connect: Callable[[str], Engine]
    attach: Command
    status: Command
    detach: Command
    vector: dict[str, Any]
