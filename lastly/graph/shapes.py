"""The few shapes that batches take on a GPU, where every new shape costs time."""

DOCUMENTS = (8, 16, 32, 64, 128)  # of a row; more are rounded up to a power of two as well

_SMALLEST = 64
_STEPS = 8  # lengths between a power of two and the next: padding stays under an eighth


def padded_length(tokens: int) -> int:
    """Round tokens up to a bucket."""
    step = max(_SMALLEST, (1 << (max(tokens, 1) - 1).bit_length()) // (2 * _STEPS))
    return -(-tokens // step) * step


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
