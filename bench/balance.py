"""A creator's balance at a steady rate through the real server, with a large ledger behind it."""

import random
from typing import Any

from api.keys import create_key
from bench.books import open_books, post_part, settle_down
from bench.ground import app_engine, fresh_database, raw, say, serving
from bench.paced import connected, paced
from bench.row import Row, Watch, millis, percentile
from core.database import transaction

A_SECOND, SECONDS = 100, 20
POTS = ["pending", "available"]
# Every creator has a payee and two rewards that wait.
_PEOPLE = """
    INSERT INTO creator (id, name) SELECT 'creator-' || lpad(n::text, 7, '0'), 'Creator ' || n
        FROM generate_series(0, %(creators)s - 1) n;
    INSERT INTO payee (creator, tax_status, method, destination, changed_by, verified, verified_by)
        SELECT id, 'self_employed', 'manual', '', 'creator', true, 'finance' FROM creator;
    INSERT INTO reward (target_id, creator, program, day, amount, currency, entry_id, matures_at)
        SELECT 1, id, 'bench', current_date, 1000000, 'RUB', 1, now() + n * interval '1 day'
        FROM creator, generate_series(1, 2) n"""


def measure(quick: bool) -> list[Row]:
    """p50 and p99 of the balance, beside those of /healthz, which touches no row."""
    accounts, rounds = (20_000, 2) if quick else (250_000, 20)
    creators, seconds = accounts // len(POTS), 5 if quick else SECONDS
    chance = random.Random(7)
    with fresh_database() as url:
        owner = app_engine(url, role=None)
        with raw(owner) as cursor:
            stored = _fill(cursor, accounts, creators, rounds)
        with transaction(owner) as session:
            key = create_key(session, "platform", "Bench")
        paths = [_path(chance.randrange(creators)) for _ in range(seconds * A_SECOND)]
        with serving(url) as port:
            _prove(connected(port, key)(paths[0]), rounds)
            say("asking")
            paced(port, key, paths[:A_SECOND], A_SECOND)  # warm
            floor = paced(port, key, ["/healthz"] * len(paths), A_SECOND)
            found = paced(port, key, paths, A_SECOND)
    return [
        Row(
            f"balance: {A_SECOND}/s for {seconds} s, {stored:,} postings, {part}",
            millis(percentile(found, share)),
            millis(percentile(floor, share)),
            percentile(floor, share) / percentile(found, share),
            wanted,
        )
        for part, share, wanted in (("p50; floor: /healthz", 0.5, ""), ("p99", 0.99, "<= 20 ms"))
    ]


def _path(number: int) -> str:
    return f"/v1/creators/creator-{number:07d}/balance"


def _fill(cursor: Any, accounts: int, creators: int, rounds: int) -> int:
    watch = Watch()
    cursor.execute(_PEOPLE, {"creators": creators})
    parts = open_books(cursor, accounts, POTS, watch)
    settle_down(cursor)
    say(f"posting {accounts * rounds:,} times")
    for number in range(rounds):
        for part in parts:
            post_part(cursor, watch, "post", part, f"round {number}")
    settle_down(cursor)
    cursor.execute("SELECT count(*) FROM posting")
    return int(cursor.fetchone()[0])


def _prove(answer: Any, rounds: int) -> None:
    """The answer is the sum of what was posted to that creator."""
    found = answer["balances"][0]
    low, high = rounds * 1.0, rounds * 1.001
    if not all(low <= float(found[pot]) < high for pot in POTS):
        raise RuntimeError(f"a wrong balance: {found}")
