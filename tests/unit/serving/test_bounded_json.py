"""Of a body only what a form knows is built; what JSON allows is read as Python's own parser reads it."""

import json
import random
import subprocess
import sys
from typing import Any

import pytest

from lastly.errors import InvalidRequestError, MalformedRequestError
from lastly.serving.dialects.bounded_json import read_object

NAMES, LISTS = frozenset({"query", "documents", "top_n", "flag"}), frozenset({"documents"})


def read(body: str | bytes, most: int = 10) -> dict[str, Any]:
    return read_object(body.encode() if isinstance(body, str) else body, NAMES, LISTS, most)


def test_known_fields_are_read_and_others_skipped() -> None:
    body = {"query": "q", "x": [[{}]], "documents": ["a", {"text": "b", "y": [1]}], "top_n": 2.0, "flag": None}
    expected = {"query": "q", "documents": ["a", {"text": "b"}], "top_n": 2.0, "flag": None}
    assert read(json.dumps(body)) == expected


def test_of_a_list_one_item_over_the_limit_is_read() -> None:
    assert read(json.dumps({"documents": ["a"] * 500})) == {"documents": ["a"] * 11}


@pytest.mark.parametrize("value", ["[[1, 2]]", '{"a": {}}'])
def test_a_tree_in_the_place_of_a_value_is_not_built(value: str) -> None:
    assert read(f'{{"query": {value}}}') == {"query": json.loads(value[0] + {"[": "]", "{": "}"}[value[0]])}


@pytest.mark.parametrize(
    "body", ["", "{", '{"query": }', '{"query": NaN}', b'{"query": "\xff"}', '{"x": ' + "[" * 100_000, "{}x"]
)
def test_what_is_no_json_is_malformed(body: str | bytes) -> None:
    with pytest.raises(MalformedRequestError):
        read(body)


def test_what_is_nested_too_deeply_is_malformed_even_where_it_is_skipped() -> None:
    with pytest.raises(MalformedRequestError):
        read('{"x": ' + "[" * 100_000 + "]" * 100_000 + "}")


@pytest.mark.parametrize("body", ["[1]", "1", '"text"', '{"documents": [["a"]]}', '{"top_n": ' + "1" * 5000 + "}"])
def test_what_has_the_wrong_form_is_invalid_and_not_repeated(body: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        read(body)
    assert "text" not in str(refused.value) or "a text" in str(refused.value)


def test_any_text_is_read_as_by_python_with_halves_of_pairs_replaced() -> None:
    rng = random.Random(0)
    pieces = ("\ud800", "\udfff", "🍵", "\\", "\\u", "d800", "\n", '"', "é", "a", "\x00")
    for _ in range(3000):
        text = "".join(rng.choices(pieces, k=rng.randint(0, 6)))
        expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        assert read(json.dumps({"query": text})) == {"query": expected}


MEASURE = """
import resource, sys
from lastly.serving.dialects.bounded_json import read_object
body = eval(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_object(body, frozenset({"query", "documents"}), frozenset({"documents"}), 1000)
except Exception as error:
    print(type(error).__name__, file=sys.stderr)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
MILLIONS = 3_000_000


@pytest.mark.parametrize(
    "body",
    [
        f"b'{{\"x\":[' + b'[],' * {MILLIONS} + b'[]]}}'",
        f"b'{{\"documents\":[' + b'[],' * {MILLIONS} + b'[]]}}'",
        f"b'{{\"documents\":[' + b'\"ab\",' * {MILLIONS} + b'\"\"]}}'",
        f"b'{{\"query\":[' + b'{{}},' * {MILLIONS} + b'{{}}]}}'",
        f'b\'{{"documents":[{{"text":"a","x":[\' + b\'1,\' * {MILLIONS} + b\'1]}}]}}\'',
    ],
)
def test_a_body_takes_memory_by_its_size_whatever_it_holds(body: str) -> None:
    run = subprocess.run([sys.executable, "-c", MEASURE, body], capture_output=True, text=True, timeout=120, check=True)
    assert int(run.stdout) < 40, run.stderr  # MB, for bodies of 6 to 15 MB
