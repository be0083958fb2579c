"""The one external data file of a graph, written tensor by tensor."""

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import onnx_ir as ir

_PAGE = 4096  # ONNX Runtime maps tensors that start on a page instead of copying them
_TYPES = {
    np.dtype(np.float32): ir.DataType.FLOAT,
    np.dtype(np.float16): ir.DataType.FLOAT16,
    np.dtype(ml_dtypes.bfloat16): ir.DataType.BFLOAT16,
    np.dtype(np.int8): ir.DataType.INT8,
    np.dtype(np.uint8): ir.DataType.UINT8,
}


class DataFile:
    """Appends tensors to a file and returns the references that the graph holds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def append(self, name: str, array: npt.NDArray[Any]) -> ir.ExternalTensor:
        """Write a whole tensor."""
        return self.append_rows(name, array.shape, [array])

    def append_rows(self, name: str, shape: tuple[int, ...], parts: Any) -> ir.ExternalTensor:
        """Write a tensor given in consecutive parts of its first axis, so that only one part is in memory."""
        offset = self._align()
        dtype = None
        for part in parts:
            dtype = part.dtype
            self._file.write(np.ascontiguousarray(part).view(np.uint8).data)
        if dtype is None:
            raise ValueError(f"{name} was given no data")
        return ir.ExternalTensor(
            location=self._path.name,
            offset=offset,
            length=self._file.tell() - offset,
            dtype=_TYPES[dtype],
            shape=ir.Shape(shape),
            name=name,
            base_dir=str(self._path.parent),
        )

    def _align(self) -> int:
        self._file.write(b"\0" * (-self._file.tell() % _PAGE))
        return self._file.tell()
