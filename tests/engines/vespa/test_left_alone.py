"""Searches that must not be reordered: the sidecar is never asked, the answer is the first stage's."""

from typing import Any

import pytest

from tests.kit.sidecars.lying import LyingSidecar
from tests.kit.vespa.container import Container

QUESTION = "how do I read a file line by line?"


@pytest.mark.parametrize(
    "parameters",
    [
        {"where": "userInput(@text) order by length desc"},
        {"sorting": "+length"},
        {"where": "userInput(@text) | all(group(category) each(output(count())))"},
        {"hits": 0},
        {"where": "userInput(@text) limit 0"},
        {"where": "true"},
        {"where": "length > 200"},
        {"where": 'category contains "io"'},
        {"where": '({filter:true} text contains "file")'},
        {"where": '({ranked:false} text contains "file")'},
        {"warmup": True},
        {"lastly__enabled": False},
    ],
    ids=str,
)
def test_it_is_left_alone(vespa: Container, sidecar: LyingSidecar, parameters: dict[str, Any]) -> None:
    reranked = vespa.search(QUESTION, **parameters)
    first = vespa.search(QUESTION, **{**parameters, "lastly__enabled": False})
    assert sidecar.calls == []
    assert reranked.status == 200
    assert reranked.body == first.body


@pytest.mark.parametrize(
    ("where", "text", "asked"),
    [
        ("userInput(@text)", "Where is os.path joined?", "Where is os.path joined?"),
        ('title contains "socket" and text contains "address"', "", "socket address"),
        ('title contains phrase("text", "file")', "", "text file"),
        ('rank(text contains "socket", title contains "server")', "", "socket server"),
        ('text contains "socket" and !(text contains "server")', "", "socket"),
        ('userInput(@text) and category contains "socket"', "send bytes", "send bytes"),
        ('userInput(@text) and ({filter:true} text contains "file")', "read lines", "read lines"),
        ('userInput(@text) or title contains "lines"', "read lines", "read lines lines"),
        ("userInput(@text)", 'open "text file" -binary', "open text file"),
        ("userInput(@text)", "title:socket server", "socket server"),
        ("userInput(@text) and length > 50", "read 3 lines", "read 3 lines"),
    ],
)
def test_the_text_is_that_of_the_scoring_clauses(
    vespa: Container, sidecar: LyingSidecar, where: str, text: str, asked: str
) -> None:
    vespa.search(text, where)
    assert [call.body["query"] for call in sidecar.calls] == [asked]


def test_the_simple_query_language_works_too(vespa: Container, sidecar: LyingSidecar) -> None:
    found = vespa.get("/search/?query=how+do+I+read+lines%3F&type=weakAnd&timeout=5s")
    assert found.hits
    assert sidecar.calls[0].body["query"] == "how do I read lines?"
