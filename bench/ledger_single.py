"""Entries of two postings, each a transaction of its own: many clients on one hot account, and on random ones.

Ours goes the service's way, `ledger.post.post` in a session as the service's role. The floor is one plain statement of
the driver in a transaction. A hot account is held until its entry is on disk, so the same is also measured without
waiting for the disk, to tell the two apart. At the end all clients spend one account that holds less than they ask for.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

from sqlalchemy import Engine, event

from bench.books import CREATOR, LINE, PART, TODAY, open_books, settle_down
from bench.crew import Step, elapsed, results, together
from bench.ground import app_engine, fresh_database, raw, say
from bench.ledger_race import race
from bench.plain import PLAIN, make_plain, prove_same
from bench.row import Row, Watch, millis, percentile, rate
from bench.sizes import size_row, sizes
from core.database import transaction
from core.money import Money
from ledger.post import credit, debit, post

CLIENTS = (1, 4, 8)
LAPS = 4

Pair = tuple[str, str]
Posting = Callable[[str, Pair, int], None]


def measure(quick: bool) -> list[Row]:
    """Entries a second by the number of clients, what they take on disk, and the race for the last money."""
    accounts, posts = (PART, 320) if quick else (10 * PART, 4_000)
    with fresh_database() as url, raw(app_engine(url, role=None)) as cursor:
        open_books(cursor, accounts, ["pending"], Watch())
        make_plain(cursor)
        settle_down(cursor)
        before, rows = sizes(cursor), []
        for number, clients in enumerate(CLIENTS, 1):
            say(f"posting, {clients} at a time")
            rows += _post_all(url, clients, posts, accounts)
            prove_same(cursor, 2 * number * posts, 4 * number * posts)
        rows.append(size_row("entries of two", before, sizes(cursor)))
        return [*rows, race(url, posts)]


def _post_all(url: str, clients: int, posts: int, accounts: int) -> list[Row]:
    """A row for the hot account, one for random ones."""
    each = posts // clients // LAPS

    def client(number: int) -> Iterator[Step]:
        chance = random.Random(number)
        with ExitStack() as stack:
            engine, unwaited = app_engine(url), partial(post_ours, _unwaited(url))
            cursor = stack.enter_context(raw(app_engine(url, role=None)))
            sides = [("ours", partial(post_ours, engine)), ("plain", _plain_post(cursor))]
            for lap in range(LAPS):
                for kind in ("hot", "random"):
                    for side, posting in sides[:: 1 - 2 * (lap % 2)]:
                        pairs = [_pair(kind, accounts, chance) for _ in range(each)]
                        key = f"bench:{clients}:{number}:{lap}:{kind}"
                        yield f"{side} {kind}", partial(post_each, posting, key, pairs)
                pairs = [_pair("hot", accounts, chance) for _ in range(each)]
                yield "unwaited", partial(post_each, unwaited, f"unwaited:{clients}:{number}:{lap}", pairs)

    crew = together(clients, client)
    watch = elapsed(crew)
    rows = []
    for kind, what in (("hot", "one hot account"), ("random", "random accounts")):
        ours, floor = watch.total(f"ours {kind}"), watch.total(f"plain {kind}")
        wanted = ">= 2,000/s" if (clients, kind) == (8, "hot") else ""
        name = f"ledger: entries of two by {clients}, {what}"
        found = [millis(percentile(results(crew, f"ours {kind}"), part)) for part in (0.5, 0.99)]
        parts = [("p50; p99", "; ".join(found))]
        rows.append(Row(name, rate(posts, ours), rate(posts, floor), floor / ours, wanted, parts))
    rows[0].parts.append(("ours if a commit did not wait for the disk", rate(posts, watch.total("unwaited"))))
    return rows


def _unwaited(url: str) -> Engine:
    """Connections whose commits answer before they are on disk."""
    engine = app_engine(url)

    def connected(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
        connection.commit()

    event.listen(engine, "connect", connected)
    return engine


def _pair(kind: str, accounts: int, chance: random.Random) -> Pair:
    """Who pays and who gets; the account opened later comes second."""
    low, high = sorted(chance.sample(range(accounts), 2))
    payer = LINE if kind == "hot" else CREATOR.format(number=low, pot="pending")
    return payer, CREATOR.format(number=high, pot="pending")


def post_each(posting: Posting, key: str, pairs: list[Pair]) -> list[float]:
    """Seconds of each post, one after the other."""
    seconds = []
    for number, pair in enumerate(pairs):
        began = time.perf_counter()
        posting(f"{key}:{number}", pair, 1_000_000)
        seconds.append(time.perf_counter() - began)
    return seconds


def post_ours(engine: Engine, key: str, pair: Pair, micros: int) -> None:
    """As the service posts."""
    payer, creator = pair
    money = Money(micros, "RUB")
    with transaction(engine) as session:
        legs = [debit(payer, money), credit(creator, money)]
        post(session, key=key, kind="bench.single", legs=legs, effective_on=TODAY, note="bench")


def _plain_post(cursor: Any) -> Posting:
    """The floor; account ids are known to it, and it locks the later account first, as ours does."""
    cursor.execute("SELECT code, id FROM account")
    ids = dict(cursor.fetchall())
    cursor.connection.commit()

    def posting(key: str, pair: Pair, micros: int) -> None:
        payer, creator = pair
        accounts, amounts = [ids[creator], ids[payer]], [-micros, micros]
        values = {"key": key, "day": TODAY, "accounts": accounts, "amounts": amounts}
        cursor.execute(PLAIN, values)
        cursor.connection.commit()

    return posting
