"""Balances, balance transactions, and the payouts of connected accounts to their banks."""

from stripe_standin.forms import bare, page
from stripe_standin.state import PLATFORM, Call, Object, Refusal, State, found, integer, required


def get_balance(state: State, call: Call) -> Object:
    owned = sorted(currency for owner, currency in state.balances if owner == call.account)
    rows = [
        {"amount": state.balance(call.account, each), "currency": each, "source_types": None}
        for each in owned
    ]
    for row in rows:
        row["source_types"] = {"card": row["amount"]}
    return {"object": "balance", "available": rows, "pending": [], "livemode": False}


def list_movements(state: State, call: Call) -> Object:
    asked = {name: call.query[name] for name in ("source", "type", "currency") if name in call.query}
    rows = (
        row
        for row in reversed(state.movements)
        if row["_owner"] == call.account and asked.items() <= row.items()
    )
    return page(rows, call.query, "/v1/balance_transactions")


def get_movement(state: State, call: Call) -> Object:
    return found({row["id"]: row for row in state.movements}, call.ids[0], "balance transaction")


def create_payout(state: State, call: Call) -> Object:
    required(call.params, "currency")
    amount = integer(call.params, "amount")
    assert amount is not None
    currency = call.params["currency"]
    if state.balance(call.account, currency) < amount:
        raise Refusal(400, "You have insufficient funds in your Stripe account.", "balance_insufficient")
    now = int(state.now())
    made: Object = {
        "id": state.new_id("po"),
        "object": "payout",
        "amount": amount,
        "arrival_date": now + 86400,
        "automatic": False,
        "created": now,
        "currency": currency,
        "description": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": call.params.get("metadata") or {},
        "method": call.params.get("method", "standard"),
        "original_payout": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "pending",
        "type": "bank_account",
    }
    made["balance_transaction"] = state.move(call.account, currency, -amount, "payout", made["id"])
    state.payouts[made["id"]] = made
    state.payout_account[made["id"]] = call.account
    state.emit("payout.created", made, account=call.account)
    return made


def list_payouts(state: State, call: Call) -> Object:
    rows = (
        row
        for row in reversed(state.payouts.values())
        if state.payout_account[row["id"]] == call.account
        and call.query.get("status", row["status"]) == row["status"]
    )
    return page(rows, call.query, "/v1/payouts")


def get_payout(state: State, call: Call) -> Object:
    row = found(state.payouts, call.ids[0], "payout")
    if state.payout_account[row["id"]] != call.account:
        raise Refusal(404, f"No such payout: '{row['id']}'", "resource_missing", param="payout")
    return row


def cancel_payout(state: State, call: Call) -> Object:
    row = get_payout(state, call)
    if row["status"] != "pending":
        raise Refusal(400, "Payouts can only be canceled while they are pending.", "payouts_not_allowed")
    return change_payout(state, row["id"], "canceled")


def change_payout(state: State, id: str, status: str, failure: str | None = None) -> Object:
    """What the bank did with a payout; a failed or cancelled one gives the account its money back."""
    row, account = found(state.payouts, id, "payout"), state.payout_account[id]
    if status in ("failed", "canceled") and row["status"] not in ("failed", "canceled"):
        kind = "payout_failure" if status == "failed" else "payout_cancel"
        state.move(account, row["currency"], row["amount"], kind, id)
    row["status"] = status
    row["failure_code"] = failure or ("account_closed" if status == "failed" else None)
    state.emit(
        f"payout.{'updated' if status in ('pending', 'in_transit') else status}", bare(row), account=account
    )
    return row


def set_balance(state: State, currency: str, amount: int, owner: str = PLATFORM) -> None:
    state.balances[owner, currency] = amount
