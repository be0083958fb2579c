"""`python -m tests.fuzz.million`: generated calls through the whole application, each answer checked; prints figures.

Most inputs go through prompt and tokenisation alone (`--whole` of a hundred go through HTTP and the model as well).
"""

import argparse
import json
import random
import tempfile
import time
from pathlib import Path

import numpy as np
from starlette.testclient import TestClient

from lastly.config import Settings
from lastly.ranking.reranker import Reranker
from lastly.serving.app import create_app
from lastly.types import Candidate, Query, Truncation
from tests.fuzz.contract import check
from tests.fuzz.inputs import call, text
from tests.kit.models.small import one_layer_model
from tests.kit.sidecars.in_process import wait_until_ready


def encode_one(reranker: Reranker, rng: random.Random) -> None:
    """Tokenise a generated block; its markers must be exactly the template's."""
    candidates = [Candidate(index, text(rng)) for index in range(rng.randint(1, 4))]
    query = Query(text(rng), text(rng) if rng.random() < 0.2 else None)
    encodings = reranker.encode(query, candidates, Truncation(rng.randint(1, 64), rng.randint(1, 64)))
    manifest = reranker.manifest
    ids = np.concatenate([encoding.input_ids for encoding in encodings])
    assert np.count_nonzero(ids == manifest.document_marker.id) == len(candidates)
    assert np.count_nonzero(ids == manifest.query_marker.id) == len(encodings)


def call_one(client: TestClient, rng: random.Random) -> int:
    """Send a generated call; returns its status."""
    path, body = call(rng)
    answer = client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    check(path, body, answer.status_code, answer.content)
    return answer.status_code


def run(inputs: int, whole: int, seed: int, folder: Path) -> dict[str, object]:
    """Run so many inputs, `whole` of a hundred through HTTP; raises at the first broken contract."""
    model, statuses, started = one_layer_model(folder), dict[str, int](), time.monotonic()
    reranker = Reranker.load(model)
    with TestClient(create_app(Settings(model=str(model))), raise_server_exceptions=True) as client:
        wait_until_ready(client)
        for number in range(inputs):
            rng = random.Random(seed + number)
            if number % 100 < whole:
                status = str(call_one(client, rng))
                statuses[status] = statuses.get(status, 0) + 1
            else:
                encode_one(reranker, rng)
    return {"inputs": inputs, "seconds": round(time.monotonic() - started, 1), "statuses": statuses}


def main() -> None:
    """Run and print."""
    flags = argparse.ArgumentParser(prog="python -m tests.fuzz.million", description=__doc__)
    flags.add_argument("--inputs", type=int, default=1_000_000)
    flags.add_argument("--whole", type=int, default=10, help="of a hundred, through HTTP and the model (default 10)")
    flags.add_argument("--seed", type=int, default=0, help="input N is made from seed + N")
    options = flags.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(options.inputs, options.whole, options.seed, Path(folder))))


if __name__ == "__main__":
    main()
