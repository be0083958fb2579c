"""Further English texts to learn from: WordNet's glosses, two dictionaries, the descriptions of Debian's packages.

`python -m lastly_training.mini.texts -o DATA` writes them as collections in BEIR's layout. On Debian 12:
`apt-get install wordnet-base dict-gcide dict-foldoc && apt-get -o Acquire::Languages=en update`.
"""

import argparse
import gzip
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

WORDNET = Path("/usr/share/wordnet")
DICTIONARIES = Path("/usr/share/dictd")
APT_LISTS = Path("/var/lib/apt/lists")
_READ_LIST = "/usr/lib/apt/apt-helper"  # apt keeps its lists compressed
_PARTS = ("noun", "verb", "adj", "adv")
_LEAST_WORDS = 9
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"  # of numbers in an index of dictd
_ASIDE = re.compile(r"\\[^\\]*\\|\[[^]]*\]|[{}]")  # pronunciation, etymology and sources; marks of references
_MOST_CHARACTERS = 1500


@dataclass(frozen=True)
class Text:
    """A document, and the one query that it answers ("" for none)."""

    text: str
    query: str = ""


def wordnet(folder: Path = WORDNET) -> Iterator[Text]:
    """Return "words of a synset: gloss" for every gloss of some length."""
    for part in _PARTS:
        for line in (folder / f"data.{part}").read_text(encoding="utf-8").splitlines():
            if line.startswith("  "):  # the licence
                continue
            head, _, gloss = line.partition(" | ")
            if len(gloss.split()) >= _LEAST_WORDS:
                yield Text(f"{', '.join(_lemmas(head))}: {gloss.strip()}")


def _lemmas(head: str) -> list[str]:
    fields = head.split(" ")
    count = int(fields[3], 16)
    return [re.sub(r"\(\w+\)$", "", word).replace("_", " ") for word in fields[4 : 4 + 2 * count : 2]]


def dictionary(name: str, folder: Path = DICTIONARIES) -> Iterator[Text]:
    """Return every entry of some length of a dictionary in dictd's format."""
    content = gzip.decompress((folder / f"{name}.dict.dz").read_bytes())
    lines = (folder / f"{name}.index").read_text(encoding="utf-8").splitlines()
    places = {tuple(map(_number, line.split("\t")[1:3])) for line in lines if not line.startswith("00database")}
    for start, length in sorted(places):
        entry = _ASIDE.sub("", content[start : start + length].decode("utf-8", "replace"))
        if len(entry.split()) >= 2 * _LEAST_WORDS:
            yield Text(" ".join(entry.split())[:_MOST_CHARACTERS])


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = 64 * value + _DIGITS.index(digit)
    return value


def debian(lists: Path = APT_LISTS) -> Iterator[Text]:
    """Return each package's description, with its synopsis as the query; texts that repeat come once."""
    seen: set[str] = set()
    for file in sorted(lists.glob("*_main_i18n_Translation-en*")):
        content = subprocess.run([_READ_LIST, "cat-file", str(file)], check=True, capture_output=True, timeout=60)  # noqa: S603
        for stanza in content.stdout.decode("utf-8").split("\n\n"):
            synopsis, text = _description(stanza)
            if text not in seen and len(text.split()) >= 2 * _LEAST_WORDS:
                seen.add(text)
                yield Text(text, synopsis if len(synopsis.split()) > 2 else "")


def _description(stanza: str) -> tuple[str, str]:
    _, _, rest = stanza.partition("Description-en: ")
    synopsis, _, long = rest.partition("\n")
    lines = (line.strip() for line in long.splitlines())
    return synopsis.strip(), " ".join(line for line in lines if line not in ("", "."))[:_MOST_CHARACTERS]


def write_collection(folder: Path, texts: Iterable[Text], dev_every: int | None = None) -> int:
    """Write corpus, queries and qrels; return the number of documents.

    Queries are for training, but for every `dev_every`th.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(texts)
    asked = [(place, row.query) for place, row in enumerate(rows) if row.query]
    dev = set(asked[::dev_every]) if dev_every else set()
    _write(folder / "corpus.jsonl.gz", (json.dumps({"_id": str(n), "text": row.text}) for n, row in enumerate(rows)))
    _write(folder / "queries.jsonl.gz", (json.dumps({"_id": str(place), "text": query}) for place, query in asked))
    for split, queries in {"train": [query for query in asked if query not in dev], "dev": sorted(dev)}.items():
        if queries or split == "train":
            judged = (f"{place}\t{place}\t1" for place, _ in queries)
            _write(folder / f"qrels.{split}.tsv.gz", ["query-id\tcorpus-id\tscore", *judged])
    return len(rows)


def _write(path: Path, lines: Iterable[str]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True)
    output = parser.parse_args().output
    made = {"wordnet": wordnet(), "debian": debian()} | {name: dictionary(name) for name in ("gcide", "foldoc")}
    for name, texts in made.items():
        print(f"{name}: {write_collection(output / name, texts)} documents")


if __name__ == "__main__":
    main()
