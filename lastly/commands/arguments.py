"""Types of command-line arguments, each with the message for a value that it refuses."""

import argparse


def count(text: str) -> int:
    """Read a number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def counts(text: str) -> list[int]:
    """Read numbers from 1 on, separated by commas."""
    return [count(part) for part in text.split(",")]


def share(text: str) -> float:
    """Read a number from 0 to 1."""
    found = float(text)
    if not 0 <= found <= 1:
        raise argparse.ArgumentTypeError("from 0 to 1")
    return found


def names(text: str) -> list[str]:
    """Read names, separated by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def orders(text: str) -> list[str]:
    """Read orders in which candidates are presented, separated by commas."""
    found = names(text)
    if unknown := set(found) - {"shuffled", "reversed"}:
        raise argparse.ArgumentTypeError(f"{sorted(unknown)[0]} is not an order; shuffled and reversed are")
    return found
