"""What the suites that are written once need to know of an engine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.kit.engines.engine import Engine
from tests.kit.nodes.search_node import SearchNode

Command = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Kind:
    """One engine: its node, its client, the command line that wires it, and what it spells in a way of its own."""

    node: type[SearchNode]
    connect: Callable[[str], Engine]
    attach: Command
    status: Command
    detach: Command
    vector: dict[str, Any]
    open_point_in_time: Callable[[Engine, str], str]
