"""The whole process tree of `kopeck up` and `kopeck demo`, with real signals: what dies takes nothing acknowledged along."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from api.keys import create_key
from attribution.recount import verify_tallies
from catalog.bulk import load_catalog
from core import clock
from core.database import transaction
from core.money import Money
from core.settings import load_settings
from jobs.checks import CHECKS
from kopeck.database import application
from kopeck.seed import PEOPLE
from ledger.verify import run_checks
from rewards.activate import activate_version
from rewards.deposit import deposit_money
from rewards.funds import create_fund
from rewards.lines import create_line
from rewards.programs import NewProgram, create_program
from rewards.versions import draft_version

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
ROOT = Path(__file__).resolve().parent.parent.parent
VIEWS, PURCHASES, PRICE = 50, 10, "100.00"


def eventually(happened: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while not (said := happened()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
    return said


class Home:
    """A home folder, the service on it, and the processes that belong to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.given = {
            "KOPECK_HOME": str(path),
            "KOPECK_BIND": f"127.0.0.1:{self.port}",
            "KOPECK_WORKERS": "2",
            "KOPECK_THREADS": "4",
            "KOPECK_ATTRIBUTION_DELAY": "0",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KOPECK_")}
        # Children find their bytecode where the first of them left it.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        self.environ = kept | self.given | {"PYTHONPYCACHEPREFIX": str(path / "bytecode")}
        self.log = path / "up.log"
        self.key = ""

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[bytes]]:
        """`kopeck up`, ready; what is left of it at the end is killed."""
        with self.log.open("wb") as log:
            line = [sys.executable, "-m", "kopeck", "up"]
            parent = subprocess.Popen(line, env=self.environ, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)  # fmt: skip
        try:
            eventually(lambda: parent.poll() is not None or self.get("/readyz") == 200, 120)
            assert parent.poll() is None, self.log.read_text()
            yield parent
        finally:
            parent.kill()
            parent.wait()
            self.sweep()

    def sweep(self) -> None:
        """Wait for what ends by itself; then be harsh."""
        patience = time.monotonic() + 30
        while left := self.family():
            if time.monotonic() > patience:
                for pid in left:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)

    def kopeck(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "kopeck", *arguments]
        return subprocess.run(line, env=self.environ, cwd=ROOT, capture_output=True, text=True)

    def call(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body; status 0 when nobody answers."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/x-ndjson"}
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
        except (OSError, HTTPException):
            return 0, b""

    def get(self, path: str) -> int:
        return self.call("GET", path)[0]

    def family(self) -> list[int]:
        """Living processes of this home: by environment, arguments or folder (PostgreSQL's have only that)."""
        mine = str(self.path).encode()
        return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit() and _of(each, mine)]

    def part(self, name: str, parent: int) -> list[int]:
        """Children of `parent` that run `kopeck NAME`."""
        ending = f"kopeck\0{name}\0".encode()
        return [
            pid for pid in self.family() if _parent(pid) == parent and _read(pid, "cmdline").endswith(ending)
        ]

    def settled(self) -> None:
        eventually(lambda: not self.family(), 20)


def _of(process: Path, mine: bytes) -> bool:
    pid = int(process.name)
    if b"KOPECK_HOME=" + mine + b"\0" in _read(pid, "environ") or mine + b"/" in _read(pid, "cmdline"):
        return True
    try:
        return os.fsencode(os.readlink(process / "cwd")).startswith(mine)
    except OSError:
        return False


def _read(pid: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:
        return b""


def _parent(pid: int) -> int:
    return int((_read(pid, "stat").rpartition(b")")[2].split() or [b"", b"0"])[1])


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that the server's account may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="kopeck-up-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """One home for the module; its first start makes the cluster."""
    with open_folder() as folder:
        made = Home(folder)
        with made.up():
            stock(made)
        made.settled()
        yield made


def stock(home: Home) -> None:
    """A key, a catalog, a fund, and a program that pays for every sale."""
    now, settings = clock.now(), load_settings(home.given)
    rows: list[dict[str, Any]] = [{"type": "seller", "id": "s", "name": "Shop"}]
    for n in range(4):
        price = {"amount": PRICE, "currency": "RUB"}
        rows += [
            {"type": "creator", "id": f"c{n}", "name": f"Creator {n}"},
            {"type": "product", "id": f"p{n}", "seller": "s", "title": "T", "price": price, "category": "home"},
            {"type": "content", "id": f"k{n}", "creator": f"c{n}", "kind": "video", "published_at": "2026-01-01T00:00:00Z", "products": [f"p{n}"]},
        ]  # fmt: skip
    money = Money.parse("900000000.00", "RUB")
    rules = [{"name": "commission", "grain": "sale", "amount": "amount * 5%"}]
    with application(settings) as (engine, vault), transaction(engine) as session:
        home.key = create_key(session, "platform", "Marketplace")
        assert load_catalog(session, "\n".join(map(json.dumps, rows)).encode(), now, vault).rejected == 0
        create_fund(session, "f", "Fund", money)
        deposit_money(session, "f", money, "1", "Fyodor", now, settings)
        create_line(session, "f", "l", "Rewards", money, "month", True, now, settings)
        pays = NewProgram(id="p", name="Program", currency="RUB", fund="f", line="l", hold_days=0, open="all")
        create_program(session, pays)
        version = draft_version(session, "p", (now - timedelta(days=5)).date(), rules, "Olga")
        activate_version(session, "p", version.number, "Olga", now, settings)


def batch(name: str) -> bytes:
    """Views of four contents, then sales of what they show to the same people."""
    now = clock.now()
    seen, bought = ((now - timedelta(hours=ago)).isoformat() for ago in (3, 2))
    rows = [
        {"type": "view", "id": f"{name}-v{n}", "occurred_at": seen, "viewer": f"{name}-{n}", "content": f"k{n % 4}", "watch_ms": 9000}
        for n in range(VIEWS)
    ] + [
        {"type": "purchase", "id": f"{name}-b{n}", "occurred_at": bought, "viewer": f"{name}-{n}", "order": f"{name}-{n}", "product": f"p{n % 4}", "quantity": 1, "amount": PRICE, "currency": "RUB"}
        for n in range(PURCHASES)
    ]  # fmt: skip
    return "\n".join(map(json.dumps, rows)).encode()


def test_up_serves_until_ctrl_c_and_leaves_nobody_behind(home: Home) -> None:
    with home.up() as parent:
        assert home.get("/healthz") == 200
        assert len(home.part("serve", parent.pid)) == len(home.part("work", parent.pid)) == 1
        assert home.call("POST", "/v1/events", batch("ctrl-c"))[0] == 200
        os.killpg(parent.pid, signal.SIGINT)  # what a terminal does
        os.killpg(parent.pid, signal.SIGINT)  # by somebody impatient
        assert parent.wait(20) == 0
        assert not home.family()
    assert b"Traceback" not in home.log.read_bytes()


def test_kill_9_of_the_parent_ends_everything_and_the_data_stay(home: Home) -> None:
    with home.up() as parent:
        assert home.call("POST", "/v1/events", batch("kill-9"))[0] == 200
        parent.kill()
        parent.wait()
        home.settled()
    with home.up() as parent:
        assert home.get("/v1/events/kill-9-v0") == 200
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(20) == 0
        home.settled()


@pytest.mark.parametrize("name", ["serve", "work"])
def test_a_part_that_dies_stops_the_rest(home: Home, name: str) -> None:
    with home.up() as parent:
        [pid] = home.part(name, parent.pid)
        os.kill(pid, signal.SIGKILL)
        assert parent.wait(20) == 1
        home.settled()
    assert "A part of Kopeck ended (-9); stopping the rest." in home.log.read_text()


def test_a_database_that_dies_stops_the_rest(home: Home) -> None:
    with home.up() as parent:
        os.kill(int((home.path / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        assert parent.wait(45) == 1
        home.settled()
    assert "The database ended; stopping the rest." in home.log.read_text()


class Senders:
    """Two clients that send each batch again and again until it is acknowledged."""

    def __init__(self, home: Home) -> None:
        self.home, self.acknowledged, self.strange = home, 0, set[tuple[int, bytes]]()
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self.send, args=(n,)) for n in range(2)]

    def __enter__(self) -> "Senders":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def send(self, sender: int) -> None:
        for number in range(100_000):
            body = batch(f"s{sender}-{number}")
            giving_up = time.monotonic() + 120
            while (answer := self.home.call("POST", "/v1/events", body))[0] != 200:
                if answer[0] not in (0, 503) or time.monotonic() > giving_up:
                    self.strange.add(answer)
                    return
                time.sleep(0.1)
            told = json.loads(answer[1])
            with self.lock:
                self.acknowledged += 1
                if told["accepted"] + told["duplicates"] != VIEWS + PURCHASES:
                    self.strange.add(answer)
            if self.stop.wait(0.05):
                return


def test_kill_9_of_any_part_loses_and_doubles_nothing(home: Home) -> None:
    """N7, S2, P2's manner: acknowledged is in the books once, whoever was killed at whatever moment."""
    rng, before = Random(20261102), books(home)
    with Senders(home) as senders:
        for victim in ("worker", "work", "parent"):
            with home.up() as parent:
                done = senders.acknowledged
                eventually(lambda done=done: senders.strange or senders.acknowledged > done + 10, 60)
                time.sleep(rng.random() * 2)
                kill(home, parent, victim)
                if victim == "worker":
                    done = senders.acknowledged
                    eventually(lambda done=done: senders.strange or senders.acknowledged > done + 10, 60)
                    assert parent.poll() is None, "a new worker took its place"
                else:
                    assert parent.wait(30) != 0
                    home.settled()
        with home.up():
            done = senders.acknowledged
            eventually(lambda: senders.strange or senders.acknowledged > done + 4, 60)
            senders.stop.set()
            for thread in senders.threads:
                thread.join()
    assert not senders.strange
    after = books(home)
    sent = senders.acknowledged
    assert {name: after[name] - before[name] for name in after} == {
        "touches": sent * VIEWS,
        "tallied": sent * VIEWS,
        "purchases": sent * PURCHASES,
        "attributed": sent * PURCHASES,
        "shares": sent * PURCHASES * 100_000_000,
        "owed": sent * PURCHASES * 5_000_000,
    }
    clean = home.kopeck("ledger", "verify")
    assert clean.returncode == 0 and " 0 findings" in clean.stdout


def kill(home: Home, parent: subprocess.Popen[bytes], victim: str) -> None:
    [server] = home.part("serve", parent.pid)
    pids = {
        "worker": home.part("serve", server)[:1],
        "work": home.part("work", parent.pid),
        "parent": [parent.pid],
    }
    [pid] = pids[victim]
    os.kill(pid, signal.SIGKILL)


def books(home: Home) -> dict[str, int]:
    """What was counted and what is owed, with everything proved; starts the database if nobody runs it."""
    queries = {
        "touches": "SELECT count(*) FROM touch",
        "tallied": "SELECT coalesce(sum(views), 0) FROM tally_content_day",
        "purchases": "SELECT count(*) FROM purchase",
        "attributed": "SELECT count(*) FROM attribution WHERE outcome = 'view'",
        "shares": "SELECT coalesce(sum(amount), 0) FROM share",
        "owed": "SELECT -coalesce(sum(balance), 0) FROM balance JOIN account ON id = account_id"
        " WHERE code LIKE 'liabilities:creator:%'",
    }
    settings = load_settings(home.given)
    eventually(lambda: home.kopeck("jobs", "run", "all").returncode == 0, 180)
    with application(settings, statement_seconds=0) as (engine, _), transaction(engine) as session:
        assert verify_tallies(session, settings) == []
        assert run_checks(session, CHECKS) == []
        return {name: int(session.scalar(text(query)) or 0) for name, query in queries.items()}


def test_the_demo_seeds_once() -> None:
    with open_folder() as folder:
        home = Home(folder)
        first = home.kopeck("demo", "--seed-only")
        assert first.returncode == 0, first.stderr
        assert "Seeding the sample marketplace" in first.stderr
        assert not home.family()
        keys = folder / "demo" / "secrets" / "demo-keys.json"
        held = keys.read_bytes()
        assert set(json.loads(held)) == set(PEOPLE)
        assert keys.stat().st_mode & 0o077 == 0

        again = home.kopeck("demo", "--seed-only")
        assert (again.returncode, again.stdout) == (0, "")
        assert "Seeding" not in again.stderr
        assert keys.read_bytes() == held
        settings = load_settings({"KOPECK_HOME": str(folder / "demo")})
        with application(settings) as (engine, _), transaction(engine) as session:
            assert session.scalar(text("SELECT count(*) FROM payout_run WHERE state = 'approved'")) == 1
            assert session.scalar(text("SELECT count(*) FROM payout")) > 10
            assert session.scalar(
                text("SELECT count(*) FROM balance JOIN account ON id = account_id"
                     " WHERE code ~ '^liabilities:creator:.*:(available|in_transit)$' AND balance < 0")
            ) > 10  # fmt: skip
            assert session.scalar(text("SELECT count(*) FROM api_key")) == len(PEOPLE)
            assert run_checks(session, CHECKS) == []
            assert verify_tallies(session, settings) == []
