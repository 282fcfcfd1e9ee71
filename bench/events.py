"""Events over HTTP until they are on disk, against the same rows by COPY and INSERT without HTTP or any check.

Two server processes, the database and the client share the machine. The floor copies the rows, decoded beforehand,
into a staging table and inserts them with ON CONFLICT DO NOTHING into tables with the same columns, partitions and
indexes.
"""

import http.client
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

from api.keys import create_key
from attribution.decode import decode_ndjson
from attribution.partitions import ensure_partitions
from attribution.staging import COLUMNS, Decoded
from bench.event_parts import take_apart
from bench.event_peak import together
from bench.event_spoil import REPEATED, SPOILED, spoil
from bench.ground import app_engine, fresh_database, raw, say, serving, settings_of
from bench.row import Row, Watch, millis, rate
from bench.traffic import CONTENTS, PRODUCTS, bodies
from core import clock
from core.database import sql, transaction
from core.secrets import load_vault

BATCH = 5_000
CLIENTS = 4
AHEAD = 2 * CLIENTS  # what is sent again was answered before, and is not under way
APART = 20
MOST, WHOLE = 50_000, 8  # events a request, clients that send so many
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
    """Durable events a second, clean and with repeats and bad rows in turns, with the floor over one and over two
    connections; then a request taken apart; then the memory of the server's processes.
    """
    requests = 20 if quick else 100
    now, watch = clock.now(), Watch()
    say(f"making {2 * requests} bodies of {BATCH:,} events, {WHOLE} of {MOST:,}")
    made = bodies(2 * requests + APART + WHOLE * MOST // BATCH, BATCH, now)
    sent, spoiled = made[:requests], spoil(made[requests : 2 * requests], AHEAD)
    apart, whole = made[2 * requests :][:APART], made[2 * requests + APART :]
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
            _in_turns(owner, port, key, (sent, spoiled, decoded), watch)
            _prove(owner, 2 * requests * BATCH - (SPOILED + REPEATED) * requests)
            say("sending as much as a request may hold")
            most = together([b"".join(whole[n::WHOLE]) for n in range(WHOLE)], 1 if quick else 3, port, key)
        say("taking a request apart")
        parts = take_apart(url, apart, now)
    return [*_rows(requests * BATCH, watch, parts), _memory_row(most)]


def _rows(count: int, watch: Watch, parts: Watch) -> list[Row]:
    http, spoiled, one, two = (watch.total(name) for name in ("http", "spoiled", "floor 1", "floor 2"))
    name, measured = f"events: {count:,} over HTTP, {BATCH:,} a request", rate(count, http)
    return [
        Row(f"{name}; floor: 1 connection", measured, rate(count, one), one / http, ">= 60,000/s, 0.7 x", [
            ("COPY alone, a request", millis(watch.median("copy"))),
            ("insert alone", millis(watch.median("insert"))),
            ("commit", millis(watch.median("commit"))),
        ]),
        Row(f"{name}; floor: 2 connections", measured, rate(count, two), two / http, ">= 60,000/s, 0.7 x", [
            ("ours of a request: decode, alone", f"{millis(parts.median('decode'))}, {rate(BATCH, parts.median('decode'))}"),
            ("dedupe and references", millis(parts.median("dedupe"))),
            ("load, by COPY", millis(parts.median("load"))),
            ("sales, staging, the batch's record", millis(parts.median("rest"))),
            ("commit", millis(parts.median("commit"))),
        ]),
        Row("events: 2 % sent before, 1 % bad; floor: the clean ones", rate(count, spoiled), measured, http / spoiled, ">= 0.9 x"),
    ]  # fmt: skip


def _memory_row(most: list[int]) -> Row:
    """`most`: of each process."""
    name = f"events: {WHOLE} clients send {MOST:,} a request; a process of the server, most memory"
    return Row(name, f"{max(most) / 1e6:,.0f} MB", wanted="< 300 MB", parts=[
        ("each process", ", ".join(f"{each / 1e6:,.0f} MB" for each in most)),
    ])  # fmt: skip


def _in_turns(
    owner: Engine, port: int, key: str, bodies: tuple[list[bytes], list[bytes], list[Decoded]], watch: Watch
) -> None:
    """A fifth of the clean bodies, of the others, of the rows of both floors, and so on; every answer is what it
    should be.
    """
    sent, spoiled, decoded = bodies
    plain = {1: "plain_one", 2: "plain_two"}
    for name in plain.values():
        with owner.begin() as connection:
            connection.execute(text(_PLAIN_TABLES.replace("plain", name)))
    fifth = len(sent) // 5
    for turn in (slice(start, start + fifth) for start in range(0, len(sent), fifth)):
        with watch.lap("http"):
            answers = _send(port, key, sent[turn])
        _prove_answers(answers, 0, 0)
        with watch.lap("spoiled"):
            answers = _send(port, key, spoiled[turn])
        _prove_answers(answers, REPEATED, SPOILED)
        for connections, name in plain.items():
            laps = watch if connections == 1 else Watch()
            with watch.lap(f"floor {connections}"):
                _floor(owner, decoded[turn], connections, laps, _PLAIN.replace("plain", name))


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


def _prove_answers(answers: list[dict[str, Any]], repeated: int, bad: int) -> None:
    for answer in answers:
        found = tuple(answer.get(name) for name in ("accepted", "duplicates", "rejected"))
        if found != (BATCH - repeated - bad, repeated, bad):
            raise RuntimeError(f"accepted, duplicates, rejected: {found}")


def _prove(owner: Engine, count: int) -> None:
    """What is stored is all that was sent."""
    with owner.connect() as connection:
        stored = connection.scalar(
            text("SELECT (SELECT count(*) FROM touch) + (SELECT count(*) FROM purchase)")
        )
    if stored != count:
        raise RuntimeError(f"{count} were to be stored, {stored} are")


def _floor(owner: Engine, decoded: list[Decoded], connections: int, watch: Watch, plain: str) -> None:
    """All rows, a transaction a request."""

    def work(number: int) -> None:
        with raw(owner) as cursor:
            cursor.execute(str(sql("attribution", "stage")))
            cursor.connection.commit()
            for each in decoded[number::connections]:
                rows = io.StringIO("".join(each.rows))
                with watch.lap("copy"):
                    cursor.copy_expert(f"COPY staged ({COLUMNS}) FROM STDIN", rows)
                with watch.lap("insert"):
                    cursor.execute(plain)
                with watch.lap("commit"):
                    cursor.connection.commit()

    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(work, range(connections)))
