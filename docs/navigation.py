"""Adds the decisions to the site's navigation, so that a new one is in it without being listed."""

from pathlib import Path
from typing import Any


def on_config(config: Any) -> Any:
    """Append docs/adr/*.md, in order, as mkdocs reads its configuration."""
    decisions = sorted(Path(config.docs_dir, "adr").glob("*.md"))
    config.nav.append({"Decisions": [f"adr/{file.name}" for file in decisions]})
    return config
