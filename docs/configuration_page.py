"""`python -m docs.configuration_page`: the reference of all settings, docs/configuration.md, out of the settings."""

from lastly.flags import reference

_HEAD = """# Configuration of the sidecar

Written by `make docs` from `lastly/config.py`; `tests/repository/test_docs.py` compares.

Each setting is a flag of `lastly serve` (`max_queue`: `--max-queue`), an environment variable (`LASTLY_MAX_QUEUE`) and
a key of the TOML file that `--config FILE` names. Flags win over variables, variables over the file.

| setting | default | meaning |
|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    rows = (f"| `{name}` | `{default}` | {meaning} |\n" for name, default, meaning in reference())
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    print(page(), end="")
