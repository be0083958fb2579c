"""The few shapes that batches take on a GPU, where every new shape costs time."""

DOCUMENTS = (8, 16, 32, 64, 128)  # of a row; more are rounded up to a power of two as well

_SMALLEST = 64
_STEPS = 8  # lengths between a power of two and the next: padding stays under an eighth
_FINE_STEPS = 32  # of the lengths that are warmed where calls take them


def padded_length(tokens: int) -> int:
    """Round tokens up to a bucket."""
    return _rounded(tokens, _STEPS)


def tight_length(tokens: int) -> int:
    """Round tokens up to a bucket whose padding stays under a 32nd, from 2,048 tokens on."""
    return _rounded(tokens, _FINE_STEPS)


def padded_lengths(most: int) -> list[int]:
    """Return all buckets up to the one that holds `most` tokens, shortest first."""
    found, tokens = [], 0
    while tokens < most:
        tokens = padded_length(tokens + 1)
        found.append(min(tokens, most))
    return found


def padded_documents(rows: int) -> int:
    """Round a number of documents up to a power of two, at least 8."""
    return max(8, 1 << (rows - 1).bit_length())


def split_batch(size: int) -> list[int]:
    """Split a batch into powers of two, largest first."""
    return [1 << place for place in reversed(range(size.bit_length())) if size >> place & 1]


def _rounded(tokens: int, steps: int) -> int:
    step = max(_SMALLEST, (1 << (max(tokens, 1) - 1).bit_length()) // (2 * steps))
    return -(-tokens // step) * step
