"""Real clients from PyPI, pointed at the real sidecar: each must read our answers as it reads its own service's."""

from collections.abc import Iterator
from pathlib import Path

import cohere
import httpx
import litellm
import pytest
from langchain_cohere import CohereRerank
from langchain_core.documents import Document
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.postprocessor.cohere_rerank import CohereRerank as LlamaCohereRerank
from llama_index.postprocessor.tei_rerank import TextEmbeddingInference
from rerankers import Reranker

from tests.kit.sidecars.process import sidecar

QUERY, TEXTS = "tea", ["green tea", "a bicycle", "black tea"]
KEY = "a-key-of-tests"


@pytest.fixture(scope="module")
def address(small_model: Path) -> Iterator[str]:
    with sidecar("--model", f"small={small_model}", "--api-key", KEY) as running:
        yield running.address


@pytest.fixture(scope="module")
def order(address: str) -> list[int]:
    """The order that the first form gives, which every client must see."""
    body, headers = {"query": QUERY, "documents": TEXTS}, {"Authorization": f"Bearer {KEY}"}
    results = httpx.post(f"{address}/v1/rerank", json=body, headers=headers).json()["results"]
    return [result["index"] for result in results]


def test_cohere_s_client_of_the_second_version(address: str, order: list[int]) -> None:
    answer = cohere.ClientV2(KEY, base_url=address).rerank(model="small", query=QUERY, documents=TEXTS, top_n=2)
    assert [result.index for result in answer.results] == order[:2]
    assert all(0 <= result.relevance_score <= 1 for result in answer.results)


def test_cohere_s_client_of_the_first_version(address: str, order: list[int]) -> None:
    client = cohere.Client(KEY, base_url=address)
    answer = client.rerank(model="small", query=QUERY, documents=TEXTS, return_documents=True)
    assert [result.index for result in answer.results] == order
    assert [result.document.text for result in answer.results if result.document] == [TEXTS[place] for place in order]


def test_cohere_s_client_names_a_refusal(address: str) -> None:
    with pytest.raises(cohere.UnauthorizedError):
        cohere.ClientV2("wrong", base_url=address).rerank(model="small", query=QUERY, documents=TEXTS)
    with pytest.raises(cohere.UnprocessableEntityError):
        cohere.ClientV2(KEY, base_url=address).rerank(model="another", query=QUERY, documents=TEXTS)


def test_langchain_s_cohere_class(address: str, order: list[int]) -> None:
    ranker = CohereRerank(cohere_api_key=KEY, base_url=address, model="small", top_n=3)
    found = ranker.compress_documents([Document(text) for text in TEXTS], QUERY)
    assert [document.page_content for document in found] == [TEXTS[place] for place in order]


@pytest.mark.parametrize(
    ("provider", "path"),
    [("jina", "/v1/rerank"), ("cohere", "/v1/rerank"), ("text-embeddings-inference", "/rerank")],
)
def test_rerankers(address: str, order: list[int], provider: str, path: str) -> None:
    ranker = Reranker("small", model_type="APIRanker", api_provider=provider, api_key=KEY, url=f"{address}{path}")
    assert [result.doc_id for result in ranker.rank(QUERY, TEXTS).results] == order


@pytest.mark.parametrize(("provider", "path"), [("cohere", "/v2/rerank"), ("infinity", ""), ("hosted_vllm", "")])
def test_litellm(address: str, order: list[int], provider: str, path: str) -> None:
    answer = litellm.rerank(
        model=f"{provider}/small",
        query=QUERY,
        documents=TEXTS,
        top_n=3,
        return_documents=False,
        api_base=f"{address}{path}",
        api_key=KEY,
    )
    assert [result["index"] for result in answer.results] == order


def llama_s_nodes() -> list[NodeWithScore]:
    return [NodeWithScore(node=TextNode(text=text)) for text in TEXTS]


def test_llama_index_s_class_for_text_embeddings_inference(address: str, order: list[int]) -> None:
    ranker = TextEmbeddingInference(base_url=address, top_n=2, auth_token=f"Bearer {KEY}")
    found = ranker.postprocess_nodes(llama_s_nodes(), query_str=QUERY)
    assert [node.text for node in found] == [TEXTS[place] for place in order[:2]]


def test_llama_index_s_cohere_class(address: str, order: list[int]) -> None:
    ranker = LlamaCohereRerank(api_key=KEY, base_url=address, model="small", top_n=3)
    found = ranker.postprocess_nodes(llama_s_nodes(), query_str=QUERY)
    assert [node.text for node in found] == [TEXTS[place] for place in order]
