"""A bounded round of fuzzing, the same at each run; `FUZZ_SEED=7` runs another, `make fuzz` a million inputs."""

import contextlib
import os
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from tests.fuzz.contract import ALLOWED
from tests.fuzz.million import run
from tests.kit.models.small import one_layer_model
from tests.kit.sidecars.process import sidecar

SEED = int(os.environ.get("FUZZ_SEED", "0"))


def test_generated_inputs_keep_the_contract(tmp_path: Path) -> None:
    figures = run(inputs=2000, whole=25, seed=SEED, folder=tmp_path)
    statuses = figures["statuses"]
    assert isinstance(statuses, dict)
    assert set(statuses) == {"200", "422"}


CHECKS = [
    checks.content_type_conformance,
    checks.ignored_auth,  # calls again without the key
    checks.negative_data_rejection,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.status_code_conformance,
    checks.unsupported_method,
]
KEY = {"Authorization": "Bearer a-key-of-tests"}


def test_right_and_wrong_calls_of_the_openapi_page_get_the_answers_that_it_describes(tmp_path: Path) -> None:
    statuses = Counter[int]()
    with sidecar(
        "--model", str(one_layer_model(tmp_path)), "--log-level", "error", "--api-key", "a-key-of-tests"
    ) as running:
        schema = schemathesis.openapi.from_url(f"{running.address}/openapi.json")
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            for mode in GenerationMode:
                probe_all(found.ok(), mode, statuses)
        assert running.lines[1:] == [], "something failed inside"
    assert set(statuses) <= ALLOWED
    assert {200, 401, 422} <= set(statuses)
    assert statuses.total() > 100


def probe_all(
    operation: schemathesis.APIOperation[Any, Any, Any, Any], mode: GenerationMode, statuses: Counter[int]
) -> None:
    """Check generated calls of an operation; some, without anything to get wrong, have no wrong ones."""

    @settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def probe(case: "schemathesis.Case[Any]") -> None:
        response = case.call(headers=KEY)
        statuses[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    with contextlib.suppress(Unsatisfiable):
        seed(SEED)(given(operation.as_strategy(generation_mode=mode))(probe))()
