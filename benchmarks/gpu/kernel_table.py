"""The table of CUDA kernels that the tests use, against the kernels that the ONNX Runtime at hand says it has."""

from onnxruntime.capi import onnxruntime_pybind11_state as native

from lastly.graph.opening import CUDA
from tests.kit.models.cuda_placement import Kernel, kernels

_OPEN = 2**31 - 1


def missing() -> list[str]:
    """Name the table's rows that this ONNX Runtime has no kernel for; needs a GPU, which its CUDA provider asks."""
    here: dict[str, list[Kernel]] = {}
    for each in native.get_all_opkernel_def():
        if each.provider != CUDA:
            continue
        first, last = each.version_range
        types = {name: {_plain(kind) for kind in kinds} for name, kinds in each.type_constraints.items()}
        key = f"{each.domain}:{each.op_name}" if each.domain else each.op_name
        here.setdefault(key, []).append(Kernel(first, None if last >= _OPEN else last, types))
    return [f"{key} {row}" for key, rows in kernels().items() for row in rows if not _has(here.get(key, []), row)]


def _has(found: list[Kernel], row: Kernel) -> bool:
    """Kernels of one version may stand apart by type: together they must serve all types of the row."""
    fits = [each for each in found if (each.first, each.last) == (row.first, row.last)]
    return bool(fits) and all(
        kinds <= set().union(*(each.types.get(name, set()) for each in fits))
        for name, kinds in row.types.items()
        if any(name in each.types for each in fits)
    )


def _plain(kind: str) -> str:
    return kind.removeprefix("tensor(").removesuffix(")")
