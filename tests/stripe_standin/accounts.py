"""Connected accounts: made by the platform, finished by their owner (a control endpoint), deleted."""

import copy

from stripe_standin.forms import bare, page
from stripe_standin.state import Call, Object, Refusal, State, found, required


def create_account(state: State, call: Call) -> Object:
    params = call.params
    asked = params.get("capabilities", {})
    settings = copy.deepcopy(params.get("settings", {}))
    settings.setdefault("payouts", {}).setdefault("schedule", {"interval": "daily"})
    made: Object = {
        "id": state.new_id("acct"),
        "object": "account",
        "capabilities": {
            name: "inactive" for name, value in asked.items() if value.get("requested") == "true"
        },
        "charges_enabled": False,
        "country": params.get("country", "US"),
        "created": int(state.now()),
        "default_currency": params.get("default_currency", "usd"),
        "details_submitted": False,
        "email": params.get("email"),
        "metadata": params.get("metadata") or {},
        "payouts_enabled": False,
        "requirements": _requirements("requirements.past_due", ["external_account"]),
        "type": params.get("type", "none"),
    }
    state.accounts[made["id"]] = made
    return made


def get_account(state: State, call: Call) -> Object:
    row = found(state.accounts, call.ids[0], "account", 403, "account")
    if row.get("_deleted"):
        message = f"The provided key does not have access to account '{row['id']}'"
        raise Refusal(403, message, "account_invalid")
    return row


def list_accounts(state: State, call: Call) -> Object:
    rows = (row for row in reversed(state.accounts.values()) if not row.get("_deleted"))
    return page(rows, call.query, "/v1/accounts")


def update_account(state: State, call: Call) -> Object:
    row = get_account(state, call)
    row["metadata"] = row["metadata"] | (call.params.get("metadata") or {})
    state.emit("account.updated", bare(row), account=row["id"])
    return row


def delete_account(state: State, call: Call) -> Object:
    row = get_account(state, call)
    row["_deleted"] = True
    gone = {"id": row["id"], "object": "account", "deleted": True}
    state.emit("account.application.deauthorized", {"id": "ca_1", "object": "application"}, account=row["id"])
    return gone


def accept_url(url: str, param: str) -> None:
    """Stripe does not like every address; pages at refused.test stand for those."""
    if url.startswith("https://refused.test/"):
        raise Refusal(400, f"Not a valid URL: {url}", "url_invalid", param=param)


def create_link(state: State, call: Call) -> Object:
    required(call.params, "account", "type")
    account = found(state.accounts, call.params["account"], "account", 400, "account")
    required(call.params, "refresh_url", "return_url")
    accept_url(call.params["return_url"], "return_url")
    at = int(state.now())
    url = f"https://connect.stripe.test/setup/{account['id']}/{state.new_id('link')}"
    return {"object": "account_link", "created": at, "expires_at": at + 300, "url": url}


def change_account(state: State, id: str, changed: Object) -> Object:
    """What the account's owner, or Stripe, does: `transfers`, `payouts_enabled`, `disabled_reason`, `deleted`."""
    row = found(state.accounts, id, "account")
    if changed.get("deleted"):
        return delete_account(state, Call("DELETE", "", {}, {}, "", None, ids=(id,)))
    if "transfers" in changed:
        row["capabilities"]["transfers"] = changed["transfers"]
        capability = {
            "id": "transfers",
            "object": "capability",
            "account": id,
            "status": changed["transfers"],
        }
        state.emit("capability.updated", capability | {"requested": True}, account=id)
    for name in ("payouts_enabled", "details_submitted"):
        row[name] = changed.get(name, row[name])
    row["requirements"] = _requirements(changed.get("disabled_reason"), [])
    state.emit("account.updated", bare(row), account=id)
    return row


def _requirements(disabled: str | None, due: list[str]) -> Object:
    lists: Object = {name: [] for name in ("errors", "eventually_due", "past_due", "pending_verification")}
    return lists | {
        "alternatives": [],
        "currently_due": due,
        "current_deadline": None,
        "disabled_reason": disabled,
    }
