"""How long work will take, learnt from what ran."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from lastly.types import Candidate, Query, Truncation

_CHARACTERS_PER_TOKEN = 4  # of English; other scripts have fewer, so that their requests are estimated low
_TEMPLATE_TOKENS = 16
_NEW = 0.2  # weight of the newest run
_ENOUGH_RUNS = 3
_FRESH_S = 60.0
_STALE_SHARE = 0.1
_HEALING = 0.9  # what a refusal leaves of the estimate that caused it


def guess_tokens(query: Query, candidates: Sequence[Candidate], truncation: Truncation) -> int:
    """Guess the tokens of a request from its texts' lengths, without tokenising: cheap enough for admission."""
    query_tokens = min(_tokens(query.text), truncation.max_query_length) + _tokens(query.instruction or "")
    documents = sum(min(_tokens(candidate.text), truncation.max_doc_length) for candidate in candidates)
    return documents + 2 * query_tokens + _TEMPLATE_TOKENS


def _tokens(text: str) -> int:
    return len(text) // _CHARACTERS_PER_TOKEN + 1


class Pace:
    """Seconds that so many tokens take, learnt by their number: attention grows with its square.

    Unknown numbers take the pace of the nearest known one. A refusal that an estimate caused lowers it (`lower`):
    otherwise one slow run could refuse every later request, and no run would ever correct it. Callers could talk
    estimates down with deadlines that nothing can meet, so that only a call counts that had its normal time: that of
    the fastest run, once there were three.
    """

    def __init__(self) -> None:
        self._per_token: dict[int, float] = {}
        self._fastest = math.inf
        self._runs = 0
        self._learnt = -math.inf

    def learn(self, tokens: int, seconds: float) -> None:
        """Take in work that was done."""
        bucket, latest = _bucket(tokens), seconds / max(tokens, 1)
        known = self._per_token.get(bucket)
        self._per_token[bucket] = latest if known is None else (1 - _NEW) * known + _NEW * latest
        self._fastest, self._runs, self._learnt = min(self._fastest, latest), self._runs + 1, time.monotonic()

    def learn_stopped(self, tokens: int, seconds: float) -> None:
        """Take in work that was stopped after `seconds`, as if it took twice that where this is over the estimate.

        Otherwise a model too slow for its callers' time would be started for each of them and never learnt.
        """
        if self.seconds(tokens) < 2 * seconds:
            self.learn(tokens, 2 * seconds)

    def seconds(self, tokens: int) -> float:
        """Estimate work; 0 before any was done."""
        if not self._per_token:
            return 0.0
        nearest = min(self._per_token, key=lambda bucket: abs(bucket - _bucket(tokens)))
        return self._per_token[nearest] * tokens

    def normal(self, tokens: int) -> float:
        """Return the seconds that a call needs at least to cast doubt on an estimate; 0 where too little is known."""
        return self._floor() * tokens

    def lower(self) -> None:
        """Lower all estimates a little, after a refusal that they caused, but to no less than was ever seen."""
        floor = self._floor()
        self._per_token = {bucket: min(pace, max(pace * _HEALING, floor)) for bucket, pace in self._per_token.items()}

    def _floor(self) -> float:
        """Return the fastest pace; a tenth of it where nothing ran for a while, as on a machine that was busy then."""
        if self._runs < _ENOUGH_RUNS:
            return 0.0
        return self._fastest * (1.0 if time.monotonic() - self._learnt < _FRESH_S else _STALE_SHARE)


@dataclass(frozen=True)
class Speed:
    """What is known of a model: `encoding` of a call by its guessed tokens, `running` of a block by its tokens.

    A block that shares a run counts for its share of the run's time.
    """

    encoding: Pace = field(default_factory=Pace)
    running: Pace = field(default_factory=Pace)

    def normal(self, guessed: int, blocks: Sequence[int]) -> float:
        """Return the seconds that a call needs at least to cast doubt: one of so many tokens, in blocks of so many."""
        return self.encoding.normal(guessed) + sum(map(self.running.normal, blocks))

    def lower(self) -> None:
        """Lower all estimates a little."""
        self.encoding.lower()
        self.running.lower()


def _bucket(tokens: int) -> int:
    return round(math.log2(max(tokens, 1)))
