"""How much of the GPU's memory is in use."""

import ctypes

from lastly.errors import ModelFolderError

_LIBRARIES = ("libcudart.so.13", "libcudart.so.12")


def used() -> int:
    """Return the bytes in use, by any program, on the first GPU that this process sees.

    Raises ModelFolderError where CUDA's runtime cannot be asked.
    """
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    if _runtime().cudaMemGetInfo(ctypes.byref(free), ctypes.byref(total)):
        raise ModelFolderError("the GPU's memory can't be read; check its driver with nvidia-smi")
    return total.value - free.value


def _runtime() -> ctypes.CDLL:
    for name in _LIBRARIES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise ModelFolderError(f"{_LIBRARIES[0]} is missing; install onnxruntime-gpu[cuda,cudnn]")
