"""Settings: the environment over the file over the default, complete or refused as a whole."""

import os
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from core.errors import Invalid
from core.settings import Settings, load_settings


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(Invalid) as caught:
        load_settings(environ)
    assert caught.value.code == "bad_settings"
    return caught.value.detail


def test_sane_defaults(tmp_path: Path) -> None:
    settings = load_settings({"KOPECK_HOME": str(tmp_path)})
    assert (settings.bind, settings.time_zone, settings.zone.key) == (
        "127.0.0.1:8000",
        "Europe/Moscow",
        "Europe/Moscow",
    )
    assert settings.database_url is None and settings.secret_key is None and settings.postgres_bin is None
    assert settings.workers >= 1 and settings.threads >= 1
    with pytest.raises(FrozenInstanceError):
        settings.workers = 9  # type: ignore[misc]
    home = "/var/lib/kopeck" if os.geteuid() == 0 else str(Path.home() / ".kopeck")
    assert str(load_settings({"KOPECK_SETTINGS": str(empty(tmp_path))}).home) == home


def empty(folder: Path) -> Path:
    (folder / "none.toml").write_text("")
    return folder / "none.toml"


def test_every_setting_says_what_it_is() -> None:
    assert all(item.metadata["about"] for item in fields(Settings))


BAD = {
    "DATABASE_URL": "mysql://kopeck:hunter2@localhost/x",
    "BIND": "nowhere",
    "WORKERS": "0",
    "THREADS": "many",
    "TIME_ZONE": "Moscow",
    "LATE_DAYS": "-1",
    "FUTURE_SECONDS": "1.5",
    "ATTRIBUTION_DELAY": "1e3",
    "MINIMUM_WATCH_MS": "٣",
    "PARKED_HOURS": "99999",
    "BATCH_BACKLOG": " 5",
    "ADJUSTMENT_LIMIT": "100000.50",
    "ACTIVATION_LIMIT": "-0",
}


def test_every_bad_value_is_named_at_once(tmp_path: Path) -> None:
    environ = {f"KOPECK_{name}": value for name, value in BAD.items()} | {"KOPECK_HOME": str(tmp_path)}
    told = refusal(environ).splitlines()[1:]
    assert sorted(line.split()[0] for line in told) == sorted(f"KOPECK_{name}" for name in BAD)
    assert "hunter2" not in "".join(told)
    assert all(repr(BAD[line.split()[0][7:]]) in line for line in told if "DATABASE" not in line)


@pytest.mark.parametrize("name", BAD)
def test_each_bad_value_alone(tmp_path: Path, name: str) -> None:
    assert f"KOPECK_{name} " in refusal({"KOPECK_HOME": str(tmp_path), f"KOPECK_{name}": BAD[name]})


@pytest.mark.parametrize(
    "bind", ["8000", ":8000", "host:", "host:99999", "h st:1", "host:٨٠", "a:b:1", "::1:80", "host:1\n"]
)
def test_addresses_that_are_none(tmp_path: Path, bind: str) -> None:
    assert "KOPECK_BIND is not HOST:PORT" in refusal({"KOPECK_HOME": str(tmp_path), "KOPECK_BIND": bind})


@pytest.mark.parametrize("bind", ["0.0.0.0:80", "localhost:65535", "[::1]:8000", "[::]:0"])
def test_addresses(tmp_path: Path, bind: str) -> None:
    assert load_settings({"KOPECK_HOME": str(tmp_path), "KOPECK_BIND": bind}).bind == bind


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_database_urls_take_our_driver(tmp_path: Path, scheme: str) -> None:
    environ = {"KOPECK_HOME": str(tmp_path), "KOPECK_DATABASE_URL": f"{scheme}://u:p@h/d"}
    assert load_settings(environ).database_url == "postgresql+psycopg2://u:p@h/d"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "kopeck.toml").write_text('workers = 3\nthreads = 5\ntime_zone = "UTC"\nfuture_seconds = 0\n')
    settings = load_settings({"KOPECK_HOME": str(tmp_path), "KOPECK_WORKERS": "7", "KOPECK_THREADS": ""})
    assert (settings.workers, settings.threads, settings.time_zone) == (7, 5, "UTC")
    assert settings.future_seconds == 0, "a zero in the file is a value"


def test_a_file_elsewhere_may_name_the_home(tmp_path: Path) -> None:
    named = tmp_path / "named.toml"
    named.write_text(f'home = "{tmp_path}/data"\nbind = "127.0.0.1:9"\n')
    settings = load_settings({"KOPECK_SETTINGS": str(named)})
    assert (settings.home, settings.bind) == (tmp_path / "data", "127.0.0.1:9")


def test_what_is_wrong_in_the_file_is_named_too(tmp_path: Path) -> None:
    file = tmp_path / "kopeck.toml"
    file.write_text('wrokers = 3\nthreads = 0\ntime_zone = ["UTC"]\n[more]\na = 1\n')
    told = refusal({"KOPECK_HOME": str(tmp_path), "KOPECK_BIND": "x"})
    assert all(
        name in told for name in ("wrokers", "more", "KOPECK_THREADS", "KOPECK_TIME_ZONE", "KOPECK_BIND")
    )
    assert str(file) in told


@pytest.mark.parametrize("content", [b"workers =", b"\xff\xfe", b"workers = 1\nworkers = 2"])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "kopeck.toml").write_bytes(content)
    assert str(tmp_path / "kopeck.toml") in refusal({"KOPECK_HOME": str(tmp_path)})


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    told = refusal({"KOPECK_SETTINGS": str(tmp_path / "gone.toml"), "KOPECK_WORKERS": "x"})
    assert "gone.toml" in told and "KOPECK_WORKERS" in told
