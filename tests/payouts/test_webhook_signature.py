"""Only what Stripe signed, lately, with a secret that we accept, is read at all."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from stripe_standin.webhooks import signature

from core.errors import Invalid, KopeckError
from core.settings import load_settings
from payouts.stripe.events import parse_event
from payouts.stripe.signature import check_signature, secrets_of

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
BODY = b'{"id": "evt_1"}'
AT = int(NOW.timestamp())
GOOD = signature("whsec_1", BODY, AT)
EVENT = b'{"id":"evt_1","object":"event","type":"transfer.created","created":1,"livemode":false,"data":%s}'


def code(header: str | None, secrets: tuple[str, ...] = ("whsec_1",), body: bytes = BODY) -> str | None:
    try:
        check_signature(body, header, secrets, NOW)
    except KopeckError as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("seconds", "accepted"),
    [(0, True), (-300, True), (-301, False), (60, True), (61, False), (10**10, False)],
)
def test_the_time_counts_in_both_directions(seconds: int, accepted: bool) -> None:
    """W2."""
    assert (code(signature("whsec_1", BODY, AT + seconds)) is None) == accepted


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "v1=",
        f"t={AT}",
        GOOD.partition(",")[2],
        GOOD.replace("v1=", "v0="),
        GOOD.upper(),
        GOOD[:-1],
        GOOD + "0",
        GOOD.replace("t=", "t=-"),
        GOOD.replace("t=", "t=+"),
        GOOD.replace("t=", "t= "),
        GOOD.replace("t=", "t=٣"),
        f"t={AT - 9999},{GOOD}",
        f"{GOOD},t={AT}",
        f"t={'9' * 400},v1={'0' * 64}",
        f"t={AT},v1={'é' * 64}",
        f"t={AT}," + ",".join(["v1=" + "0" * 64] * 1000),
        signature("whsec_2", BODY, AT),
        signature("", BODY, AT),
        signature("whsec_1", BODY + b" ", AT),
    ],
)
def test_a_signature_that_does_not_fit_is_refused(header: str | None) -> None:
    """W2."""
    assert code(header) == "bad_signature"


def test_while_a_secret_is_replaced_both_are_accepted() -> None:
    """W13."""
    settings = load_settings({"KOPECK_STRIPE_WEBHOOK_SECRET": " whsec_1, ,whsec_2,"})
    assert secrets_of(settings) == ["whsec_1", "whsec_2"]
    for secret in ("whsec_1", "whsec_2"):
        assert code(signature(secret, BODY, AT), ("whsec_1", "whsec_2")) is None
    both = GOOD + "," + signature("whsec_2", BODY, AT).partition(",")[2]
    assert code(both, ("whsec_2",)) is None
    assert code(GOOD, ("whsec_2",)) == "bad_signature"


@pytest.mark.parametrize("configured", [None, "", " , "])
def test_without_a_secret_nothing_is_accepted(configured: str | None) -> None:
    """W2."""
    settings = replace(load_settings({}), stripe_webhook_secret=configured)
    assert code(GOOD, tuple(secrets_of(settings))) == "webhooks_not_configured"
    assert code(signature("", BODY, AT), tuple(secrets_of(settings))) == "webhooks_not_configured"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"true",
        b"null",
        b"NaN",
        b'"a"',
        b"{}",
        b"[" * 200_000,
        EVENT % b"[]",
        EVENT % b"NaN",
        EVENT % b'{"object":{"id":"\\u0000"}}',
        EVENT % b'{"object":{"id":"\\ud800"}}',
        EVENT % b"1e999",
        (EVENT % b"{}").replace(b"evt_1", b"evt 1"),
        (EVENT % b"{}").replace(b'"created":1', b'"created":99999999999999'),
        (EVENT % b"{}").replace(b'"created":1', b'"created":true'),
        (EVENT % b"{}").replace(b'"object":"event"', b'"object":"v2.core.event"'),
    ],
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    """W11."""
    with pytest.raises(Invalid) as caught:
        parse_event(body)
    assert caught.value.code == "bad_event"


def test_an_event_keeps_all_that_came_with_it() -> None:
    event, whole = parse_event(EVENT % b'{"object":{"id":"\\\\u0000"},"more":[1]}')
    assert (event.id, event.account, event.livemode) == ("evt_1", None, False)
    assert whole["data"] == {"object": {"id": "\\u0000"}, "more": [1]}
