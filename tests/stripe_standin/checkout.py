"""Checkout sessions: made by the platform, paid by a buyer (a control endpoint)."""

from stripe_standin.accounts import accept_url
from stripe_standin.forms import bare, page
from stripe_standin.state import PLATFORM, Call, Object, Refusal, State, found, required


def create_session(state: State, call: Call) -> Object:
    params = call.params
    required(params, "mode", "line_items", "success_url")
    accept_url(params["success_url"], "success_url")
    prices = [(line["price_data"], int(line.get("quantity", 1))) for line in params["line_items"]]
    total = sum(int(price["unit_amount"]) * quantity for price, quantity in prices)
    now = int(state.now())
    id = state.new_id("cs_test")
    made: Object = {
        "id": id,
        "object": "checkout.session",
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False},
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "created": now,
        "currency": prices[0][0]["currency"],
        "custom_fields": [],
        "custom_text": {},
        "expires_at": int(params.get("expires_at", now + 86400)),
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "mode": params["mode"],
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "shipping_options": [],
        "status": "open",
        "success_url": params["success_url"],
        "url": f"https://checkout.stripe.test/c/pay/{id}",
    }
    state.sessions[id] = made
    return made


def list_sessions(state: State, call: Call) -> Object:
    status = call.query.get("status")
    rows = (row for row in reversed(state.sessions.values()) if status in (None, row["status"]))
    return page(rows, call.query, "/v1/checkout/sessions")


def get_session(state: State, call: Call) -> Object:
    return found(state.sessions, call.ids[0], "checkout.session")


def expire_session(state: State, call: Call) -> Object:
    row = get_session(state, call)
    if row["status"] != "open":
        raise Refusal(400, "Only Checkout Sessions with a status in `open` can be expired.", param="session")
    row |= {"status": "expired", "url": None}
    state.emit("checkout.session.expired", bare(row))
    return row


def change_session(state: State, id: str, step: str) -> Object:
    """`pay` (a card), `submit` (a bank debit, unpaid as yet), then `succeed` or `fail`, or `expire`."""
    row = found(state.sessions, id, "checkout.session")
    if step == "expire":
        return expire_session(state, Call("POST", "", {}, {}, "", None, ids=(id,)))
    row |= {"status": "complete", "url": None, "payment_intent": row["payment_intent"] or state.new_id("pi")}
    if step in ("pay", "succeed"):
        row["payment_status"] = "paid"
        state.move(PLATFORM, row["currency"], row["amount_total"], "charge", row["payment_intent"])
    tail = {"succeed": "async_payment_succeeded", "fail": "async_payment_failed"}.get(step, "completed")
    state.emit(f"checkout.session.{tail}", bare(row))
    return row
