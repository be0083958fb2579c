"""Reads the fields of a JSON object that a form knows, and builds nothing of what else a body holds.

A tree of everything took 23 times a body's bytes, and seconds of every other call's time.
"""

import re
from collections.abc import Collection
from functools import cache
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from lastly.errors import InvalidRequestError, MalformedRequestError

_NOT_JSON = "the body is not JSON"
_SCALAR_BYTES = 256  # of a number, true, false or null
_LONE_SURROGATE = re.compile(
    rb"(?<!\\)((?:\\\\)*)\\u(?:[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB]..\\u)[dD][c-fC-F][0-9a-fA-F]{2})"
)


class _Document(msgspec.Struct):
    text: str | int | float | bool | UnsetType | None = UNSET


_Item = str | int | float | bool | _Document | UnsetType | None


def read_object(body: bytes, names: Collection[str], lists: Collection[str], most: int) -> dict[str, Any]:
    """Return those of `names` that a body holds; of `lists` at most `most` + 1 items, texts or objects with one.

    What has the wrong type comes as an empty list or object, or as it is, for the form to refuse. Raises
    MalformedRequestError for what is no JSON or too deep, InvalidRequestError for what is no object.
    """
    fields = _decoded(_fields(frozenset(names)), _with_whole_surrogates(body))
    found = {name: raw for name in names if (raw := bytes(getattr(fields, name)))}
    return {name: _list(raw, most) if name in lists else _scalar(raw) for name, raw in found.items()}


def _with_whole_surrogates(body: bytes) -> bytes:
    """Put U+FFFD for halves of surrogate pairs, which JSON can carry and UTF-8 cannot."""
    if b"\\ud" not in body and b"\\uD" not in body:
        return body
    return _LONE_SURROGATE.sub(rb"\1\\ufffd", body)


def _list(raw: bytes, most: int) -> Any:
    if not raw.startswith(b"["):
        return _scalar(raw)
    items = msgspec.structs.astuple(_decoded(_items(most + 1), raw))
    return [_plain(item) for item in items if item is not UNSET]


def _plain(item: Any) -> Any:
    if not isinstance(item, _Document):
        return item
    return {} if item.text is UNSET else {"text": item.text}


def _scalar(raw: bytes) -> Any:
    if raw[:1] in b"[{":
        return [] if raw.startswith(b"[") else {}
    if not raw.startswith(b'"') and len(raw) > _SCALAR_BYTES:
        raise InvalidRequestError("a number of the body has too many digits")
    return _decoded(_anything(), raw)


def _decoded(decoder: "msgspec.json.Decoder[Any]", raw: bytes) -> Any:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError:
        raise InvalidRequestError(
            "the body is no object, or a document is neither a text nor an object with a text"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        raise MalformedRequestError(_NOT_JSON) from None


@cache
def _fields(names: frozenset[str]) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(msgspec.defstruct("Fields", [(name, Raw, Raw(b"")) for name in sorted(names)]))


@cache
def _items(most: int) -> "msgspec.json.Decoder[Any]":
    """Return what reads the first items of a list: of a struct in the form of a list, further ones are skipped."""
    items = [(f"item_{place}", _Item, UNSET) for place in range(most)]
    return msgspec.json.Decoder(msgspec.defstruct("Items", items, array_like=True))


@cache
def _anything() -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder()
