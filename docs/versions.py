"""`python -m docs.versions`: writes the version of pyproject.toml to every other place that has to name it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Each file with a pattern whose group is Lastly's version in it.
PLACES = {
    "plugin/pom.xml": r"<artifactId>lastly-\w+</artifactId>\s*<version>([^<$]+)</version>",
    "plugin/core/pom.xml": r"<artifactId>lastly-\w+</artifactId>\s*<version>([^<$]+)</version>",
    "plugin/opensearch/pom.xml": r"<artifactId>lastly-\w+</artifactId>\s*<version>([^<$]+)</version>",
    "plugin/elasticsearch/pom.xml": r"<artifactId>lastly-\w+</artifactId>\s*<version>([^<$]+)</version>",
    "plugin/vespa/pom.xml": r"<artifactId>lastly-\w+</artifactId>\s*<version>([^<$]+)</version>",
    ".github/ISSUE_TEMPLATE/bug.yml": r"placeholder: lastly ([\w.]+),",
    "deploy/helm/lastly/Chart.yaml": r"^(?:version|appVersion): \"?([^\"\n]+)",
    "docs/getting-started-opensearch.md": r"lastly-opensearch-\d+\.\d+\.\d+\.([\w.]+)\.zip",
    "docs/getting-started-elasticsearch.md": r"lastly-elasticsearch-\d+\.\d+\.\d+\.([\w.]+)\.zip",
}


def version() -> str:
    """Return the project's version."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def named() -> Iterator[tuple[str, str]]:
    """Yield every place with the version that stands there; a place that names none is an error of its pattern."""
    for place, pattern in PLACES.items():
        found = re.findall(pattern, (ROOT / place).read_text(encoding="utf-8"), re.MULTILINE)
        if not found:
            raise LookupError(f"{place} names no version")
        yield from ((place, each) for each in found)


def write() -> None:
    """Write the version everywhere."""
    for place, pattern in PLACES.items():
        text = (ROOT / place).read_text(encoding="utf-8")
        changed = re.sub(pattern, lambda found: found[0].replace(found[1], version()), text, flags=re.MULTILINE)
        (ROOT / place).write_text(changed, encoding="utf-8")


if __name__ == "__main__":
    write()
