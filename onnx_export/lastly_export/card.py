"""The README.md of a model folder."""

from lastly.model.folder import Manifest

_NON_COMMERCIAL = (
    "This licence does not allow commercial use; for that the vendor sells licences. It covers this export as well."
)


def model_card(manifest: Manifest) -> str:
    """Write what the folder holds, under which licence, and how close it is to its reference."""
    return "\n".join([*_front_matter(manifest), *_what(manifest), *_parity(manifest), *_use(manifest), ""])


def _front_matter(manifest: Manifest) -> list[str]:
    return ["---", f"license: {manifest.licence}", "library_name: lastly", "pipeline_tag: text-ranking", "---", ""]


def _what(manifest: Manifest) -> list[str]:
    revision = f" at revision `{manifest.revision}`" if manifest.revision else ""
    note = [_NON_COMMERCIAL, ""] if "-nc" in manifest.licence.lower() else []
    return [
        f"# {manifest.name} ({manifest.dtype}, {manifest.graph.kind} graph)",
        "",
        f"A listwise reranker for Lastly, exported from `{manifest.source}`{revision} ({manifest.architecture}).",
        "",
        f"Licence: {manifest.licence}.",
        *note,
        "| property | value |",
        "|---|---|",
        f"| weights | {manifest.dtype} |",
        f"| embedding width | {manifest.embedding_width} |",
        f"| positions | {manifest.maximum_positions} |",
        f"| documents in a block | {manifest.block_size} |",
        f"| truncation, tokens | documents {manifest.max_doc_length}, queries {manifest.max_query_length} |",
        f"| read of longer documents | {manifest.long_documents} |",
        f"| share of a score that the query's words make | {manifest.lexical_weight:g} |",
        f"| graph inputs | {', '.join(manifest.graph.inputs)} |",
        f"| graph outputs | {', '.join(manifest.graph.outputs)} |",
        "",
    ]


def _parity(manifest: Manifest) -> list[str]:
    if not manifest.parity:
        return ["## Parity", "", "Not measured: this folder was exported with `--skip-parity`.", ""]
    rows = [f"| {key.replace('_', ' ')} | {value} |" for key, value in manifest.parity.items()]
    return ["## Parity, measured at export", "", "| figure | value |", "|---|---|", *rows, ""]


def _use(manifest: Manifest) -> list[str]:
    if manifest.graph.kind == "fused":
        return ["## Use", "", "```", "lastly serve --model FOLDER", "```"]
    return [
        "## Use",
        "",
        "Standard ONNX operators only. Feed token ids with their attention mask (padding on either side) and the "
        "positions of the marker tokens; scores are cosines of `query_embedding` with `document_embeddings`.",
    ]
