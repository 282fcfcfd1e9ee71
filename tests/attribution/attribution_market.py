"""A small marketplace for the tests: catalog rows put straight into the tables, events as the platform sends them."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from attribution.attribute import attribute
from attribution.decode import decode_ndjson
from attribution.ingest import BatchResult
from attribution.receive import store
from attribution.take_back import take_back
from attribution.tally import qualify, tally
from attribution.unpark import unpark
from catalog.tables import content, creator, product, product_tag, seller
from core.database import transaction
from core.secrets import vault_of
from core.settings import Settings, load_settings

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
VAULT = vault_of(b"k" * 32)
SETTINGS: Settings = load_settings({"KOPECK_HOME": "/nonexistent"})
LONG_AGO = NOW - timedelta(days=300)


def at(**ago: float) -> str:
    """A moment before NOW, as text."""
    return (NOW - timedelta(**ago)).isoformat()


def view(
    id: str, viewer: str = "u1", content: str = "c1", when: str | None = None, **more: Any
) -> dict[str, Any]:
    event = {
        "id": id,
        "type": "view",
        "occurred_at": when or at(hours=3),
        "viewer": viewer,
        "content": content,
    }
    return {**event, "watch_ms": 5000, "completed": True, **more}


def click(
    id: str, viewer: str = "u1", content: str = "c1", product: str = "p1", when: str | None = None
) -> dict[str, Any]:
    event = {"id": id, "type": "click", "occurred_at": when or at(hours=3), "viewer": viewer}
    return {**event, "content": content, "product": product}


def purchase(
    id: str, order: str, product: str = "p1", when: str | None = None, **more: Any
) -> dict[str, Any]:
    event = {
        "id": id,
        "type": "purchase",
        "occurred_at": when or at(hours=2),
        "order": order,
        "product": product,
    }
    return {**event, "viewer": "u1", "quantity": 1, "amount": "100.00", "currency": "RUB", **more}


def refund(id: str, order: str, product: str = "p1", when: str | None = None, **more: Any) -> dict[str, Any]:
    event = {
        "id": id,
        "type": "refund",
        "occurred_at": when or at(hours=1),
        "order": order,
        "product": product,
    }
    return {**event, **more}


def stock(engine: Engine, contents: int = 2, products: int = 3) -> None:
    """Creators r1 and r2, products p1.., contents c1.. by r1 and r2 in turn; no tags."""
    with transaction(engine) as session:
        session.execute(seller.insert(), [{"id": "s1", "name": "S"}])
        for i in (1, 2):
            row = {"id": f"r{i}", "name": f"Creator {i}", "viewer": VAULT.pseudonym(f"self{i}")}
            session.execute(creator.insert(), [row])
        for i in range(1, products + 1):
            row = {
                "id": f"p{i}",
                "seller": "s1",
                "title": "T",
                "category": f"cat{i}",
                "price": 10**8,
                "currency": "RUB",
            }
            session.execute(product.insert(), [row])
    add_contents(engine, *range(1, contents + 1))


def add_contents(engine: Engine, *numbers: int) -> None:
    with transaction(engine) as session:
        for i in numbers:
            row = {
                "id": f"c{i}",
                "creator": f"r{2 - i % 2}",
                "kind": "video",
                "region": "ru",
                "published_at": LONG_AGO,
            }
            session.execute(content.insert(), [row])


def tag(
    engine: Engine,
    content_id: str,
    product_id: str,
    since: datetime = LONG_AGO,
    until: datetime | None = None,
) -> None:
    row = {"content": content_id, "product": product_id, "tagged_from": since, "tagged_until": until}
    with transaction(engine) as session:
        session.execute(product_tag.insert(), [row])


def send(
    engine: Engine, events: Iterable[dict[str, Any]], now: datetime = NOW, **options: Any
) -> BatchResult:
    body = "\n".join(json.dumps(event) for event in events).encode()
    decoded = decode_ndjson(body, now=now, settings=SETTINGS, vault=VAULT, **options)
    return store(engine, decoded, source="test", now=now, settings=SETTINGS)


def counts(result: BatchResult) -> tuple[int, int, int, int, int]:
    return result.accepted, result.duplicates, result.conflicts, result.parked, result.rejected


def run_unpark(engine: Engine, now: datetime = NOW) -> list[Any]:
    """Unpark until nothing is left to take up."""
    done = []
    while True:
        with transaction(engine) as session:
            done.append(unpark(session, now, SETTINGS))
        if not done[-1].taken:
            return done


def run_jobs(engine: Engine, now: datetime = NOW) -> None:
    """Every job of attribution, in the order of the data, until nothing is left to do."""
    run_unpark(engine, now)
    for job in (
        lambda session: tally(session),
        lambda session: qualify(session, now, SETTINGS),
        lambda session: attribute(session, now, SETTINGS),
        lambda session: take_back(session),
    ):
        left = 1
        while left:
            with transaction(engine) as session:
                left = job(session)


def rows(engine: Engine, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with transaction(engine) as session:
        return [tuple(row) for row in session.execute(text(statement), values)]


def one(engine: Engine, statement: str, **values: Any) -> Any:
    return rows(engine, statement, **values)[0][0]
