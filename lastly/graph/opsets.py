"""Reads the operator sets that an ONNX file imports, from the top level of its protobuf: no onnx package is needed."""

from pathlib import Path

from lastly.errors import ModelFolderError

_OPSET_IMPORT = 8  # field of ModelProto; inside: 1 domain, 2 version


def opsets(file: Path) -> dict[str, int]:
    """Return the version of each operator domain ("ai.onnx" for the standard one). Raises ModelFolderError."""
    try:
        data = file.read_bytes()
        parts = [value for field, value in _fields(data) if field == _OPSET_IMPORT]
        imports = [dict(_fields(value)) for value in parts if isinstance(value, bytes)]
        return {bytes(each.get(1, b"")).decode() or "ai.onnx": int(each.get(2, 0)) for each in imports}
    except (OSError, IndexError, ValueError, TypeError) as error:
        raise ModelFolderError(f"{file} is not an ONNX graph; export the model again") from error


def _fields(data: bytes) -> list[tuple[int, bytes | int]]:
    found: list[tuple[int, bytes | int]] = []
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        value: bytes | int
        if tag & 7 == 0:
            value, place = _varint(data, place)
        elif tag & 7 == 2:
            length, place = _varint(data, place)
            value, place = data[place : place + length], place + length
        else:
            raise ValueError("no such field in an ONNX file's top level")
        found.append((tag >> 3, value))
    return found


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value, place, shift = value | (byte & 127) << shift, place + 1, shift + 7
        if byte < 128:
            return value, place
