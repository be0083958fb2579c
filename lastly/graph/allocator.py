"""Makes the C library return large blocks to the system as soon as they are freed."""

import ctypes
import sys

_M_MMAP_THRESHOLD = -3  # of mallopt(3)
_LARGE = 1 << 20


def return_large_blocks() -> bool:
    """Map every block of 1 MiB or more separately, in this process; return whether that was possible (glibc only).

    By default glibc raises this threshold up to 32 MiB as blocks are freed, and keeps smaller ones in its heap: after
    1,318 tokens on lastly-mini, ONNX Runtime's shrunk arena left 69 MB in use instead of 18
    (`python -m benchmarks.cpu.memory_return`).
    """
    if sys.platform != "linux":
        return False
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE))
    except (AttributeError, OSError):  # another C library
        return False
