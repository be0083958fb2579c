"""A bounded round of fuzzing; `make fuzz` runs a million inputs."""

import os
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import response_schema_conformance

from tests.api.process import sidecar
from tests.fuzz.contract import ALLOWED
from tests.fuzz.million import run, small_model


def test_generated_inputs_keep_the_contract(tmp_path: Path) -> None:
    figures = run(inputs=2000, whole=25, seed=int(os.environ.get("FUZZ_SEED", "0")), folder=tmp_path)
    statuses = figures["statuses"]
    assert isinstance(statuses, dict)
    assert set(statuses) == {"200", "422"}


def test_calls_generated_from_the_openapi_page_get_answers_that_it_describes(tmp_path: Path) -> None:
    with sidecar("--model", str(small_model(tmp_path)), "--log-level", "warning") as running:
        schema = schemathesis.openapi.from_url(f"{running.address}/openapi.json")
        sent = 0
        for operation in schema.get_all_operations():
            cases = operation.ok().as_strategy()

            @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            def probe(case: schemathesis.Case) -> None:
                nonlocal sent
                sent += 1
                response = case.call()
                assert response.status_code in {*ALLOWED, 404}
                case.validate_response(response, checks=[response_schema_conformance])

            given(cases)(probe)()
        assert sent > 100
