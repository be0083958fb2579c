"""Lets the event loop run before the model's threads, so that refusals stay quick while every core computes."""

import os
import sys
import threading

_NICE = 5  # of 19; the loop's short turns win, and the model keeps all that is left


def lower_thread_priority() -> None:
    """Lower the calling thread's priority; threads that it starts (ONNX Runtime's) inherit it. Linux only."""
    if sys.platform == "linux":
        lowered = min(19, os.getpriority(os.PRIO_PROCESS, os.getpid()) + _NICE)
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), lowered)
