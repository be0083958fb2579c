"""The evaluation from options to reports."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import Progress

from lastly.errors import InvalidRequestError
from lastly.evaluation import plot, published, report
from lastly.evaluation.collection import Collection, read_collection
from lastly.evaluation.first_stages import Candidates, EmbeddedBm25
from lastly.evaluation.journal import Journal
from lastly.evaluation.published import Beside, Member, PublishedTable
from lastly.evaluation.rerankers import FolderReranker, Reranks, SidecarReranker
from lastly.evaluation.results import Result, collect
from lastly.evaluation.trial import Trial
from lastly.evaluation.variants import Presented, plan
from lastly.graph.opening import GraphOptions, execution_providers
from lastly.types import Provider
from lastly_integrations.json_client import JsonClient
from lastly_integrations.recognise import recognise


@dataclass(frozen=True)
class Options:
    """What `lastly eval` was told; its help says what each means."""

    folders: list[Path]
    output: Path
    model: Path
    command: str
    split: str | None = None
    limit: int | None = None
    table: str | None = None
    data: Path | None = None
    drop_own: bool = False
    engine: JsonClient | None = None
    index: str | None = None
    fields: list[str] = field(default_factory=lambda: ["title", "text"])
    sidecar: JsonClient | None = None
    threads: int = 0
    provider: Provider = "cpu"
    max_block_tokens: int = 0
    window: int = 50
    windows: list[int] = field(default_factory=list)
    depth: int = 100
    orders: list[Presented] = field(default_factory=list)
    seeds: int = 3
    instruction: str | None = None
    lexical_weight: float | None = None
    fresh: bool = False


@dataclass(frozen=True)
class Written:
    """The reports' folder and the Markdown."""

    folder: Path
    markdown: str


def evaluate(options: Options, progress: Progress) -> Written:
    """Run everything, write report.md, report.json and the plots. Raises LastlyError for what cannot be done."""
    if options.engine and not options.index:
        raise InvalidRequestError("--engine needs --index")
    if options.sidecar and options.max_block_tokens:
        raise InvalidRequestError("--max-block-tokens is for a model in this process; a sidecar has a setting for it")
    table = published.load_table(options.table) if options.table else None
    at_hand = _members(options, table)
    reranker = _reranker(options)
    results = []
    first_stage = ""
    for folder, member in at_hand:
        result, first_stage = _one(options, folder, member, reranker, progress)
        results.append(result)
    beside = _published(options, table, results, reranker.name)
    notes = beside.notes if beside else []
    heading = report.Heading(options.command, first_stage, reranker.name, _depth(options), notes)
    return _write(options.output, heading, results, beside)


def _members(options: Options, table: PublishedTable | None) -> list[tuple[Path, Member]]:
    if table is None:
        split = options.split or ""
        return [
            (folder, Member(folder=folder.name, split=split, drop_own=options.drop_own)) for folder in options.folders
        ]
    if options.data is None:
        raise InvalidRequestError("--table needs --data, the folder that holds the collections")
    found = published.look_for(table, options.data).found
    if not found:
        names = ", ".join(member.folder for member in table.collections)
        raise InvalidRequestError(f"{options.data} holds none of {names}; each is a folder in BEIR's format")
    return [(options.data / member.folder, member) for member in found]


def _one(options: Options, folder: Path, member: Member, reranker: Reranks, progress: Progress) -> tuple[Result, str]:
    collection = read_collection(folder, member.split or None, corpus=options.engine is None)
    candidates = _first_stage(options, collection)
    variants = plan(options.window, options.windows, options.orders, options.seeds)
    trial = Trial(collection, candidates, reranker, variants, _depth(options), member.drop_own)
    queries = sorted(collection.queries)[: options.limit]
    file = options.output / "journal" / f"{collection.name}.{collection.split}.jsonl"
    if options.fresh:
        file.unlink(missing_ok=True)
    with Journal(file, _belongs_to(options, trial)) as journal:
        task = progress.add_task(collection.name, total=len(queries))
        trial.run(journal, queries, lambda: progress.advance(task))
        return collect(collection, journal, queries, variants), candidates.name


def _belongs_to(options: Options, trial: Trial) -> dict[str, object]:
    """What an interrupted run must share with its continuation."""
    collection = trial.collection
    return {
        "collection": collection.name,
        "split": collection.split,
        "documents": len(collection.corpus),
        "judged": len(collection.queries),
        "first_stage": trial.candidates.name,
        "fields": options.fields if options.engine else [],
        "reranker": trial.reranker.name,
        "instruction": options.instruction,
        "lexical_weight": options.lexical_weight,
        "max_block_tokens": options.max_block_tokens,
        "depth": trial.depth,
        "drop_own": trial.drop_own,
    }


def _first_stage(options: Options, collection: Collection) -> Candidates:
    if options.engine and options.index:
        return recognise(options.engine).index(options.index, options.fields)
    return EmbeddedBm25(collection)


def _reranker(options: Options) -> Reranks:
    if options.sidecar:
        return SidecarReranker(options.sidecar, options.instruction, lexical_weight=options.lexical_weight)
    graph = GraphOptions(options.threads, execution_providers(options.provider))
    return FolderReranker(options.model, graph, options.instruction, options.lexical_weight, options.max_block_tokens)


def _depth(options: Options) -> int:
    return max(options.depth, options.window, *options.windows)


def _published(options: Options, table: PublishedTable | None, results: list[Result], reranker: str) -> Beside | None:
    if table is None or options.data is None:
        return None
    return published.compared(table, published.look_for(table, options.data), results, reranker)


def _write(folder: Path, heading: report.Heading, results: list[Result], beside: Beside | None) -> Written:
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        plot.draw(result, folder / report.plot_name(result))
    markdown = report.to_markdown(heading, results) + (beside.markdown if beside else "")
    (folder / "report.md").write_text(markdown, encoding="utf-8")
    whole = report.to_json(heading, results) | ({"published": beside.content} if beside else {})
    content = json.dumps(whole, ensure_ascii=False, indent=1)
    (folder / "report.json").write_text(content + "\n", encoding="utf-8")
    return Written(folder, markdown)
