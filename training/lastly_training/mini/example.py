"""An example to train on that every machine has: the documentation of its Python.

`python -m lastly_training.mini.example -o DATA` writes a collection in BEIR's layout: a docstring's first paragraph
asks, the rest of it answers. Every tenth query is for dev.
"""

import argparse
from pathlib import Path

from lastly.search.python_docs import python_documentation
from lastly_training.mini.texts import Text, write_collection

_LEAST_WORDS = 20


def texts(limit: int | None = None) -> list[Text]:
    """Return the docstrings that are long enough to be cut in two, at most `limit` of them."""
    found = []
    for document in python_documentation():
        summary, _, rest = document.text.partition("\n\n")
        if len(summary.split()) > 3 and len(rest.split()) >= _LEAST_WORDS:
            found.append(Text(" ".join(rest.split()), " ".join(summary.split())))
    return found[:limit]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="at most so many documents")
    options = parser.parse_args()
    print(f"{write_collection(options.output / 'python', texts(options.limit), dev_every=10)} documents")


if __name__ == "__main__":
    main()
