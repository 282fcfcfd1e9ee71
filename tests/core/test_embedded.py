"""The embedded PostgreSQL with real processes: what is killed, interrupted or started twice must end well."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy as sa
from scratch import scratch_folder

from core.embedded import attach_or_start, cluster, running_cluster
from core.embedded.account import Account, server_account
from core.errors import Conflict, Refused, Unavailable

FAST = {"fsync": "off", "shared_buffers": "16MB"}
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
BINARIES = [
    pytest.param(None, id="wheel"),
    pytest.param(
        DEBIAN_15, id="15", marks=pytest.mark.skipif(not DEBIAN_15.exists(), reason="not installed")
    ),
]
SERVE = """
import sys
from pathlib import Path
from core.embedded import running_cluster
with running_cluster(Path(sys.argv[1]), bin_dir=eval(sys.argv[2]), settings={"fsync": "off", "shared_buffers": "16MB"}) as cluster:
    print(cluster.url(), flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module", params=BINARIES)
def made(request):
    """A home after its first start, and the programs that made it."""
    with scratch_folder() as home:
        with running_cluster(home, bin_dir=request.param, settings=FAST) as running:
            query(running.url(), "CREATE TABLE kept (n int)")
            query(running.url(), "INSERT INTO kept VALUES (42)")
        yield home, request.param


@pytest.fixture
def empty():
    with scratch_folder() as folder:
        yield folder / "home"


def query(url, statement):
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        answer = connection.execute(sa.text(statement))
        return answer.all() if answer.returns_rows else []


def serve(home, bin_dir, **options):
    """Another Python process that runs the cluster until its standard input ends."""
    programs = "None" if bin_dir is None else f"Path({str(bin_dir)!r})"
    command = [sys.executable, "-c", SERVE, str(home), programs]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)


def postmaster(home):
    return int((home / "data" / "postmaster.pid").read_text().split()[0])


def wait_until(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def is_gone(pid):
    """Ended; whether its new parent has collected it yet does not matter."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_second_start_keeps_data_and_port(made):
    home, bin_dir = made
    with running_cluster(home, bin_dir=bin_dir, settings=FAST) as first:
        assert query(first.url(), "SELECT n FROM kept") == [(42,)]
        pid = postmaster(home)
    assert is_gone(pid)
    with running_cluster(home, bin_dir=bin_dir, settings=FAST) as second:
        assert second == first
        assert not Path(home, "data").stat().st_mode & 0o077
        assert not Path(home, "secrets/postgres.json").stat().st_mode & 0o077


def test_roles_database_and_settings(made):
    home, bin_dir = made
    with running_cluster(home, bin_dir=bin_dir, settings={**FAST, "work_mem": "5MB"}) as running:
        roles = query(
            running.url(),
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles "
            "WHERE rolname LIKE 'kopeck%' ORDER BY 1",
        )
        assert roles == [
            ("kopeck_app", False, False, False, True),
            ("kopeck_owner", False, False, True, True),
        ]
        assert query(running.url("kopeck_app"), "SELECT current_user, current_database()") == [
            ("kopeck_app", "kopeck")
        ]
        facts = "SELECT pg_get_userbyid(datdba), datcollate, pg_encoding_to_char(encoding) FROM pg_database WHERE datname='kopeck'"
        assert query(running.url(), facts) == [("kopeck_owner", "C", "UTF8")]
        shown = "current_setting('{}')"
        wanted = {
            "work_mem": "5MB",
            "shared_buffers": "16MB",
            "max_wal_size": "4GB",
            "data_checksums": "on",
            "jit": "off",
        }
        row = query(running.url(), "SELECT " + ", ".join(shown.format(name) for name in wanted))[0]
        assert dict(zip(wanted, row, strict=True)) == wanted
        libraries = query(running.url("postgres", "postgres"), "SHOW shared_preload_libraries")
        assert libraries == [("pg_stat_statements",)]


def test_a_wrong_password_is_refused_on_both_ways_in(made):
    home, bin_dir = made
    with running_cluster(home, bin_dir=bin_dir, settings=FAST) as running:
        for host in ("127.0.0.1", str(running.socket_dir)):
            good = {"host": host, "port": running.port, "user": "kopeck_app", "dbname": "kopeck"}
            psycopg2.connect(
                **good, password=running.passwords["kopeck_app"], require_auth="scram-sha-256"
            ).close()
            with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
                psycopg2.connect(**good, password="wrong")
            with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
                psycopg2.connect(**{**good, "user": "postgres"}, password="postgres")


def test_a_killed_parent_takes_the_server_along_and_the_data_stays(made):
    home, bin_dir = made
    with serve(home, bin_dir) as parent:
        url = parent.stdout.readline().strip()
        query(url, "CREATE TABLE before_kill AS SELECT 7 AS n")
        pid = postmaster(home)
        parent.kill()
    with running_cluster(
        home, bin_dir=bin_dir, settings=FAST
    ) as running:  # at once: it waits for the old one
        assert is_gone(pid)
        assert query(running.url(), "SELECT n FROM before_kill") == [(7,)]
        query(running.url(), "DROP TABLE before_kill")
    log = (home / "postgres.log").read_text()
    assert "was not properly shut down" not in log


def test_a_killed_parent_alone_is_enough(made):
    home, bin_dir = made
    with serve(home, bin_dir) as parent:
        assert parent.stdout.readline()
        pid = postmaster(home)
        parent.kill()
        wait_until(lambda: is_gone(pid))


def test_ctrl_c_leaves_no_process(made):
    home, bin_dir = made
    with serve(home, bin_dir, start_new_session=True, stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout.readline()
        pid = postmaster(home)
        assert os.getpgid(pid) != parent.pid, "the server must not hear the terminal"
        os.killpg(parent.pid, signal.SIGINT)
        parent.wait(30)
        assert is_gone(pid)


def test_a_stale_pid_file_of_a_living_stranger_does_not_stop_the_start(made):
    """The number of a dead server may belong to any other process of the same account by now."""
    home, bin_dir = made
    account = server_account(home / "data")
    stranger = account.spawn([shutil.which("sleep"), "60"], subprocess.DEVNULL, death_signal=signal.SIGKILL)
    with stranger:
        stale = home / "data" / "postmaster.pid"
        stale.write_text(f"{stranger.pid}\n{home / 'data'}\n1\n5432\n\n127.0.0.1\n0 0\nready   \n")
        account.give(stale, 0o600)
        with running_cluster(home, bin_dir=bin_dir, settings=FAST) as running:
            assert query(running.url(), "SELECT n FROM kept") == [(42,)]
        stranger.kill()


def test_a_crashed_server_recovers(made):
    home, bin_dir = made
    with running_cluster(home, bin_dir=bin_dir, settings=FAST):
        os.kill(postmaster(home), signal.SIGKILL)
    with running_cluster(home, bin_dir=bin_dir, settings=FAST) as running:
        assert query(running.url(), "SELECT n FROM kept") == [(42,)]


def test_attach_uses_the_running_server_and_leaves_it_running(made):
    home, bin_dir = made
    with serve(home, bin_dir) as parent:
        url = parent.stdout.readline().strip()
        with attach_or_start(home, bin_dir=bin_dir, settings=FAST) as attached:
            assert attached.url() == url
            assert query(url, "SELECT n FROM kept") == [(42,)]
        assert query(url, "SELECT n FROM kept") == [(42,)]
        with pytest.raises(Conflict, match="Another Kopeck process"), running_cluster(home, bin_dir=bin_dir):
            pass
        parent.stdin.close()


def test_attach_starts_and_stops_when_nobody_else_does(made):
    home, bin_dir = made
    with attach_or_start(home, bin_dir=bin_dir, settings=FAST) as running:
        assert query(running.url(), "SELECT n FROM kept") == [(42,)]
        pid = postmaster(home)
    assert is_gone(pid)


@pytest.mark.parametrize("bin_dir", BINARIES)
def test_two_first_starts_at_once_make_one_cluster(empty, bin_dir):
    with serve(empty, bin_dir) as parent:
        wait_until(lambda: (empty / "lock").exists())
        time.sleep(0.2)
        with attach_or_start(empty, bin_dir=bin_dir, settings=FAST) as attached:
            assert query(attached.url(), "SELECT 1") == [(1,)]
        assert parent.stdout.readline().strip() == attached.url()
        parent.stdin.close()


@pytest.mark.parametrize("bin_dir", BINARIES)
def test_an_interrupted_initdb_heals(empty, bin_dir):
    with serve(empty, bin_dir) as parent:
        wait_until(lambda: any(empty.glob("data.new-*/base")))
        parent.kill()
    assert not (empty / "data").exists()
    with running_cluster(empty, bin_dir=bin_dir, settings=FAST) as running:
        assert query(running.url(), "SELECT 1") == [(1,)]
    assert not list(empty.glob("*.new-*"))


def test_a_crash_before_the_roles_heals(empty, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(cluster.roles, "provision", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError), running_cluster(empty, settings=FAST):
            pass
    with running_cluster(empty, settings=FAST) as running:
        assert query(running.url("kopeck_app"), "SELECT 1") == [(1,)]


def test_a_taken_port_is_exchanged(made):
    home, bin_dir = made
    port = int((home / "port").read_text())
    with (
        closing(socket.create_server(("127.0.0.1", port))),
        running_cluster(home, bin_dir=bin_dir, settings=FAST) as running,
    ):
        assert running.port != port
        assert query(running.url(), "SELECT n FROM kept") == [(42,)]


def test_a_long_path_goes_over_tcp(empty):
    home = empty / ("x" * 90)
    with running_cluster(home, settings=FAST) as running:
        assert running.socket_dir is None
        assert "@127.0.0.1:" in running.url()
        assert query(running.url(), "SELECT inet_server_addr()::text") == [("127.0.0.1/32",)]


def test_a_failed_start_shows_the_log(made):
    home, bin_dir = made
    with (
        pytest.raises(Unavailable) as refusal,
        running_cluster(home, bin_dir=bin_dir, settings={"work_mem": "many"}),
    ):
        pass
    assert refusal.value.code == "database_did_not_start"
    assert 'invalid value for parameter "work_mem"' in refusal.value.detail


def test_lost_passwords_are_named(made):
    home, bin_dir = made
    kept = home / "secrets" / "postgres.json"
    text = kept.read_text()
    kept.write_text(json.dumps({role: "other" for role in json.loads(text)}))
    with pytest.raises(Unavailable) as refusal, running_cluster(home, bin_dir=bin_dir, settings=FAST):
        pass
    kept.write_text(text)
    assert refusal.value.code == "database_passwords_differ"


@pytest.mark.skipif(not DEBIAN_15.exists(), reason="needs a second version")
def test_data_of_another_version_is_refused(made):
    home, bin_dir = made
    other = None if bin_dir else DEBIAN_15
    with pytest.raises(Refused) as refusal, running_cluster(home, bin_dir=other, settings=FAST):
        pass
    assert refusal.value.code == "database_version_differs"


def test_only_the_main_thread_may_start(made):
    home, bin_dir = made
    caught = []

    def start():
        try:
            with running_cluster(home, bin_dir=bin_dir, settings=FAST):
                pass
        except RuntimeError as error:
            caught.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in caught[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root switches accounts")
def test_root_names_the_closed_folder_and_opens_nothing(empty):
    closed = empty.parent / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(Refused) as refusal, running_cluster(closed / "home", settings=FAST):
        pass
    assert refusal.value.code == "folder_not_reachable"
    assert f"chmod o+x {closed}" in refusal.value.detail
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="already run by an ordinary user")
def test_an_ordinary_user_runs_it_as_themselves(empty):
    nobody = pwd.getpwnam("nobody")
    python = Path(sys.executable)
    if not all(
        folder.stat().st_mode & 0o001 for folder in (python, *python.resolve().parents, *python.parents)
    ):
        pytest.skip("this Python is for root alone")
    empty.mkdir()
    Account(nobody.pw_uid, nobody.pw_gid, switch=True).give(empty, 0o700)
    options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    with serve(empty, None, **options) as parent:
        assert parent.stdout.readline().startswith("postgresql+psycopg2://kopeck_owner:")
        assert Path(f"/proc/{postmaster(empty)}").stat().st_uid == nobody.pw_uid
        parent.stdin.close()


def command(*arguments):
    line = [
        sys.executable,
        "-m",
        "core.embedded",
        "--set",
        "fsync=off",
        "--set",
        "shared_buffers=16MB",
        *arguments,
    ]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("bin_dir", BINARIES)
def test_the_command_form_passes_url_and_exit_code(bin_dir):
    code = (
        "import os, sys; import sqlalchemy as sa\n"
        "with sa.create_engine(os.environ['KOPECK_DATABASE_URL']).connect() as c:\n"
        "    print(c.scalar(sa.text('SELECT current_user')))\n"
        "sys.exit(7)"
    )
    programs = ["--bin", str(bin_dir)] if bin_dir else []
    done = command(*programs, "--", sys.executable, "-c", code)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (7, "kopeck_owner", "")


def test_the_command_form_tells_why_it_cannot():
    assert command("--", "no-such-command").returncode == 127
    done = command("--bin", "/nowhere", "--", "true")
    assert done.returncode == 1
    assert done.stderr.startswith("postgres_unusable: /nowhere")
