"""The example programs: each file is loaded by the command line, its facts are written, the ledger pays what it says."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner
from sqlalchemy import Engine

from core.database import transaction
from kopeck.cli import main
from ledger.post import credit, debit, post
from rewards.deposit import deposit_money
from rewards.funds import create_fund
from rewards.lines import create_line

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = ROOT / "examples" / "programs"
sys.path.insert(0, str(ROOT / "tests" / "rewards"))

from pool_world import PoolWorld  # noqa: E402
from reward_world import rub  # noqa: E402

LINES = ("moments", "posts", "commission", "streaming", "views", "referral")
FIRST, DAY = date(2026, 9, 1), date(2026, 9, 10)
Apply = Callable[..., None]


@pytest.fixture
def world(engine: Engine) -> PoolWorld:
    """Creators a and b with a video each; a fund whose lines hold two millions; a seller of one product."""
    made = PoolWorld(engine, datetime(2026, 9, 20, 9, tzinfo=UTC))
    made.creators("a", "b")
    made.content("a1", "a", FIRST)
    made.content("b1", "b", FIRST)
    made.sql("INSERT INTO seller (id, name) VALUES ('s', 'S')")
    made.sql("INSERT INTO product (id, seller, title, category, price, currency) VALUES ('p', 's', 'P', 'home', 1, 'RUB')")  # fmt: skip
    with transaction(engine) as session:
        create_fund(session, "creator-fund", "Creators", rub("20000000.00"))
        deposit_money(session, "creator-fund", rub("20000000.00"), None, "fin", made.now, made.settings)
        for line in LINES:
            create_line(
                session, "creator-fund", line, line, rub("2000000.00"), "once", True, made.now, made.settings
            )
    return made


@pytest.fixture
def apply(database_url: str, tmp_path: Path) -> Iterator[Apply]:
    logs = structlog.get_config()
    given = {
        "KOPECK_DATABASE_URL": database_url,
        "KOPECK_SECRET_KEY": "6b" * 32,
        "KOPECK_HOME": str(tmp_path),
    }

    def run(name: str) -> None:
        more = "--by", "Olga", "--from", str(FIRST), "--activate"
        done = CliRunner(env=given).invoke(main, ["programs", "apply", str(FILES / f"{name}.yaml"), *more])
        assert done.exit_code == 0, done.output
        assert f"active, from {FIRST}" in done.stdout

    yield run
    structlog.configure(**logs)


def released(world: PoolWorld, **more: int) -> list[str]:
    """What a and b may be paid once every hold is over."""
    world.later(**(more or {"days": 60}))
    world.run()
    return [world.balance(f"{each}:available") for each in "ab"]


def test_every_file_is_one_of_these_tests() -> None:
    tested = {name.removeprefix("test_") for name in globals()}
    assert {file.stem for file in FILES.glob("*.yaml")} <= tested


def test_ozon_moments(world: PoolWorld, apply: Apply) -> None:
    apply("ozon_moments")
    world.tally("a1", DAY, views=3000, clicks=100)
    world.sql("UPDATE tally_content_day SET qualified_views = 2500, completes = 750 WHERE views = 3000")
    for n in range(3):
        world.sale(f"o{n}", "a1", DAY, "1600.00")
    world.refund("o1", "300.00")
    world.tally("b1", DAY, views=10)
    assert released(world) == ["1170.00", "0.00"]
    world.refund("o2", "1600.00")
    assert released(world, hours=1)[0] == "1154.00"


def test_amazon_spark(world: PoolWorld, apply: Apply) -> None:
    apply("amazon_spark")
    world.sql(
        "INSERT INTO membership (program, creator, since) SELECT 'amazon-spark', id, '2026-08-01' FROM creator WHERE id <> 'c'"
    )
    world.creators("c")
    for creator, day, posts in (("a", 10, 7), ("b", 10, 2), ("b", 11, 12), ("c", 11, 9)):
        for n in range(posts):
            world.content(f"{creator}{day}n{n}", creator, date(2026, 9, day))
    assert released(world) == ["300.00", "450.00"]
    assert world.balance("c:available") == "0.00", "nobody invited c"


def test_amazon_associates(world: PoolWorld, apply: Apply) -> None:
    apply("amazon_associates")
    goods = {
        "o1": ("2000.00", "beauty"),
        "o2": ("50000.00", "electronics"),
        "o3": ("800.00", "books"),
        "o4": ("99.99", "garden"),
    }
    for order, (amount, category) in goods.items():
        world.sale(order, "b1" if order == "o3" else "a1", DAY, amount, category)
    assert released(world) == ["0.00", "0.00"], "another policy's shares are not its own"
    _own_policy(world)
    assert released(world, hours=1) == ["703.9996", "36.00"]
    world.refund("o2", "25000.00")
    _own_policy(world, "WHERE refund_id IS NOT NULL")
    assert released(world, hours=1) == ["453.9996", "36.00"]


def _own_policy(world: PoolWorld, which: str = "") -> None:
    columns = "purchase_id, refund_id, content, creator, product, seller, category, kind, price, amount, units, orders, currency, occurred_at, day"  # fmt: skip
    world.sql(f"INSERT INTO share ({columns}, policy) SELECT {columns}, 'associates' FROM share {which}")
    world.sql("INSERT INTO changed_purchase (purchase_id) SELECT DISTINCT purchase_id FROM share")


def test_amazon_video_direct(world: PoolWorld, apply: Apply) -> None:
    apply("amazon_video_direct")
    for day, content, hours in ((10, "a1", 100), (29, "a1", 50), (10, "b1", 50)):
        world.tally(content, date(2026, 9, day), views=1)
        world.sql(
            "UPDATE tally_content_day SET watch_ms = :h * 3600000 WHERE content = :c AND day = :d",
            h=hours, c=content, d=date(2026, 9, day),
        )  # fmt: skip
    world.now = datetime(2026, 10, 5, 9, tzinfo=UTC)
    world.run()
    assert [world.balance(f"{each}:pending") for each in "ab"] == ["1200.00", "450.00"]
    world.final(date(2026, 9, 30))
    world.in_()
    assert world.split() == 1
    assert released(world) == ["751200.00", "250450.00"]


def test_tiktok(world: PoolWorld, apply: Apply) -> None:
    apply("tiktok")
    for creator, followers in (("a", 10_000), ("b", 9_999)):
        world.sql(
            "INSERT INTO follow (creator, viewer, since) SELECT :c, gen_random_uuid(), '2026-08-01' FROM generate_series(1, :n)",
            c=creator, n=followers,
        )  # fmt: skip
    world.content("a2", "a", FIRST)
    for content, day, views in (
        ("a1", 10, 12_345),
        ("b1", 10, 12_345),
        ("a1", 11, 150_000),
        ("a2", 11, 150_000),
    ):
        world.tally(content, date(2026, 9, day), views=views)
    world.sql("UPDATE tally_content_day SET qualified_views = views")
    assert released(world) == ["5308.625", "0.00"]


def test_commission_sellers(world: PoolWorld, apply: Apply) -> None:
    apply("commission_sellers")
    world.sale("o1", "a1", DAY, "1000.00")
    assert released(world, days=1) == ["0.00", "0.00"], "the seller has deposited nothing: it waits"
    world.now = datetime(2026, 9, 20, 9, tzinfo=UTC)
    _seller_deposits(world, "130.00")
    world.version(
        [{"name": "commission", "grain": "sale", "amount": "amount * 6%"}],
        date(2026, 9, 22),
        "commission-sellers",
    )
    world.sale("o2", "a1", date(2026, 9, 23), "1000.00")
    world.sale("o3", "b1", date(2026, 9, 23), "1000.00")
    assert released(world) == ["130.00", "0.00"], "the oldest day first, then by key: 2026-09-23/a/s, o2, o3"
    _seller_deposits(world, "1000.00")
    assert released(world, hours=1) == ["200.00", "60.00"], (
        "b had no share before: nothing was promised to it"
    )
    world.sale("o4", "a1", date(2026, 10, 23), "1000.00")
    assert released(world, hours=1) == ["260.00", "60.00"], "the thirty days are over"


def _seller_deposits(world: PoolWorld, amount: str) -> None:
    legs = [debit("assets:bank:manual:RUB", rub(amount)), credit("liabilities:seller:s:balance", rub(amount))]
    with transaction(world.engine) as session:
        post(session, key=f"deposit {amount}", kind="adjustment", effective_on=world.now.date(), legs=legs)


def test_referral(world: PoolWorld, apply: Apply) -> None:
    apply("referral")
    world.sale("o1", "a1", DAY, "160000.00")
    world.refund("o1", "10000.00")
    world.sale("o2", "b1", FIRST, "60000.00")
    world.sale("o3", "b1", date(2026, 9, 30), "40000.00")
    assert released(world) == ["4500.00", "2000.00"]
