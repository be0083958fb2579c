"""The searcher's settings as flags, checked before they are written: a container with a wrong one does not start."""

import re
from collections.abc import Callable, Mapping

from lastly_integrations.vespa.errors import PackageError

LARGEST_WINDOW = 1000
LONGEST_TIMEOUT_MS = 60_000
LONGEST_TEXT = 8192
MOST_FIELDS = 32


def _timeout(text: str) -> bool:
    found = re.fullmatch(r"(\d{1,6})ms|(\d{1,3})s", text)
    return found is not None and 1 <= (int(found[1]) if found[1] else 1000 * int(found[2])) <= LONGEST_TIMEOUT_MS


def _one_of(*choices: str) -> tuple[Callable[[str], bool], str]:
    return (lambda text: text in choices), " or ".join(choices)


_FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "window_size": (
        lambda text: re.fullmatch(r"\d{1,4}", text) is not None and 1 <= int(text) <= LARGEST_WINDOW,
        f"a whole number from 1 to {LARGEST_WINDOW}",
    ),
    "timeout": (_timeout, f"a time like 500ms or 2s, at most {LONGEST_TIMEOUT_MS // 1000}s"),
    "on_failure": _one_of("keep_order", "fail"),
    "model": (lambda text: True, "a name"),
    "instruction": (lambda text: len(text) <= LONGEST_TEXT, f"a text of at most {LONGEST_TEXT} characters"),
    "max_doc_tokens": (
        lambda text: re.fullmatch(r"\d{1,6}", text) is not None,
        "a whole number, 0 for the model's own",
    ),
    "mode": _one_of("rerank", "shadow"),
    "explain": _one_of("true", "false"),
}
NAMES = tuple(_FORMS)


def checked(given: Mapping[str, str | None]) -> tuple[tuple[str, str], ...]:
    """Return the settings that are set, in their order; raises PackageError that says what to write."""
    wanted = {name: value for name in NAMES if (value := given.get(name)) is not None}
    for name, value in wanted.items():
        right, form = _FORMS[name]
        if not right(value):
            raise PackageError(f"--{name.replace('_', '-')}: {value!r} is not {form}")
    return tuple(wanted.items())


def checked_fields(names: str) -> tuple[str, ...]:
    """Return the fields of a list like `title,text`; raises PackageError where it names none."""
    fields = tuple(name.strip() for name in names.split(",") if name.strip())
    if not 1 <= len(fields) <= MOST_FIELDS:
        raise PackageError(f"--fields: name the fields of the passage, at most {MOST_FIELDS}, like title,text")
    return fields


def checked_sidecars(urls: list[str]) -> tuple[str, ...]:
    """Return the addresses; raises PackageError for one that is none."""
    for url in urls:
        if not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", url):
            raise PackageError(f"--sidecar: {url!r} is no address; write it like http://127.0.0.1:8787")
    return tuple(urls)
