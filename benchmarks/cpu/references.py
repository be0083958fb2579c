"""Other runtimes on the same backbone, for `benchmarks.cpu.speed`: OpenVINO (portable graph), llama.cpp (Q8_0)."""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lastly.model.folder import Dtype
from lastly.ranking.scoring import cosine
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.graph.write import write_graph

DOCUMENTS = 100
_MODULES = {"openvino": "openvino", "llama.cpp": "llama_cpp"}


@dataclass(frozen=True)
class Runner:
    """Something that reads token ids [tokens]; return the scores [documents] where `scores`."""

    name: str
    run: Callable[[np.ndarray], np.ndarray]
    scores: bool = True


def markers(ids: np.ndarray) -> np.ndarray:
    """Places of the documents' markers [documents], evenly spread."""
    return np.linspace(3, len(ids) - 2, DOCUMENTS).astype(np.int64)


def installed() -> list[str]:
    """Packages of the references that are there."""
    names = {"openvino": "openvino", "llama.cpp": "llama-cpp-python"}
    return [names[name] for name, module in _MODULES.items() if importlib.util.find_spec(module)]


def runners(folder: Path, names: Sequence[str], threads: int) -> Iterator[Runner]:
    """Return every reference that is named and installed."""
    for name in names:
        if name in _MODULES and not importlib.util.find_spec(_MODULES[name]):
            print(f"{name} is not installed and not measured", flush=True)
        elif name == "openvino":
            yield _openvino(folder, "fp32", threads)
            yield _openvino(folder, "int8", threads)
        elif name == "llama.cpp":
            yield _llama(folder, threads)


def _openvino(folder: Path, dtype: Dtype, threads: int) -> Runner:
    import openvino

    file = folder / f"portable-{dtype}.onnx"
    if not file.exists():
        write_graph(Checkpoint(folder), file, dtype, "portable")
    options = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    model = openvino.Core().compile_model(str(file), "CPU", options)
    return Runner(f"OpenVINO on the portable graph, {dtype}", lambda ids: _answer(model, ids))


def _answer(model: Any, ids: np.ndarray) -> np.ndarray:
    inputs = {
        "input_ids": ids[None],
        "attention_mask": np.ones((1, len(ids)), np.int64),
        "document_positions": markers(ids)[None],
        "query_position": np.array([len(ids) - 1]),
    }
    answer = model(inputs)
    documents, query = answer["document_embeddings"][0], answer["query_embedding"][0]
    return cosine(query, documents)


def _llama(folder: Path, threads: int) -> Runner:
    """The prompt only, as for a first generated token; no embeddings are read."""
    import llama_cpp

    file = folder / "q8_0.gguf"
    if not file.exists():
        _write_gguf(folder, file)
    model = llama_cpp.Llama(
        str(file), n_ctx=16384, n_batch=2048, n_ubatch=512, n_threads=threads, n_threads_batch=threads, verbose=False
    )

    def run(ids: np.ndarray) -> np.ndarray:
        model.reset()
        model.eval(ids.tolist())
        return np.zeros(0)

    return Runner("llama.cpp, Q8_0, prompt", run, scores=False)


_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def _write_gguf(folder: Path, file: Path) -> None:
    import gguf

    checkpoint = Checkpoint(folder)
    a = checkpoint.architecture
    writer = gguf.GGUFWriter(str(file), "qwen3")
    writer.add_context_length(a.maximum_positions)
    writer.add_embedding_length(a.hidden)
    writer.add_block_count(a.layers)
    writer.add_feed_forward_length(a.mlp)
    writer.add_head_count(a.heads)
    writer.add_head_count_kv(a.kv_heads)
    writer.add_key_length(a.head_dim)
    writer.add_value_length(a.head_dim)
    writer.add_rope_freq_base(a.theta)
    writer.add_layer_norm_rms_eps(a.epsilon)
    writer.add_file_type(7)  # mostly Q8_0
    writer.add_tokenizer_model("none")  # ids come as they are
    writer.add_vocab_size(a.vocabulary)

    def add(name: str, source: str) -> None:
        tensor = checkpoint.tensor(source).astype(np.float32)
        if tensor.ndim == 1:
            writer.add_tensor(name, tensor)
            return
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quants.quantize(tensor, kind), raw_dtype=kind)

    add("token_embd.weight", "model.embed_tokens.weight")
    add("output_norm.weight", "model.norm.weight")
    for layer in range(a.layers):
        for theirs, ours in _NAMES.items():
            add(f"blk.{layer}.{ours}.weight", f"model.layers.{layer}.{theirs}.weight")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
