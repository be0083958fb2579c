"""The evaluation: collections, journal, measures, significance, reports."""

import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from lastly.errors import InvalidRequestError
from lastly.evaluation import plot, published, report
from lastly.evaluation.collection import Collection, read_collection, read_qrels
from lastly.evaluation.first_stages import EmbeddedBm25
from lastly.evaluation.journal import Journal, Outcome
from lastly.evaluation.measures import measure
from lastly.evaluation.rerankers import Order
from lastly.evaluation.results import Result, collect
from lastly.evaluation.significance import compare_paired
from lastly.evaluation.trial import FIRST_STAGE, Trial
from lastly.evaluation.variants import Variant, plan
from lastly.search.python_docs import python_documentation

# Questions that name what they ask for only in part; the answer is an entry of the standard library's documentation.
QUESTIONS = {
    "1": ("create a temporary directory", "tempfile.mkdtemp"),
    "2": ("run a command and wait for it", "subprocess.run"),
    "3": ("read the whole file as text", "pathlib.Path.read_text"),
    "4": ("sort an iterable into a list", "builtins.sorted"),
    "5": ("shuffle a list in place", "random.Random.shuffle"),
    "6": ("join path components", "pathlib.PurePath.joinpath"),
}


class Oracle:
    """Ranks the passages that name the answer first; counts its calls."""

    name = "oracle"

    def __init__(self, fail_after: int | None = None) -> None:
        self.calls = 0
        self._fail_after = fail_after

    def rerank(self, query: str, passages: Sequence[str]) -> Order:
        if self._fail_after is not None and self.calls >= self._fail_after:
            raise KeyboardInterrupt
        self.calls += 1
        answer = next(answer for text, answer in QUESTIONS.values() if text == query)
        places = sorted(range(len(passages)), key=lambda place: not passages[place].startswith(f"{answer}\n"))
        return Order(places, 0.002, 100)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python's documentation as a BEIR folder."""
    folder = tmp_path_factory.mktemp("beir") / "python-docs"
    (folder / "qrels").mkdir(parents=True)
    with gzip.open(folder / "corpus.jsonl.gz", "wt", encoding="utf-8") as file:
        for document in python_documentation():
            file.write(json.dumps({"_id": document.id, "title": document.title, "text": document.text}) + "\n")
    lines = [json.dumps({"_id": query, "text": text}) for query, (text, _) in QUESTIONS.items()]
    (folder / "queries.jsonl").write_text("\n".join(lines), encoding="utf-8")
    rows = ["query-id\tcorpus-id\tscore", *(f"{query}\t{answer}\t1" for query, (_, answer) in QUESTIONS.items())]
    (folder / "qrels" / "test.tsv").write_text("\n".join([*rows, "7\tjson\t1", "1\tjson\t0"]), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def collection(folder: Path) -> Collection:
    return read_collection(folder)


@pytest.fixture(scope="module")
def bm25(collection: Collection) -> EmbeddedBm25:
    return EmbeddedBm25(collection)


def _trial(collection: Collection, bm25: EmbeddedBm25, oracle: Oracle) -> Trial:
    return Trial(collection, bm25, oracle, plan(50, [10], ["reversed", "shuffled"], seeds=2))


def _run(trial: Trial, file: Path) -> Result:
    queries = sorted(trial.collection.queries)
    with Journal(file, {"of": "this"}) as journal:
        trial.run(journal, queries, lambda: None)
        return collect(trial.collection, journal, queries, trial.variants)


@pytest.fixture(scope="module")
def result(collection: Collection, bm25: EmbeddedBm25, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return _run(_trial(collection, bm25, Oracle()), tmp_path_factory.mktemp("journal") / "journal.jsonl")


def test_a_folder_is_read_with_judged_queries_only(collection: Collection) -> None:
    assert (collection.name, collection.split) == ("python-docs", "test")
    assert set(collection.queries) == set(QUESTIONS)  # 7 is judged and not asked
    assert collection.qrels["1"] == {"tempfile.mkdtemp": 1, "json": 0}
    assert len(collection.corpus) > 2_000


def test_qrels_beside_the_corpus_and_trec_s_columns_are_read(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "qrels.dev.tsv.gz", "wt") as file:
        file.write("1 0 d1 2\n1 0 d2 0\n")
    assert read_qrels(tmp_path / "qrels.dev.tsv.gz") == {"1": {"d1": 2, "d2": 0}}


@pytest.mark.parametrize("content", ["q\td\n", "q\td\t1\nq\td\tmuch\n"])
def test_broken_qrels_name_the_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + content)
    with pytest.raises(InvalidRequestError, match=r"line [23]"):
        read_qrels(tmp_path / "qrels.tsv")


def test_an_unknown_split_names_those_that_are_there(folder: Path) -> None:
    with pytest.raises(InvalidRequestError, match="no split dev; it has test"):
        read_collection(folder, "dev")


def test_a_perfect_reranker_finds_every_answer_in_its_window(result: Result) -> None:
    inside = [query for query, value in result.first.per_query["R@100"].items() if value]
    assert len(inside) >= 4
    assert result.main.mean() > result.first.mean()
    assert all(system.mean("R@100") == result.first.mean("R@100") for system in result.variants)
    windowed = result.windows
    assert [system.variant.window for system in windowed if system.variant] == [10, 50]
    assert windowed[0].mean("R@10") <= windowed[1].mean("R@10")


def test_a_reranker_that_is_blind_to_the_order_scores_alike_in_all(result: Result) -> None:
    assert len(result.orders) == 3
    assert {system.mean() for system in result.orders} == {result.main.mean()}


def test_hits_below_the_window_keep_their_places(collection: Collection, bm25: EmbeddedBm25, tmp_path: Path) -> None:
    trial = Trial(collection, bm25, Oracle(), [Variant(10)], depth=30)
    with Journal(tmp_path / "journal.jsonl", {}) as journal:
        trial.run(journal, ["1"], lambda: None)
        first, reranked = journal.get("1", FIRST_STAGE), journal.get("1", Variant(10).name)
    assert first is not None
    assert reranked is not None
    assert len(first.ids) == 30
    assert reranked.ids[10:] == first.ids[10:]
    assert sorted(reranked.ids) == sorted(first.ids)


def test_a_document_with_the_query_s_id_is_dropped_where_asked(bm25: EmbeddedBm25, collection: Collection) -> None:
    found = bm25.search(QUESTIONS["1"][0], 5)[0].document.id
    asked = Collection("own", "test", [], {found: QUESTIONS["1"][0]}, {found: {"x": 1}})
    hits, _ = Trial(asked, bm25, Oracle(), [], depth=5, drop_own=True)._search(found)
    assert len(hits) == 5
    assert found not in {hit.document.id for hit in hits}


def test_an_interrupted_run_goes_on_where_it_stopped(
    collection: Collection, bm25: EmbeddedBm25, result: Result, tmp_path: Path
) -> None:
    file = tmp_path / "journal.jsonl"
    with pytest.raises(KeyboardInterrupt):
        _run(_trial(collection, bm25, Oracle(fail_after=12)), file)
    with file.open("a") as torn:
        torn.write('{"query": "3", "vari')
    rest = Oracle()
    again = _run(_trial(collection, bm25, rest), file)
    assert rest.calls == 5 * len(QUESTIONS) - 12
    assert again.main.per_query == result.main.per_query
    assert [json.loads(line) for line in file.read_text().splitlines()]


def test_a_journal_of_something_else_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", {"model": "a"}) as journal:
        journal.add(Outcome(query="1", variant="v", ids=["d"], seconds=0.1))
    with pytest.raises(InvalidRequestError, match="--fresh"):
        Journal(tmp_path / "j", {"model": "b"})


def test_measures_agree_with_their_definitions() -> None:
    values = measure({"1": ["a", "b", "c"], "2": []}, {"1": {"b": 1, "z": 1}, "2": {"a": 1}})
    assert values["RR@10"] == {"1": 0.5, "2": 0.0}
    assert values["R@10"] == {"1": 0.5, "2": 0.0}
    assert values["nDCG@10"]["1"] == pytest.approx(0.6309 / 1.6309, abs=1e-4)


def test_many_small_gains_are_significant_and_noise_is_not() -> None:
    random_ = random.Random(1)
    before = [random_.random() for _ in range(80)]
    gained = compare_paired(before, [value + 0.05 + random_.gauss(0, 0.05) for value in before])
    noise = compare_paired(before, [value + random_.gauss(0, 0.2) for value in before])
    assert gained.p_randomisation < 0.01
    assert gained.p_t < 0.01
    assert gained.low > 0
    assert noise.low < 0 < noise.high
    assert noise.p_randomisation == pytest.approx(noise.p_t, abs=0.05)


def test_equal_systems_do_not_differ() -> None:
    one = compare_paired([0.1], [0.9])
    assert (one.wins, one.p_randomisation, one.p_t) == (1, 1.0, 1.0)
    same = compare_paired([0.1, 0.5, 0.9], [0.1, 0.5, 0.9])
    assert (same.mean, same.p_t, same.p_randomisation, same.ties) == (0.0, 1.0, 1.0, 3)


def test_a_shuffle_is_the_same_for_seed_and_query_and_differs_between_them() -> None:
    shuffled = Variant(50, "shuffled", 1).permutation(50, "q")
    assert shuffled == Variant(50, "shuffled", 1).permutation(50, "q")
    assert sorted(shuffled) == list(range(50))
    assert shuffled != Variant(50, "shuffled", 2).permutation(50, "q")
    assert shuffled != Variant(50, "shuffled", 1).permutation(50, "r")


def test_the_report_holds_every_part(result: Result, tmp_path: Path) -> None:
    heading = report.Heading("lastly eval x", "BM25 (embedded)", "oracle", 100)
    markdown = report.to_markdown(heading, [result, result])
    for part in ("**mean**", "### Windows", "shuffled, 2 seeds", "reversed", "### Largest gains", "lastly eval x"):
        assert part in markdown
    content = json.loads(json.dumps(report.to_json(heading, [result])))
    entry = content["collections"][0]
    assert entry["differences"]["nDCG@10"]["wins"] == result.difference().wins
    assert set(entry["per_query"]["values"]) == set(QUESTIONS)
    plot.draw(result, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", published.TABLES)
def test_published_tables_are_complete(name: str) -> None:
    table = published.load_table(name)
    assert "jina-reranker-v3" in {figure.model for figure in table.figures}
    folders = [member.folder for member in table.collections]
    assert len(folders) == len(set(folders)) >= 10
    assert measure({"1": ["a"]}, {"1": {"a": 1}}, [table.measure]) == {table.measure: {"1": 1.0}}


def test_a_table_takes_what_is_at_hand_and_names_the_rest(folder: Path, result: Result) -> None:
    table = published.load_table("beir")
    (folder.parent / "scifact").symlink_to(folder)
    at_hand = published.look_for(table, folder.parent)
    assert [member.folder for member in at_hand.found] == ["scifact"]
    assert "nfcorpus" in published.notes(table, at_hand)[-1]
    beside = published.compared(table, at_hand, [result], "oracle")
    assert beside.content["ours"]["reranked"] == pytest.approx(100 * result.main.mean("nDCG@10"))
    assert {"model": "jina-reranker-v3", "value": 61.94} in beside.content["figures"]
    assert json.loads(json.dumps(beside.content))["ours"]["missing"][0] == "arguana"
    text = beside.markdown
    assert "1 of 13 collections" in text
    assert "| jina-reranker-v3 (published) | 61.94 |" in text
