"""The OpenAPI document: valid, whole, and no less than the contract asks of what is built."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from api_document import document, documented, resolve
from api_market import Market
from api_requests import REQUESTS

from core.money import AMOUNT_PATTERN

# Operations of the contract that belong to work which is still to come. What is built is taken off this list.
LATER = set(
    """
POST /webhook-endpoints
""".strip().splitlines()
)
SIGNED = {"/v1/webhooks/stripe"}  # by whoever sends it, instead of a key
V1 = [each for each in documented() if each[1].startswith("/v1/") and each[1] not in SIGNED]


def test_the_document_is_valid_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(document()).validate()


def references(node: Any) -> set[str]:
    if isinstance(node, list):
        return {ref for each in node for ref in references(each)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own | {ref for each in node.values() for ref in references(each)}


def test_every_reference_in_it_leads_somewhere() -> None:
    for reference in references(document()):
        assert resolve({"$ref": reference}), reference


def test_it_holds_every_operation_once() -> None:
    ids = [op["operationId"] for _, _, op in V1]
    assert len(ids) == len(set(ids))
    named = {
        name.replace("<int:", "<").replace("<", "{").replace(">", "}").replace(" /", " /v1/")
        for name in REQUESTS
    }
    assert named == {f"{method} {path}" for method, path, _ in V1}


@pytest.mark.parametrize(("method", "path", "op"), V1, ids=[f"{method} {path}" for method, path, _ in V1])
def test_every_operation_says_what_it_takes_and_how_it_refuses(
    method: str, path: str, op: dict[str, Any]
) -> None:
    assert op["summary"] and op["tags"] and op["security"] == [{"key": []}]
    default = resolve(op["responses"]["default"])
    assert list(default["content"]) == ["application/problem+json"]
    problem = resolve(default["content"]["application/problem+json"]["schema"])
    assert {"type", "title", "status", "detail", "instance", "code", "request_id"} <= set(problem["required"])
    for status, response in op["responses"].items():
        content = resolve(response).get("content", {})
        if status.startswith(("4", "5")):
            assert list(content) == ["application/problem+json"]
        elif status == "204":
            assert not content
        elif status != "default":
            assert content
            for kind, shown in content.items():
                assert resolve(shown["schema"]).get("properties") or kind != "application/json"
    sends = REQUESTS_BY_PATH[f"{method} {path}"]
    assert ("requestBody" in op) == (sends.json is not None or sends.body is not None)
    idempotent = [each for each in map(resolve, op.get("parameters", [])) if each["in"] == "header"]
    assert bool(idempotent) == (method == "POST" and path not in NOT_KEYED)


NOT_KEYED = {"/v1/statements", "/v1/events", "/v1/catalog", "/v1/formulas/check", "/v1/formulas/evaluate"}
REQUESTS_BY_PATH = {
    name.replace("<int:", "<").replace("<", "{").replace(">", "}").replace(" /", " /v1/"): valid
    for name, valid in REQUESTS.items()
}
# Decimal text that is no amount of money: what a formula gives, and orders, which are split like money.
NO_MONEY = {("EvaluateOut", "value"), ("EarningOut", "orders")}
AMOUNTS = {"amount", "pending", "available", "in_transit", "paid_out", "payable", "balance", "debits", "allocated", "spent", "waiting", "budget", "deposited", "unallocated"}  # fmt: skip


def test_amounts_are_text_of_the_contracts_pattern() -> None:
    seen = set()
    for name, schema in document()["components"]["schemas"].items():
        for field, shown in schema.get("properties", {}).items():
            shown = resolve(shown)
            if field in AMOUNTS and shown.get("type") == "string" and (name, field) != ("Rule", "amount"):
                assert shown["pattern"] == AMOUNT_PATTERN, (name, field)
                seen.add(field)
            assert shown.get("type") != "number", (name, field)
            assert shown.keys() & {"type", "anyOf", "properties"}, f"{name}.{field} says nothing of its type"
    assert seen == AMOUNTS


def test_nothing_of_the_contract_that_was_built_is_lost(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document()))
    command = [sys.executable, str(shared / "check_contract.py"), str(path)]
    missing = set(subprocess.run(command, capture_output=True, text=True, check=False).stdout.split("\n")) - {
        ""
    }
    assert missing <= LATER, f"lost: {sorted(missing - LATER)}"


def test_the_document_and_its_page_are_served_without_a_key(market: Market) -> None:
    client = market.call.app.test_client()
    assert client.get("/openapi.json").json == document()
    page = client.get("/docs")
    assert page.status_code == 200 and page.content_type.startswith("text/html")
    assert "http://" not in page.text.replace("http://www.w3.org", "") and "https://" not in page.text
    for path in ("/healthz", "/readyz", "/docs/errors"):
        assert client.get(path).status_code in {200, 503}
    for path in ("/docs/assets/none", "/docs/assets/..%2fapp.py", "/docs/assets/../app.py"):
        assert client.get(path).status_code == 404
