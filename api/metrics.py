"""Figures for Prometheus: read from the database at each scrape, so that every process answers the same.

No label names a person, a creator or an account. A database that does not answer is a figure too: kopeck_up 0.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.runtime import runtime
from attribution.receive import untallied
from core.database import transaction
from core.errors import KopeckError
from core.money import MICROS
from ledger.findings import is_halted, last_run
from ledger.seals import unsealed
from rewards.burn_down import spent_ratio
from rewards.funds import line_states, unallocated

blp = Blueprint("metrics", "metrics", description="Metrics")
_FINDINGS = text(
    'SELECT "check", halts, count(*) FROM finding WHERE acknowledged_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2'
)
_TICK = text("SELECT extract(epoch FROM clock_timestamp() - ticked_at) FROM scheduler WHERE name = 'main'")
_PAYOUTS = text(
    "SELECT s.state, count(p.id) FROM unnest(ARRAY['reserved', 'sending', 'unknown', 'sent', 'held']) AS s (state)"
    " LEFT JOIN payout p ON p.state = s.state AND p.state IN ('reserved', 'sending', 'unknown', 'sent', 'held')"
    " GROUP BY s.state ORDER BY s.state"
)


@blp.get("/metrics")
@blp.response(200, {"type": "string"}, content_type="text/plain")
def metrics() -> Response:
    """Figures for Prometheus"""
    return Response(generate_latest(_REGISTRY), content_type=CONTENT_TYPE_LATEST)


class _Kopeck(Collector):
    def collect(self) -> Iterator[Metric]:
        try:
            with transaction(runtime().engine) as session:
                session.execute(text("SET LOCAL statement_timeout = '5s'"))
                found = list(_figures(session, runtime().now()))
        except (KopeckError, SQLAlchemyError):
            found = []
        yield _gauge("kopeck_up", "Does the database answer, migrated", 1 if found else 0)
        yield from found


_REGISTRY = CollectorRegistry()
_REGISTRY.register(_Kopeck())


def _figures(session: Session, now: datetime) -> Iterator[Metric]:
    yield _gauge("kopeck_ledger_halted", "Payouts are stopped by a finding", int(is_halted(session)))
    yield _labelled(
        "kopeck_ledger_findings_open",
        "Findings that nobody has acknowledged",
        ["check", "halts"],
        [((row.check, str(row.halts).lower()), row.count) for row in session.execute(_FINDINGS)],
    )
    run = last_run(session)
    if run is not None:
        yield _gauge(
            "kopeck_ledger_verify_age_seconds", "Since the last self-check ended", _age(now, run.finished_at)
        )
    count, oldest = unsealed(session)
    yield _gauge("kopeck_ledger_unsealed_entries", "Entries that no seal holds yet", count)
    yield _gauge(
        "kopeck_ledger_unsealed_age_seconds", "Since the oldest of them was posted", _age(now, oldest)
    )
    backlog = untallied(session, runtime().settings.batch_backlog)
    yield _gauge("kopeck_events_backlog_batches", "Event batches that wait, up to the limit", backlog)
    tick = session.scalar(_TICK)
    if tick is not None:
        yield _gauge(
            "kopeck_scheduler_tick_age_seconds", "Since the scheduler's last sign of life", float(tick)
        )
    yield _labelled(
        "kopeck_payouts_unfinished",
        "Payouts that are not settled",
        ["state"],
        [((row.state,), row.count) for row in session.execute(_PAYOUTS)],
    )
    yield from _funds(session, now)


def _funds(session: Session, now: datetime) -> Iterator[Metric]:
    lines = line_states(session, None, now.astimezone(runtime().settings.zone).date())
    names = [(row.fund, row.id, row.currency) for row in lines]
    yield _labelled(
        "kopeck_fund_line_balance",
        "What a fund's line holds, in units of its currency",
        ["fund", "line", "currency"],
        [(name, row.balance / MICROS) for name, row in zip(names, lines, strict=True)],
    )
    yield _labelled(
        "kopeck_fund_line_spent_ratio",
        "Spent of what the line had to spend in its present period",
        ["fund", "line", "currency"],
        [(name, spent_ratio(row)) for name, row in zip(names, lines, strict=True)],
    )
    yield _labelled(
        "kopeck_fund_unallocated",
        "What a fund holds outside its lines, in units of its currency",
        ["fund", "currency"],
        [((fund, money.currency), money.micros / MICROS) for fund, money in unallocated(session).items()],
    )


def _age(now: datetime, since: datetime | None) -> float:
    return 0 if since is None else max(0, (now - since).total_seconds())


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _labelled(name: str, about: str, labels: list[str], rows: list[tuple[tuple[str, ...], Any]]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family
