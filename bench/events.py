"""Events over HTTP until they are on disk, against the same rows by COPY and INSERT without HTTP or any check.

Two server processes, the database and the client share the machine. The floor copies the rows, decoded beforehand,
into a staging table and inserts them with ON CONFLICT DO NOTHING into tables with the same columns, partitions and
indexes.
"""

import http.client
import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

from api.keys import create_key
from attribution.decode import decode_ndjson
from attribution.partitions import ensure_partitions
from attribution.staging import COLUMNS, Decoded
from bench.ground import app_engine, fresh_database, raw, say, serving, settings_of
from bench.row import Row, Watch, millis, rate
from bench.traffic import CONTENTS, PRODUCTS, bodies
from core import clock
from core.database import sql, transaction
from core.secrets import load_vault

BATCH = 5_000
CLIENTS = 4
_CATALOG = f"""
    INSERT INTO creator (id, name) SELECT 'creator-' || n, 'Creator' FROM generate_series(0, 199) n;
    INSERT INTO seller (id, name) VALUES ('seller', 'Seller');
    INSERT INTO product (id, seller, title, category, price, currency)
        SELECT 'product-' || n, 'seller', 'Product', 'misc', 1000000, 'RUB' FROM generate_series(0, {PRODUCTS - 1}) n;
    INSERT INTO content (id, creator, kind, published_at)
        SELECT 'content-' || n, 'creator-' || n % 200, 'video', now() - interval '9 days'
        FROM generate_series(0, {CONTENTS - 1}) n"""
_PLAIN_TABLES = """
    CREATE TABLE plain_touch (LIKE touch INCLUDING ALL) PARTITION BY RANGE (occurred_at);
    CREATE TABLE plain_purchase (LIKE purchase INCLUDING ALL);
    DO $$
    DECLARE
        part record;
    BEGIN
        FOR part IN SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'touch'::regclass
        LOOP
            EXECUTE format('CREATE TABLE plain_%s PARTITION OF plain_touch %s', part.name, part.bound);
        END LOOP;
    END $$"""
_PLAIN = """
    INSERT INTO plain_touch (event_id, occurred_at, kind, viewer, content, product, watch_ms, completed, batch_id)
        SELECT event_id, occurred_at, kind, viewer, content, product, watch_ms, completed, 1 FROM staged WHERE kind < 3
        ON CONFLICT DO NOTHING;
    INSERT INTO plain_purchase (event_id, order_ref, product, viewer, quantity, amount, currency, occurred_at, day, batch_id)
        SELECT event_id, order_ref, product, viewer, quantity, amount, currency, occurred_at, occurred_at::date, 1
        FROM staged WHERE kind = 3 ON CONFLICT DO NOTHING"""


def measure(quick: bool) -> list[Row]:
    """Durable events a second, with the floor over one and over two connections."""
    requests = 20 if quick else 100
    now, watch = clock.now(), Watch()
    say(f"making {requests} bodies of {BATCH:,} events")
    sent = bodies(requests, BATCH, now)
    with fresh_database() as url:
        owner = app_engine(url, role=None)
        decoded = _decode(url, sent, now, watch)
        with owner.begin() as connection:
            connection.execute(text(_CATALOG))
        for each in decoded:
            ensure_partitions(owner, each.days(settings_of(url).zone))
        key = _key(owner)
        with serving(url, KOPECK_BATCH_BACKLOG="1000000") as port:
            say("sending")
            with watch.lap("http"):
                answers = _send(port, key, sent)
        _prove(owner, answers, requests * BATCH)
        say("the floor")
        one = _floor(owner, decoded, 1, watch)
        two = _floor(owner, decoded, 2, Watch())
    return _rows(requests * BATCH, watch, one, two)


def _rows(count: int, watch: Watch, one: float, two: float) -> list[Row]:
    http, name = watch.total("http"), f"events: {count:,} over HTTP, {BATCH:,} a request"
    measured = rate(count, http)
    return [
        Row(f"{name}; floor: 1 connection", measured, rate(count, one), one / http, ">= 0.5 x", [
            ("decode alone, 1 process", rate(count, watch.total("decode"))),
            ("COPY alone, a request", millis(watch.median("copy"))),
            ("insert alone", millis(watch.median("insert"))),
            ("commit", millis(watch.median("commit"))),
        ]),
        Row(f"{name}; floor: 2 connections", measured, rate(count, two), two / http, ">= 0.5 x"),
    ]  # fmt: skip


def _decode(url: str, sent: list[bytes], now: datetime, watch: Watch) -> list[Decoded]:
    settings = settings_of(url)
    vault, decoded = load_vault(settings), []
    for body in sent:
        with watch.lap("decode"):
            decoded.append(decode_ndjson(body, now=now, settings=settings, vault=vault))
    return decoded


def _key(owner: Engine) -> str:
    with transaction(owner) as session:
        return create_key(session, "platform", "Bench")


def _send(port: int, key: str, sent: list[bytes]) -> list[dict[str, Any]]:
    """Each client has one kept connection and sends one body after the other."""

    def client(number: int) -> list[dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
        answers = []
        for body in sent[number::CLIENTS]:
            connection.request("POST", "/v1/events", body, headers)
            answers.append(json.loads(connection.getresponse().read()))
        connection.close()
        return answers

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [answer for answers in pool.map(client, range(CLIENTS)) for answer in answers]


def _prove(owner: Engine, answers: list[dict[str, Any]], count: int) -> None:
    """What was answered and what is stored are all that was sent."""
    with owner.connect() as connection:
        stored = connection.scalar(
            text("SELECT (SELECT count(*) FROM touch) + (SELECT count(*) FROM purchase)")
        )
    accepted = sum(answer.get("accepted", 0) for answer in answers)
    if not accepted == stored == count:
        raise RuntimeError(f"sent {count}, accepted {accepted}, stored {stored}: {answers[0]}")


def _floor(owner: Engine, decoded: list[Decoded], connections: int, watch: Watch) -> float:
    """Seconds for all rows, a transaction a request."""
    with owner.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS plain_touch, plain_purchase"))
        connection.execute(text(_PLAIN_TABLES))

    def work(number: int) -> None:
        with raw(owner) as cursor:
            cursor.execute(str(sql("attribution", "stage")))
            cursor.connection.commit()
            for each in decoded[number::connections]:
                rows = io.StringIO("".join(each.rows))
                with watch.lap("copy"):
                    cursor.copy_expert(f"COPY staged ({COLUMNS}) FROM STDIN", rows)
                with watch.lap("insert"):
                    cursor.execute(_PLAIN)
                with watch.lap("commit"):
                    cursor.connection.commit()

    started = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(work, range(connections)))
    return time.perf_counter() - started
