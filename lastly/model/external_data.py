"""Which files an ONNX graph takes its weights from."""

import mmap
import re
from pathlib import Path

_LOCATION = re.compile(rb"\x0a\x08location\x12([\x00-\xff]{1,3})")  # StringStringEntryProto: key, then value
_LONGEST = 4096


def locations(graph: Path) -> set[str]:
    """Return the paths, as the graph writes them, of the files that hold its external data. Raises OSError."""
    with graph.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return {_text(data, match.start(1)) for match in _LOCATION.finditer(data)}


def _text(data: mmap.mmap, place: int) -> str:
    length = shift = 0
    while True:
        byte = data[place]
        length, place, shift = length | (byte & 127) << shift, place + 1, shift + 7
        if byte < 128 or shift > 14:
            return data[place : place + min(length, _LONGEST)].decode("utf-8", "replace")
