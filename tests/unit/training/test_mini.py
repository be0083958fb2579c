"""How lastly-mini's texts are made."""

import gzip
from pathlib import Path

from lastly_training.mini.texts import dictionary
from lastly_training.mini.written import question, whole_sentences


def test_a_dictionary_of_dictd_gives_its_longer_entries_without_asides(tmp_path: Path) -> None:
    long = 'Adit \\Ad"it\\, n. [L. aditus.] ' + "an {entrance} to a mine " * 5
    entries = ["Ad\n   short\n", f"{long}\n", f"{long}\n"]
    (tmp_path / "d.dict.dz").write_bytes(gzip.compress("".join(entries).encode()))
    size, start = len(entries[1]), len(entries[0])
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    places = [(0, start), (start, size), (start, size), (start + size, size)]  # two headwords share an entry
    coded = [[digits[n // 64] + digits[n % 64] for n in place] for place in places]
    lines = ["00databaseinfo\tA\tB", *(f"word\t{at}\t{length}" for at, length in coded)]
    (tmp_path / "d.index").write_text("\n".join(lines) + "\n")
    found = list(dictionary("d", tmp_path))
    assert len(found) == 2
    assert found[0].text.startswith("Adit , n. an entrance to a mine an entrance")


def test_a_written_text_ends_with_its_last_whole_sentence() -> None:
    text = "Osmosis moves water\n\nthrough a membrane, from where there is more of it. It takes 3.5 hours. And then it"
    assert whole_sentences(text) == (
        "Osmosis moves water through a membrane, from where there is more of it. It takes 3.5 hours."
    )
    assert whole_sentences("Too short. And") == ""
    assert whole_sentences("no end " * 20) == ""


def test_a_written_question_is_about_the_world_not_about_the_text() -> None:
    assert question("How does aspirin work? It keeps") == "How does aspirin work?"
    assert question("How does aspirin work\nText: another?") == ""
    assert question("Which of the following is true?") == ""
    assert question("Who is?") == ""
