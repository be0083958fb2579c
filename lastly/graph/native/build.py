"""Builds the operators' library beside its sources: `python -m lastly.graph.native.build`.

Needs a C++ compiler, no CUDA.
"""

import os
import subprocess
import sys
from pathlib import Path

from lastly.errors import LastlyError
from lastly.graph.native.library import LIBRARY

_FLAGS = ("-std=c++17", "-O3", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden")
_TIMEOUT_S = 300


def build(library: Path = LIBRARY) -> None:
    """Compile; the library appears in one step, whole. `CXX` names another compiler. Raises LastlyError."""
    folder = Path(__file__).parent
    sources = sorted(path.name for path in folder.glob("*.cpp"))
    unfinished = library.with_name(f".{library.name}-{os.getpid()}")
    compiler = os.environ.get("CXX", "c++")
    command = [compiler, *_FLAGS, f"-Wa,-I{folder}", *sources, "-o", str(unfinished), "-ldl"]
    try:
        subprocess.run(command, cwd=folder, check=True, timeout=_TIMEOUT_S)  # noqa: S603  our own command
        unfinished.replace(library)
    except FileNotFoundError:
        raise LastlyError(f"no C++ compiler {compiler}: install g++, or name yours in CXX") from None
    except (subprocess.SubprocessError, OSError) as error:
        raise LastlyError(f"the operators were not built: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        build()
    except LastlyError as error:
        sys.exit(str(error))
    print(LIBRARY)
