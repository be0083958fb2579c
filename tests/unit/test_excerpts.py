"""What is read of long documents: the beginning, and the parts that hold the query's words."""

import random

from lastly.excerpts import excerpt, terms

FILLER = [f"the w{n}" for n in range(1000)]  # two words each, "the" everywhere


def _text(**answers: int) -> str:
    words = list(FILLER)
    for word, place in answers.items():
        words[place] = f"the {word}"
    return " ".join(words)


def _beginning(text: str, words: int = 100) -> str:
    return " ".join(text.split()[:words])


def test_the_parts_with_the_querys_words_are_read_beside_the_beginning() -> None:
    text = _text(Ceylon=300, Minister=700)
    found = excerpt(text, terms("the minister of ceylon?"), _beginning(text))
    words = found.split()
    assert words[:38] == text.split()[:38]
    assert words.index("Ceylon") < words.index("Minister")
    assert 80 <= len(words) <= 100


def test_a_text_without_the_querys_words_is_cut_to_its_beginning() -> None:
    text = _text()
    assert excerpt(text, terms("the nothing"), _beginning(text)) == _beginning(text)
    assert excerpt(text, terms("?"), _beginning(text)) == _beginning(text)


def test_a_rare_word_counts_more_than_one_that_stands_everywhere() -> None:
    rare, common = "radar", "the"
    text = _text(**{rare: 900})
    assert rare in excerpt(text, terms(f"{common} {rare}"), _beginning(text)).split()


def test_a_second_word_of_the_query_comes_before_the_first_ones_third_place() -> None:
    text = _text(a1=300, a2=500, a3=520, a4=540).replace("a1", "green").replace("a2", "green tea")
    text = text.replace("a3", "green").replace("a4", "green")
    found = excerpt(text, terms("green tea"), _beginning(text, 45))  # room for one part
    assert "tea" in found.split()


def test_what_is_looked_at_is_bounded() -> None:
    text = _text(needle=990)
    assert "needle" not in excerpt(text, terms("needle"), _beginning(text, 30)).split()


def test_a_script_without_spaces_is_cut_to_its_beginning() -> None:
    text = "東京は日本の首都です。" * 500
    assert excerpt(text, terms("首都"), text[:200]) == text[:200]


def test_any_text_gives_words_of_its_own_in_their_order() -> None:
    rng = random.Random(0)
    for _ in range(300):
        words = [f"{rng.choice('abc')}{n}" for n in range(rng.randint(1, 400))]
        text, size = "\n ".join(words), rng.randint(1, 120)
        wanted = terms(" ".join(rng.choices(words, k=3)))
        places = [words.index(word) for word in excerpt(text, wanted, " ".join(words[:size])).split()]
        assert places == sorted(set(places))
        assert len(places) <= max(size, 1)
