"""Settings: one frozen object from the environment and an optional file, complete or refused as a whole.

The environment (`KOPECK_…`) wins over the file. The file is TOML with the same names in lower case and without
the prefix; it is `KOPECK_SETTINGS`, or `kopeck.toml` in the home folder when there is one.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from core.errors import Invalid

PREFIX = "KOPECK_"


def _default_home() -> str:
    return "/var/lib/kopeck" if os.geteuid() == 0 else str(Path.home() / ".kopeck")


def _time_zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError("is not an IANA time zone such as Europe/Moscow")
    return text


def _bind(text: str) -> str:
    match = re.fullmatch(r"(?:[^\s:\[\]]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})", text, re.ASCII)
    if not match or int(match[1]) > 65535:
        raise ValueError("is not HOST:PORT")
    return text


def _database(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://", "postgresql+psycopg2://")):
        raise ValueError("is not a postgresql:// URL")
    return re.sub(r"^postgres(ql)?(\+psycopg2)?://", "postgresql+psycopg2://", text)


def _number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not low <= int(text) <= high:
            raise ValueError(f"is not a whole number from {low} to {high}")
        return int(text)

    return parse


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _setting(parse: Callable[[str], Any], default: str | None, about: str, *, secret: bool = False) -> Any:
    return field(metadata={"parse": parse, "default": default, "about": about, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the service is told from outside. Each field is `KOPECK_` + its name in capitals."""

    home: Path = _setting(_path, _default_home(), "data folder of the embedded database and of the keys")
    database_url: str | None = _setting(
        _database, None, "a PostgreSQL 15+ instead of the embedded one", secret=True
    )
    postgres_bin: Path | None = _setting(
        _path, None, "folder of PostgreSQL programs for the embedded database"
    )
    bind: str = _setting(_bind, "127.0.0.1:8000", "address of the HTTP server")
    workers: int = _setting(_number(1, 64), "2", "processes of the HTTP server")
    threads: int = _setting(_number(1, 64), "8", "threads of each server process")
    time_zone: str = _setting(
        _time_zone, "Europe/Moscow", "the time zone in which a day is a day; fixed once events exist"
    )
    late_days: int = _setting(_number(1, 3650), "7", "days after which an event is too late")
    future_seconds: int = _setting(_number(0, 86400), "300", "seconds that an event may lie in the future")
    attribution_delay: int = _setting(
        _number(0, 604800), "3600", "seconds from a purchase until it is attributed"
    )
    minimum_watch_ms: int = _setting(
        _number(0, 3600000), "3000", "milliseconds watched that make a view a qualified one"
    )
    parked_hours: int = _setting(_number(1, 8760), "72", "hours that a touch waits for a reference it names")
    batch_backlog: int = _setting(
        _number(1, 1000000), "2000", "untallied batches at which POST /v1/events answers 503"
    )
    adjustment_limit: int = _setting(
        _number(0, 999_999_999),
        "100000",
        "whole units of a currency above which an adjustment needs another person",
    )
    grant_limit: int = _setting(
        _number(0, 999_999_999),
        "100000",
        "whole units of a currency above which a grant from a fund's line needs another person",
    )
    activation_limit: int = _setting(
        _number(0, 999_999_999),
        "999999999",
        "whole units a month of a line above which a version that it pays for needs another person; 0: always",
    )
    traffic_views_per_hour: int = _setting(
        _number(0, 999_999_999),
        "0",
        "views of one viewer in an hour above which all are suspect; 0: never",
    )
    traffic_clicks_per_hour: int = _setting(
        _number(0, 999_999_999),
        "0",
        "clicks of one viewer in an hour above which all are suspect; 0: never",
    )
    traffic_pair_per_day: int = _setting(
        _number(0, 999_999_999),
        "0",
        "touches of one viewer on one creator's contents in a day above which all are suspect; 0: never",
    )
    traffic_click_seconds: int = _setting(
        _number(0, 3600), "0", "a click is suspect if its purchase follows in fewer seconds; 0: never"
    )
    traffic_view_share: int = _setting(
        _number(0, 100),
        "0",
        "percent of a content's views of a day (100 or more) from which one viewer's are suspect; 0: never",
    )
    traffic_own_viewer: int = _setting(
        _number(0, 1), "1", "1: what a creator's own viewer does on its contents is suspect; 0: it is not"
    )
    stripe_api_key: str | None = _setting(
        str, None, "Stripe's secret key; without it nothing is sent there", secret=True
    )
    stripe_api_base: str = _setting(str, "https://api.stripe.com", "where Stripe's API is")
    stripe_webhook_secret: str | None = _setting(
        str, None, "what Stripe signs its events with; several, by comma, while one is replaced", secret=True
    )
    stripe_rate: int = _setting(_number(1, 1000), "25", "calls to Stripe a second, of one process, at most")
    payout_workers: int = _setting(_number(1, 64), "8", "payouts on their way to a provider at once")
    reconciliation_limit: int = _setting(
        _number(0, 999_999_999),
        "0",
        "whole units of a currency; an open difference above it stops further sending of that currency",
    )
    bounty_dispute_hours: int = _setting(
        _number(1, 720), "72", "hours in which a creator may dispute the rejection of a bounty's claim"
    )
    payer_file: Path | None = _setting(
        _path, None, "TOML file with our own bank accounts, from which payment files pay"
    )
    secret_key: str | None = _setting(
        str, None, "64 hex digits for pseudonyms and encryption, instead of a file in home", secret=True
    )
    seal_key: str | None = _setting(
        str, None, "64 hex digits: the private key of the seals, instead of a file in home", secret=True
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check everything.

    Raises:
        Invalid: `bad_settings`; the detail lists every missing or bad value by name, not just the first.
    """
    problems: list[str] = []
    from_file = _read_file(environ, problems)
    values: dict[str, Any] = {}
    for item in fields(Settings):
        name = PREFIX + item.name.upper()
        text = environ.get(name) or from_file.get(item.name, item.metadata["default"])
        try:
            values[item.name] = None if text is None else item.metadata["parse"](str(text))
        except ValueError as error:
            problems.append(f"{name} {error}" + ("" if item.metadata["secret"] else f": {text!r}"))
    if problems:
        raise Invalid("bad_settings", "Settings that need mending:\n  " + "\n  ".join(problems))
    return Settings(**values)


def _read_file(environ: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    named = environ.get(PREFIX + "SETTINGS")
    path = _path(named) if named else _path(environ.get(PREFIX + "HOME") or _default_home()) / "kopeck.toml"
    if not named and not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problems.append(f"{path}: {error}")
        return {}
    known = {item.name for item in fields(Settings)}
    problems.extend(f"{path}: {name} is no setting" for name in values if name not in known)
    return values
