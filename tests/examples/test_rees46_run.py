"""The main job on real events: REES46 in, commission and reach out, to the last digit, through the command line and HTTP."""

import os
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from api.keys import create_key
from api.runtime import Runtime
from core.database import make_engine, transaction
from core.migrate import migrate
from core.secrets import vault_of
from core.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "examples" / "rees46"))

SECRET = "7b" * 32
WHEN = "from=2019-10-01&to=2019-10-01"


@dataclass
class Service:
    """A migrated database in UTC, the command line on it, and an HTTP client."""

    environ: dict[str, str]
    client: FlaskClient
    keys: dict[str, str]

    def kopeck(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "kopeck", *arguments]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def call(self, role: str, method: str, path: str, **sent: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.keys[role]}", "Idempotency-Key": str(uuid.uuid4())}
        answer = self.client.open(f"/v1{path}", method=method, headers=headers, **sent)
        assert answer.status_code < 300, answer.get_data(as_text=True)
        return answer.get_json()

    def count(self, path: str) -> int:
        counted, cursor = 0, ""
        while cursor is not None:
            shown = self.call("auditor", "GET", f"{path}?limit=1000{cursor}")
            counted += len(shown["data"])
            cursor = f"&cursor={shown['next_cursor']}" if shown["next_cursor"] else None
        return counted


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    rules = ("VIEWS_PER_HOUR", "CLICKS_PER_HOUR", "PAIR_PER_DAY", "CLICK_SECONDS", "VIEW_SHARE", "OWN_VIEWER")
    off = {f"KOPECK_TRAFFIC_{rule}": "0" for rule in rules}
    given = {
        "KOPECK_DATABASE_URL": database_url,
        "KOPECK_TIME_ZONE": "UTC",
        "KOPECK_SECRET_KEY": SECRET,
        **off,
    }
    owner = make_engine(database_url, "UTC", role=None)
    migrate(owner, "UTC")
    owner.dispose()
    engine = make_engine(database_url, "UTC")
    app = create_app(Runtime(engine, load_settings(given), vault_of(bytes.fromhex(SECRET))))
    with transaction(engine) as session:
        keys = {
            role: create_key(session, role, role) for role in ("platform", "operator", "finance", "auditor")
        }
    yield Service(os.environ | given, app.test_client(), keys)
    engine.dispose()


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def open_program(service: Service) -> None:
    call = service.call
    call(
        "operator",
        "POST",
        "/funds",
        json={"id": "shop", "name": "Shop", "currency": "USD", "budget": usd("10000.00")},
    )
    call("finance", "POST", "/funds/shop/deposits", json={"amount": usd("10000.00")})
    line = {"id": "creators", "purpose": "Rewards", "allocation": {"amount": usd("10000.00"), "per": "once"}}
    call("operator", "POST", "/funds/shop/lines", json=line)
    funding = {"fund": "shop", "line": "creators"}
    program = {
        "id": "rees46",
        "name": "REES46",
        "currency": "USD",
        "hold_days": 0,
        "open": "all",
        "funding": funding,
    }
    call("operator", "POST", "/programs", json=program)
    rules = [
        {"name": "commission", "grain": "sale", "amount": "amount * 5%"},
        {"name": "reach", "grain": "content_day", "amount": "0.002*views + 0.01*clicks"},
    ]
    call(
        "operator", "POST", "/programs/rees46/versions", json={"effective_from": "2019-09-30", "rules": rules}
    )
    call("operator", "POST", "/programs/rees46/versions/1/activate")


def by_rule(service: Service, creators: list[str]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for creator in creators:
        answer = service.call(
            "auditor", "GET", f"/creators/{creator}/earnings?from=2019-09-30&to=2019-10-01&group_by=rule"
        )
        for each in answer["data"]:
            sums[each["group"]] += Decimal(each["earned"]["amount"])  # type: ignore[assignment]
    return sums


def figures(service: Service) -> dict[str, Any]:
    """Everything that must not change when anything is done a second time."""
    report = service.call("auditor", "GET", f"/reports/attribution?{WHEN}")
    return {
        "report": {name: (part["count"], part["sums"]) for name, part in report.items()},
        "fund": service.call("auditor", "GET", "/funds/shop"),
        "trial": service.call("auditor", "GET", "/ledger/trial-balance"),
    }


@pytest.mark.slow
def test_three_hours_of_a_real_shop(service: Service, shared: Path, tmp_path: Path) -> None:
    from convert import convert  # noqa: PLC0415  (the example's own folder)

    convert(next((shared / "data").glob("rees46*.csv.gz")), tmp_path)
    catalog, events = tmp_path / "catalog.ndjson", tmp_path / "events.ndjson"
    assert "8,376 accepted, 0 rejected" in service.kopeck("import", str(catalog))
    open_program(service)
    told = service.kopeck("import", "--backfill", str(events))
    assert "34,278 accepted, 0 duplicates, 0 conflicts, 0 parked, 0 rejected" in told
    service.kopeck("jobs", "run", "all")

    assert [service.count(f"/{name}") for name in ("creators", "contents", "products")] == [865, 1031, 6479]
    seen = figures(service)
    assert seen["report"] == {
        "purchases": (214, [usd("59442.63")]),
        "attributed": (213, [usd("59102.88")]),
        "by_click": (212, [usd("58931.32")]),
        "by_view": (1, [usd("171.56")]),
        "unattributed": (1, [usd("339.75")]),
    }
    line = seen["fund"]["lines"][0]
    assert (line["spent"], line["balance"], line["waiting"]) == ("3159.528", "6840.472", "0.00")
    assert [(each["amount"], each["currency"]) for each in seen["trial"]["totals"]] == [("0.00", "USD")]
    creators = sorted(
        {each["code"].split(":")[2] for each in seen["trial"]["lines"] if ":creator:" in each["code"]}
    )
    assert by_rule(service, creators) == {
        "rees46/commission": Decimal("2955.144"),
        "rees46/reach": Decimal("204.384"),
    }

    assert "34,278 duplicates" in service.kopeck("import", "--backfill", str(events))
    assert "0 rejected" in service.kopeck("import", str(catalog))
    again = service.kopeck("jobs", "run", "all").splitlines()
    assert [
        each for each in again if "nothing to do" not in each and not each.startswith(("tally", "traffic"))
    ] == []
    assert figures(service) == seen
    assert "0 findings" in service.kopeck("ledger", "verify")
