"""Which function answers which operation."""

import re
from collections.abc import Callable

from stripe_standin import accounts, checkout, money, transfers
from stripe_standin.forms import page
from stripe_standin.state import Call, Object, Refusal, State, found, required

Handler = Callable[[State, Call], Object]
_KEPT = 30 * 86400


def list_events(state: State, call: Call) -> Object:
    """Newest first, of 30 days; a connected account's events are listed under its own header alone."""
    types = call.query.get("types") or ([call.query["type"]] if "type" in call.query else None)
    since = state.now() - _KEPT
    rows = (
        row
        for row in reversed(state.events)
        if row.get("account", "") == call.account
        and row["created"] >= since
        and (types is None or row["type"] in types)
    )
    return page(rows, call.query, "/v1/events")


def get_event(state: State, call: Call) -> Object:
    return found({row["id"]: row for row in state.events}, call.ids[0], "event")


def create_endpoint(state: State, call: Call) -> Object:
    required(call.params, "url", "enabled_events")
    made: Object = {
        "id": state.new_id("we"),
        "object": "webhook_endpoint",
        "api_version": None,
        "created": int(state.now()),
        "enabled_events": call.params["enabled_events"],
        "livemode": False,
        "metadata": call.params.get("metadata") or {},
        "secret": "whsec_" + state.new_id("s"),
        "status": "enabled",
        "url": call.params["url"],
    }
    state.endpoints[made["id"]] = made
    return made


def list_endpoints(state: State, call: Call) -> Object:
    return page(reversed(state.endpoints.values()), call.query, "/v1/webhook_endpoints")


ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", "/v1/transfers", transfers.create_transfer),
    ("GET", "/v1/transfers", transfers.list_transfers),
    ("GET", "/v1/transfers/{}", transfers.get_transfer),
    ("POST", "/v1/transfers/{}", transfers.update_transfer),
    ("POST", "/v1/transfers/{}/reversals", transfers.create_reversal),
    ("GET", "/v1/transfers/{}/reversals", transfers.list_reversals),
    ("GET", "/v1/transfers/{}/reversals/{}", transfers.get_reversal),
    ("POST", "/v1/accounts", accounts.create_account),
    ("GET", "/v1/accounts", accounts.list_accounts),
    ("GET", "/v1/accounts/{}", accounts.get_account),
    ("POST", "/v1/accounts/{}", accounts.update_account),
    ("DELETE", "/v1/accounts/{}", accounts.delete_account),
    ("POST", "/v1/account_links", accounts.create_link),
    ("GET", "/v1/balance", money.get_balance),
    ("GET", "/v1/balance_transactions", money.list_movements),
    ("GET", "/v1/balance_transactions/{}", money.get_movement),
    ("POST", "/v1/payouts", money.create_payout),
    ("GET", "/v1/payouts", money.list_payouts),
    ("GET", "/v1/payouts/{}", money.get_payout),
    ("POST", "/v1/payouts/{}/cancel", money.cancel_payout),
    ("POST", "/v1/checkout/sessions", checkout.create_session),
    ("GET", "/v1/checkout/sessions", checkout.list_sessions),
    ("GET", "/v1/checkout/sessions/{}", checkout.get_session),
    ("POST", "/v1/checkout/sessions/{}/expire", checkout.expire_session),
    ("GET", "/v1/events", list_events),
    ("GET", "/v1/events/{}", get_event),
    ("POST", "/v1/webhook_endpoints", create_endpoint),
    ("GET", "/v1/webhook_endpoints", list_endpoints),
]
_COMPILED = [(method, re.compile(path.replace("{}", "([^/]+)")), handler) for method, path, handler in ROUTES]


def route(method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
    """The handler of an operation, and the ids in its path."""
    for verb, pattern, handler in _COMPILED:
        if verb == method and (match := pattern.fullmatch(path)):
            return handler, match.groups()
    raise Refusal(404, f"Unrecognized request URL ({method}: {path}).")
