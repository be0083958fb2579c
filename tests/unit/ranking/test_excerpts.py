"""What is read of long documents: the beginning, and the parts that hold the query's words."""

import math
import random
from collections.abc import Hashable, Sequence

from lastly.ranking.excerpts import Parts, excerpts
from lastly.ranking.steps import finish

FILLER = [f"the w{n}" for n in range(1000)]  # two words each, "the" everywhere


def _text(**answers: int) -> str:
    words = list(FILLER)
    for word, place in answers.items():
        words[place] = f"the {word}"
    return " ".join(words)


def _beginning(text: str, words: int = 100) -> str:
    return " ".join(text.split()[:words])


def _excerpt(query: str, text: str, words: int = 100, others: Sequence[str] = ()) -> str:
    """Of a text among others, which are short."""
    return finish(excerpts(query, [text, *others], {0: _beginning(text, words)}))[0]


def test_the_parts_with_the_querys_words_are_read_beside_the_beginning() -> None:
    text = _text(Ceylon=300, Minister=700)
    words = _excerpt("the minister of ceylon?", text).split()
    assert words[:38] == text.split()[:38]
    assert words.index("Ceylon") < words.index("Minister")
    assert 80 <= len(words) <= 100


def test_a_text_without_the_querys_words_is_cut_to_its_beginning() -> None:
    text = _text()
    for query in ("nothing", "the nothing", "?", ""):
        assert _excerpt(query, text) == _beginning(text)


def test_a_rare_word_counts_more_than_one_that_stands_everywhere() -> None:
    text = _text(radar=900)
    assert "radar" in _excerpt("the radar", text).split()


def test_what_every_candidate_speaks_of_counts_less_than_what_one_says() -> None:
    text = _text(Vietnam=300, Ceylon=400)
    query, room_for_one = "vietnam ceylon", 45
    assert "Vietnam" in _excerpt(query, text, room_for_one).split()  # alone: both are as rare, the first is read
    others = ["the war in Vietnam"] * 20
    found = _excerpt(query, text, room_for_one, others).split()
    assert "Ceylon" in found
    assert "Vietnam" not in found


def test_of_one_text_alone_a_word_that_the_beginning_holds_too_counts_less() -> None:
    text = "Vietnam " + _text(Vietnam=300, Ceylon=400)
    assert "Ceylon" in _excerpt("vietnam ceylon", text, 45).split()


def test_equal_candidates_are_read_alike_and_as_one_alone() -> None:
    text = _text(Ceylon=300, Minister=700)
    beginnings = dict.fromkeys(range(3), _beginning(text))
    assert set(finish(excerpts("minister of ceylon", [text] * 3, beginnings)).values()) == {
        _excerpt("minister of ceylon", text)
    }


def test_only_long_texts_are_given_and_empty_ones_do_no_harm() -> None:
    text = _text(radar=900)
    found = finish(excerpts("radar", ["", "a short one", text, "\n"], {2: _beginning(text)}))
    assert list(found) == [2]
    assert "radar" in found[2].split()
    assert finish(excerpts("radar", ["", "short"], {})) == {}
    assert finish(excerpts("radar", [" " * 1000, text], {0: ""})) == {0: ""}


def test_a_second_word_of_the_query_comes_before_the_first_ones_third_place() -> None:
    text = _text(a1=300, a2=500, a3=520, a4=540).replace("a1", "green").replace("a2", "green tea")
    text = text.replace("a3", "green").replace("a4", "green")
    assert "tea" in _excerpt("green tea", text, 45).split()  # room for one part


def test_what_is_looked_at_is_bounded() -> None:
    assert "needle" not in _excerpt("needle", _text(needle=990), 30).split()


def test_a_script_without_spaces_is_cut_to_its_beginning() -> None:
    text = "東京は日本の首都です。" * 500
    assert finish(excerpts("首都", [text], {0: text[:200]})) == {0: text[:200]}


def test_parts_with_the_same_terms_tie_whatever_the_order_in_which_a_set_gives_them() -> None:
    # Their sum is 0.6 or a little more, by the order of adding; a process has its own for words.
    worth: dict[Hashable, float] = {0: 0.1, 8: 0.2, 16: 0.3}
    terms = [frozenset[Hashable](), frozenset([16, 8, 0]), frozenset([0, 8, 16])]
    parts = Parts([slice(1), slice(1, 2), slice(2, 3)], terms, room=1)
    assert finish(parts.best(worth)) == [slice(1), slice(1, 2)]


def test_any_texts_give_words_of_their_own_in_their_order() -> None:
    rng = random.Random(0)
    for _ in range(300):
        lists = [[f"{rng.choice('abc')}{n}" for n in range(rng.randint(1, 400))] for _ in range(3)]
        size = rng.randint(1, 120)
        beginnings = {place: " ".join(words[:size]) for place, words in enumerate(lists) if len(words) > size}
        query = " ".join(rng.choices(lists[0], k=3))
        for place, found in finish(excerpts(query, ["\n ".join(words) for words in lists], beginnings)).items():
            places = [lists[place].index(word) for word in found.split()]
            assert places == sorted(set(places))
            assert len(places) <= size


def greedy(parts: Parts, weights: dict[Hashable, float]) -> list[slice]:
    """Choose as the definition says, looking at every part again after each choice."""
    left, open_places, chosen = dict(weights), list(range(1, len(parts.slices))), [0]
    while open_places and len(chosen) <= parts.room:
        best = max(open_places, key=lambda place: math.fsum(left[term] for term in parts.terms[place]))
        open_places.remove(best)
        chosen.append(best)
        left |= {term: left[term] * 0.5 for term in parts.terms[best]}
    return [parts.slices[place] for place in sorted(chosen)]


def test_the_parts_chosen_are_those_of_the_definition() -> None:
    rng = random.Random(1)
    for _ in range(500):
        terms, size = rng.randint(1, 12), rng.randint(1, 120)
        weights: dict[Hashable, float] = {term: rng.choice((0.1, 0.2, 0.3, rng.random())) for term in range(terms)}
        held = [frozenset[Hashable](rng.sample(range(terms), rng.randint(0, min(terms, 4)))) for _ in range(size)]
        parts = Parts([slice(place, place + 1) for place in range(size)], held, rng.randint(0, size))
        assert finish(parts.best(weights)) == greedy(parts, weights)
