"""`POST /rerank`: the path that Text Embeddings Inference calls with `texts`, vLLM's and Infinity's clients with
`documents`; each gets its own form back.
"""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from lastly.serving.dialects.jina import RerankRequest
from lastly.serving.dialects.tei import TeiRequest


def _form(body: Any) -> str:
    given = body if isinstance(body, dict) else {}
    return "documents" if "documents" in given and "texts" not in given else "texts"


PlainRequest = Annotated[
    Annotated[TeiRequest, Tag("texts")] | Annotated[RerankRequest, Tag("documents")], Discriminator(_form)
]
