"""What each answer of Stripe's means: only what Stripe says in its own form is definite."""

import pytest
import stripe

from payouts.stripe.http import TooLate
from payouts.stripe.outcome import outcome_of


def answered(status: int, body: object) -> Exception:
    """As the library raises it."""
    requestor = stripe.StripeClient("sk_test_x")._requestor
    with pytest.raises(Exception) as caught:
        requestor._interpret_response(
            body if isinstance(body, bytes) else stripe._api_requestor.json.dumps(body).encode(),
            status,
            {},
            "V1",
        )
    return caught.value


def error(code: str | None = None, type: str = "invalid_request_error") -> dict[str, object]:
    return {"error": {"type": type, "code": code, "message": "no"}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, error("balance_insufficient"), "rejected", "balance_insufficient"),
        (400, error(), "rejected", "invalid_request_error"),
        (402, error("card_declined", "card_error"), "rejected", "card_declined"),
        (403, error("account_invalid"), "rejected", "account_invalid"),
        (404, error("resource_missing"), "rejected", "resource_missing"),
        (400, error(None, "idempotency_error"), "mismatch", "idempotency_error"),
        (401, error(), "stopped", "invalid_request_error"),
        (403, error(), "stopped", "invalid_request_error"),
        (409, error(None, "idempotency_error"), "in_flight", "idempotency_error"),
        (409, b"<html>", "in_flight", "in_flight"),
        (429, error("rate_limit"), "later", "rate_limit"),
        (429, b"slow down", "later", "rate_limited"),
        (400, error("rate_limit"), "rejected", "rate_limit"),
        (500, error(None, "api_error"), "unknown", "http_500"),
        (503, b"busy", "unknown", "http_503"),
        (200, b"<html>", "unknown", "http_200"),
        (200, b'{"id": "tr', "unknown", "http_200"),
        (302, b"", "unknown", "http_302"),
        (400, b"<html>", "unknown", "http_400"),
        (400, {"error": {}}, "unknown", "http_400"),
        (400, {"oops": 1}, "unknown", "http_400"),
        (401, b"<html>", "unknown", "http_401"),
        (404, b"", "unknown", "http_404"),
        (418, error("teapot"), "unknown", "http_418"),
    ],
)
def test_the_table(status: int, body: object, kind: str, code: str) -> None:
    outcome = outcome_of(answered(status, body))
    assert (outcome.kind, outcome.code) == (kind, code)


def test_no_answer_and_no_call() -> None:
    assert outcome_of(stripe.APIConnectionError("reset")).kind == "unknown"
    assert outcome_of(ValueError("anything")).kind == "unknown"
    assert outcome_of(TooLate()).kind == "later"
