"""Packages that only some commands need."""

from lastly.errors import InvalidRequestError


def lacking(extra: str, error: ModuleNotFoundError) -> InvalidRequestError:
    """Say which extra a command wants and how it is installed."""
    return InvalidRequestError(
        f"this needs further packages (missing: {error.name}); in Lastly's folder run: pip install '.[{extra}]'"
    )
