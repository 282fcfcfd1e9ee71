"""Requests drawn from the document itself, valid and not: never a fault, every answer as documented."""

import random
import time
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from api_market import Market
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

SEED = 20261122
EXAMPLES = 8
SECONDS = 30  # for each of the two ways
CHECKS = [
    not_a_server_error,
    response_schema_conformance,
    content_type_conformance,
    status_code_conformance,
    response_headers_conformance,
]
ROLE = {"/v1/creators/{id}/payee/verify": "finance"}


def role_of(method: str, path: str) -> str:
    """Somebody who may: so that the cases get behind the door."""
    if method == "GET":
        return "auditor"
    if path.startswith(("/v1/payout", "/v1/creators/{id}/payee")) or path.endswith("/deposits"):
        return "finance"
    if path.startswith(("/v1/ledger/periods", "/v1/ledger/acknowledge")):
        return "finance"
    if path.startswith(("/v1/ledger", "/v1/programs", "/v1/enrolments", "/v1/funds", "/v1/formulas")):
        return "operator"
    return "platform"


def operations(schema: Any) -> Iterator[Any]:
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.startswith("/v1/"):
            yield operation


@schemathesis.serializer("application/x-ndjson")
def lines(ctx: Any, value: Any) -> bytes:
    return str(value).encode()


def try_out(market: Market, operation: Any, mode: schemathesis.GenerationMode) -> int:
    """Send `EXAMPLES` cases of one operation; how many were sent."""
    method, seen = operation.method.upper(), 0
    headers = {"Authorization": f"Bearer {market.call.keys[role_of(method, operation.path)]}"}
    known = {"id": ["c1", "main", "prog", "k1", *market.ids.values()], "n": [1, 2]}

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        nonlocal seen
        seen += 1
        for name, values in known.items():
            if seen % 2 and name in (case.path_parameters or {}):
                case.path_parameters[name] = values[seen % len(values)]
        if method == "POST":
            key = f"fuzz-{operation.label}-{mode}-{seen}".replace(" ", "-")
            case.headers = {**(case.headers or {}), "Idempotency-Key": key}
        case.validate_response(case.call(headers=headers), checks=CHECKS)

    send()
    return seen


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_b12_no_drawn_request_is_a_fault_and_every_answer_is_as_documented(
    market: Market, mode: schemathesis.GenerationMode
) -> None:
    """Half of them aim at what exists. What runs out of time is left out, another part in each of the two ways."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", market.call.app)
    ends, seen, left = time.monotonic() + SECONDS, 0, []
    shuffled = list(operations(schema))
    random.Random(f"{SEED} {mode}").shuffle(shuffled)
    for number, operation in enumerate(shuffled):
        # Half of them, however slow the machine is.
        if time.monotonic() > ends and number > len(shuffled) / 2:
            left.append(operation.label)
            continue
        try:
            seen += try_out(market, operation, mode)
        except (schemathesis.errors.SchemathesisError, hypothesis.errors.Unsatisfiable):
            assert mode is schemathesis.GenerationMode.NEGATIVE  # nothing of it can be wrong
    assert seen > 200, (seen, left)
