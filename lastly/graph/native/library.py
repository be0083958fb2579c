"""Where the operators' library lies, and what it wants of the machine."""

import ctypes
from contextlib import suppress
from pathlib import Path

from lastly.errors import ModelFolderError

LIBRARY = Path(__file__).with_name("liblastly_operators.so")
_COMPILERS = ("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so")  # as gpu.cpp opens them


def path() -> str:
    """Return the library's path; raises ModelFolderError where it was not built."""
    if not LIBRARY.is_file():
        raise ModelFolderError(
            "this graph wants Lastly's own operators; build them once (python -m lastly.graph.native.build) "
            "or export with --cuda instead of --cuda-operators"
        )
    return str(LIBRARY)


def check_compiler() -> None:
    """Raise ModelFolderError where NVRTC, which compiles the kernels for the GPU at hand, is not found."""
    for name in _COMPILERS:
        with suppress(OSError):
            ctypes.CDLL(name)
            return
    raise ModelFolderError("CUDA's compiler library NVRTC is not found; install onnxruntime-gpu[cuda,cudnn]")
