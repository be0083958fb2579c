"""Opens a graph in ONNX Runtime: on which provider, with which options, and which error where it cannot."""

from dataclasses import dataclass, field
from typing import Any

import onnxruntime as ort

from lastly.errors import ModelFolderError
from lastly.graph.allocator import return_large_blocks
from lastly.graph.native import library
from lastly.model.folder import ModelFolder
from lastly.types import Provider

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
_WORDS = 400  # characters of an error of ONNX Runtime's that are passed on
_CUDNN_OR_EFFICIENT = "10"  # bits of ONNX Runtime's sdpa_kernel: 8 and 2; both keep memory linear


def execution_providers(provider: Provider) -> tuple[str, ...]:
    """Return ONNX Runtime's execution providers, in order of preference."""
    return (CUDA, CPU) if provider == "cuda" else (CPU,)


def runtime_version() -> str:
    """Return ONNX Runtime's name and version."""
    return f"onnxruntime {ort.__version__}"


def cuda_available() -> bool:
    """Return whether this onnxruntime has the CUDA provider; whether there is a GPU shows when a session opens."""
    return CUDA in ort.get_available_providers()


@dataclass(frozen=True)
class GraphOptions:
    """How a graph is opened.

    `threads`: 0 lets ONNX Runtime use one per physical core. `providers`: in order of preference. `gpu_memory`: bytes
    that the session may take on a GPU, 0 for all. `kept_tokens`: a run of more tokens (padding included) gives its
    memory on the GPU back at its end; smaller ones keep it for the next. `cuda_graph_tokens`: on a GPU, single
    encodings up to so many tokens are recorded as CUDA graphs, by a session of their own (0: none).
    `provider_options`: of the first provider, over those that are set here; `config`: of the session, likewise.
    """

    threads: int = 0
    providers: tuple[str, ...] = (CPU,)
    gpu_memory: int = 0
    kept_tokens: int = 32_768
    cuda_graph_tokens: int = 0
    provider_options: dict[str, str] = field(default_factory=dict, hash=False)
    config: dict[str, str] = field(default_factory=dict, hash=False)


def open_graph(folder: ModelFolder, options: GraphOptions) -> Any:
    """Return ONNX Runtime's session for a folder's graph; raises ModelFolderError where it does not start."""
    _check_providers(folder, options)
    return_large_blocks()
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.enable_mem_pattern = False  # a pattern is kept for every length ever seen
    for name, value in _config(options).items():
        settings.add_session_config_entry(name, value)
    if folder.manifest.graph.own_operators:
        settings.register_custom_ops_library(library.path())
    try:
        session = ort.InferenceSession(str(folder.graph_path), settings, providers=_with_options(folder, options))
    except Exception as error:
        advice = (
            "bf16 runs on CUDA only, so choose another --dtype for a CPU" if _on_cpu_in_bf16(folder, options) else ""
        )
        raise ModelFolderError(
            f"{folder.graph_path} cannot be loaded by ONNX Runtime {ort.__version__} on {options.providers[0]}: "
            f"{words(error)}" + (f"; {advice}" if advice else "")
        ) from error
    if session.get_providers()[0] != options.providers[0]:  # ONNX Runtime only warns
        raise ModelFolderError(
            f"{options.providers[0]} does not start: it needs a GPU, its driver, and the CUDA libraries of "
            "onnxruntime-gpu[cuda,cudnn]"
        )
    return session


def words(error: Exception) -> str:
    """Return what ONNX Runtime says, in one line of at most 400 characters."""
    return " ".join(str(error).split())[:_WORDS]


def _on_cpu_in_bf16(folder: ModelFolder, options: GraphOptions) -> bool:
    return folder.manifest.dtype == "bf16" and options.providers[0] == CPU


def _check_providers(folder: ModelFolder, options: GraphOptions) -> None:
    missing = set(options.providers) - set(ort.get_available_providers())
    if missing:
        raise ModelFolderError(
            f"execution provider {sorted(missing)[0]} is not in this onnxruntime; install onnxruntime-gpu or use {CPU}"
        )
    if folder.manifest.graph.cuda_only and options.providers[0] != CUDA:
        raise ModelFolderError(f"{folder.path} holds a graph for CUDA; serve it with --provider cuda, or export again")
    if options.providers[0] == CUDA:
        ort.preload_dlls()
        if folder.manifest.graph.own_operators:
            library.check_compiler()


def _config(options: GraphOptions) -> dict[str, str]:
    """On a GPU weights stay out of the arena, so that shrinking it can free what activations took."""
    weights = {"session.use_device_allocator_for_initializers": "1"} if options.providers[0] == CUDA else {}
    return weights | options.config


def _with_options(folder: ModelFolder, options: GraphOptions) -> list[Any]:
    first, *others = options.providers
    found = _cuda_options(folder, options) if first == CUDA else {}
    return [(first, found | options.provider_options), *others]


def _cuda_options(folder: ModelFolder, options: GraphOptions) -> dict[str, str]:
    """The arena takes what is asked for instead of doubling; products in fp32 are not rounded to TF32.

    GroupQueryAttention chooses cuDNN by itself where that is faster, MultiHeadAttention only when told.
    """
    limit = {"gpu_mem_limit": str(options.gpu_memory)} if options.gpu_memory else {}
    attention = {"sdpa_kernel": _CUDNN_OR_EFFICIENT} if folder.manifest.graph.own_operators else {}
    return {"arena_extend_strategy": "kSameAsRequested", "use_tf32": "0"} | attention | limit
