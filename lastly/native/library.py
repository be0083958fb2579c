"""Where the operators' library lies."""

from pathlib import Path

from lastly.errors import ModelFolderError

LIBRARY = Path(__file__).with_name("liblastly_operators.so")


def path() -> str:
    """Give the library's path; raises ModelFolderError where it was not built."""
    if not LIBRARY.is_file():
        raise ModelFolderError(
            "this graph wants Lastly's own operators; build them once (python -m lastly.native.build) or export with "
            "--cuda instead of --cuda-operators"
        )
    return str(LIBRARY)
