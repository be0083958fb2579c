"""Shows a comparison in a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lastly.search.comparison import Comparison, Reranked
from lastly.search.documents import Document


def show(comparison: Comparison, console: Console, rows: int) -> None:
    """Print the first `rows` hits of both orders side by side, with the moves, scores and times."""
    console.print(f"\n[bold]{escape(comparison.query)}[/bold]")
    if not comparison.first:
        console.print("nothing found: no document holds a word of the query")
        return
    console.print(_table(comparison, rows))
    console.print(
        f"[dim]BM25 {comparison.search_s * 1000:.1f} ms; {comparison.model} {comparison.rerank_s * 1000:.0f} ms for "
        f"{len(comparison.first)} documents, {comparison.tokens} tokens[/dim]"
    )


def _table(comparison: Comparison, rows: int) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="bold", expand=True)
    for name in ("#", "first stage", "BM25", "reranked", "score", "move"):
        if name in ("first stage", "reranked"):
            table.add_column(name, ratio=1, no_wrap=True, overflow="ellipsis")
        else:
            table.add_column(name, justify="right", no_wrap=True)
    both = zip(comparison.first[:rows], comparison.reranked[:rows], strict=True)
    for place, (hit, reranked) in enumerate(both):
        table.add_row(
            str(place + 1),
            _name(hit.document),
            f"{hit.score:.2f}",
            _name(reranked.document),
            f"{reranked.score:+.3f}",
            _move(reranked, place),
        )
    return table


def _name(document: Document) -> str:
    return escape(document.title or document.text.strip().split("\n")[0][:60] or document.id)


def _move(reranked: Reranked, place: int) -> str:
    by = reranked.was - place
    if by > 0:
        return f"[green]▲ {by}[/green]"
    return f"[red]▼ {-by}[/red]" if by < 0 else "="
