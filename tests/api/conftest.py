"""The application in process, and the server as processes, on a marketplace that every test gets fresh."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from api_caller import Caller, Clock
from api_market import Market, build, make_keys, stripe_environ
from api_rewind import keep, restore
from api_served import Served, serving
from flask import Flask
from scratch import own_database
from sqlalchemy import Engine
from stripe_standin.client import StripeStandin, running_standin

from api.app import create_app
from api.runtime import Runtime, install
from core.database import make_engine
from core.secrets import Vault, vault_of
from core.settings import Settings, load_settings

ZONE = "Europe/Moscow"
MASTER = b"k" * 32


@pytest.fixture(scope="session")
def stripe() -> Iterator[StripeStandin]:
    """Stripe's stand-in, one a worker."""
    with running_standin() as standin:
        yield standin


@pytest.fixture(scope="session")
def settings(stripe: StripeStandin) -> Settings:
    payer = str(Path(__file__).parent / "payer.toml")
    told = {"KOPECK_HOME": "/nonexistent", "KOPECK_SEAL_KEY": "5e" * 32, "KOPECK_PAYER_FILE": payer}
    return load_settings(told | stripe_environ(stripe))


@pytest.fixture(scope="session", autouse=True)
def quiet() -> None:
    """One log line a request is too many here."""
    structlog.configure(processors=[_drop])


def _drop(*_: Any) -> Any:
    raise structlog.DropEvent


@pytest.fixture(scope="session")
def one_app(settings: Settings) -> Flask:
    """Routes and schemas are made once; each test puts its own runtime in."""
    return create_app(Runtime(None, settings, vault_of(MASTER)))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def market_template(template: str, one_app: Flask, settings: Settings) -> Iterator[tuple[str, Any]]:
    """A database with the whole marketplace in it, its keys and ids, and the time at which it was left."""
    with own_database(template.replace("template", "market"), template) as url:
        engine = make_engine(url, ZONE, pool_size=5)
        clock, vault = Clock(datetime.fromisoformat("2026-11-02T09:00:00+00:00")), vault_of(MASTER)
        install(one_app, Runtime(engine, settings, vault, now=clock))
        keys = make_keys(engine)
        market = Market(Caller(one_app, keys), clock, engine, settings, vault, {})
        build(market)
        engine.dispose()
        keep(url)
        yield url, (keys, market.ids, clock.now)


@pytest.fixture
def database_url(market_template: tuple[str, Any]) -> str:
    """The owner's URL of the marketplace as it was built: one database a worker, put back before each test."""
    restore(market_template[0])
    return market_template[0]


@pytest.fixture
def market(
    market_template: tuple[str, Any], engine: Engine, one_app: Flask, settings: Settings, vault: Vault
) -> Market:
    """The marketplace, on the test's own database."""
    keys, ids, now = market_template[1]
    clock = Clock(now)
    install(one_app, Runtime(engine, settings, vault, now=clock))
    return Market(Caller(one_app, keys), clock, engine, settings, vault, dict(ids))


@pytest.fixture
def app(market: Market) -> Flask:
    return market.call.app


@pytest.fixture
def client(app: Flask) -> Any:
    return app.test_client(use_cookies=False)


@pytest.fixture
def keys(market: Market) -> dict[str, str]:
    return market.call.keys


@pytest.fixture
def call(market: Market) -> Caller:
    return market.call


@pytest.fixture
def ids(market: Market) -> dict[str, str]:
    return market.ids


@pytest.fixture
def jobs(market: Market) -> Callable[[], None]:
    return market.jobs


@pytest.fixture
def served(market: Market, database_url: str, tmp_path: Path) -> Iterator[Served]:
    """The same marketplace behind a real server of two processes; its clock is the real one."""
    with serving(database_url, tmp_path, MASTER.hex(), market.call.keys) as server:
        yield server


@pytest.fixture
def rewind(database_url: str) -> Callable[[], None]:
    """Put the database back in the middle of a test."""
    return lambda: restore(database_url)
