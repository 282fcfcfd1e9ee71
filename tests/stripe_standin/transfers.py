"""Transfers to connected accounts and their reversals."""

import copy

from stripe_standin.forms import bare, page
from stripe_standin.state import PLATFORM, Call, Object, Refusal, State, found, integer, required


def create_transfer(state: State, call: Call) -> Object:
    required(call.params, "currency", "destination")
    amount = integer(call.params, "amount")
    assert amount is not None
    currency, destination = call.params["currency"], call.params["destination"]
    account = found(state.accounts, destination, "destination", 400, "destination")
    if account.get("_deleted"):
        raise Refusal(400, f"No such destination: '{destination}'", "account_invalid", param="destination")
    if account["capabilities"].get("transfers") != "active":
        message = "Your destination account needs to have at least one of the following capabilities enabled: transfers"
        raise Refusal(400, message, "insufficient_capabilities_for_transfer")
    if state.balance(PLATFORM, currency) < amount:
        raise Refusal(
            400, "You have insufficient available funds in your Stripe account.", "balance_insufficient"
        )
    made: Object = {
        "id": state.new_id("tr"),
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "created": int(state.now()),
        "currency": currency,
        "description": call.params.get("description"),
        "destination": destination,
        "destination_payment": state.new_id("py"),
        "livemode": False,
        "metadata": call.params.get("metadata", {}),
        "reversed": False,
        "source_transaction": None,
        "source_type": call.params.get("source_type", "card"),
        "transfer_group": call.params.get("transfer_group"),
    }
    made["reversals"] = _reversals(made["id"], [])
    made["balance_transaction"] = state.move(PLATFORM, currency, -amount, "transfer", made["id"])
    state.move(destination, currency, amount, "payment", made["destination_payment"])
    state.transfers[made["id"]] = made
    state.emit("transfer.created", made)
    return made


def list_transfers(state: State, call: Call) -> Object:
    asked = {name: call.query[name] for name in ("transfer_group", "destination") if name in call.query}
    rows = (row for row in reversed(state.transfers.values()) if asked.items() <= row.items())
    return page(rows, call.query, "/v1/transfers")


def get_transfer(state: State, call: Call) -> Object:
    return found(state.transfers, call.ids[0], "transfer")


def update_transfer(state: State, call: Call) -> Object:
    row = found(state.transfers, call.ids[0], "transfer")
    if "description" in call.params:
        row["description"] = call.params["description"]
    row["metadata"] = row["metadata"] | (call.params.get("metadata") or {})
    state.emit("transfer.updated", row)
    return row


def create_reversal(state: State, call: Call) -> Object:
    transfer = found(state.transfers, call.ids[0], "transfer")
    rest = transfer["amount"] - transfer["amount_reversed"]
    amount = integer(call.params, "amount", required=False) or rest
    if rest == 0:
        raise Refusal(
            400, f"Transfer {transfer['id']} has already been reversed.", "transfer_already_reversed"
        )
    if amount > rest:
        message = (
            f"Transfer reversal amount ({amount}) is greater than unreversed amount on transfer ({rest})"
        )
        raise Refusal(400, message, "amount_too_large", param="amount")
    destination, currency = transfer["destination"], transfer["currency"]
    if state.balance(destination, currency) < amount:
        raise Refusal(400, "The destination account has insufficient funds.", "balance_insufficient")
    made: Object = {
        "id": state.new_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "created": int(state.now()),
        "currency": currency,
        "destination_payment_refund": state.new_id("pyr"),
        "metadata": call.params.get("metadata") or {},
        "source_refund": None,
        "transfer": transfer["id"],
    }
    made["balance_transaction"] = state.move(PLATFORM, currency, amount, "transfer_refund", made["id"])
    state.move(destination, currency, -amount, "payment_refund", made["destination_payment_refund"])
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["_all"] = [made, *transfer.get("_all", [])]
    transfer["reversals"] = _reversals(transfer["id"], transfer["_all"])
    state.emit("transfer.reversed", bare(transfer))
    return copy.deepcopy(made)


def list_reversals(state: State, call: Call) -> Object:
    transfer = found(state.transfers, call.ids[0], "transfer")
    return page(transfer.get("_all", []), call.query, f"/v1/transfers/{transfer['id']}/reversals")


def get_reversal(state: State, call: Call) -> Object:
    transfer = found(state.transfers, call.ids[0], "transfer")
    return found({row["id"]: row for row in transfer.get("_all", [])}, call.ids[1], "transfer reversal")


def _reversals(transfer: str, rows: list[Object]) -> Object:
    url = f"/v1/transfers/{transfer}/reversals"
    return {
        "object": "list",
        "data": list(rows[:10]),
        "has_more": len(rows) > 10,
        "total_count": len(rows),
        "url": url,
    }
