"""Which blocks share one run of the graph."""

from collections.abc import Iterable
from itertools import islice

from lastly.scheduling.jobs import Ticket
from lastly.scheduling.running_batch import TicketBlock

_SPREAD = 2  # the longest block of a run is at most this many times the shortest: padding stays under half


def choose_batch(tickets: Iterable[Ticket], max_batch: int, max_tokens: int) -> list[TicketBlock]:
    """Return the blocks of the next run: the first ticket's first, then what fits beside it, in the given order.

    At most `max_batch` blocks, `max_tokens` with padding (a first block over it runs alone), of one model.
    """
    waiting = (TicketBlock(ticket, place) for ticket in tickets for place in ticket.waiting)
    first = next(waiting, None)
    if first is None:
        return []
    chosen = [first]
    shortest = longest = first.length
    for block in islice(waiting, 8 * max_batch if max_batch > 1 else 0):
        low, high = min(shortest, block.length), max(longest, block.length)
        fits = high <= _SPREAD * low and (len(chosen) + 1) * high <= max_tokens
        if fits and block.ticket.job.reranker is first.ticket.job.reranker:
            chosen.append(block)
            shortest, longest = low, high
        if len(chosen) == max_batch:
            break
    return chosen


def fill_ratio(chosen: list[TicketBlock]) -> float:
    """Return the share of a run's tokens that is not padding."""
    lengths = [block.length for block in chosen]
    return sum(lengths) / (len(lengths) * max(lengths))
