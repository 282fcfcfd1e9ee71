"""What every request needs: the engine, the settings, the keys, the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import Flask, current_app
from sqlalchemy import Engine

from core import clock
from core.secrets import Vault
from core.settings import Settings

_NAME = "kopeck"


@dataclass(frozen=True, slots=True)
class Runtime:
    """The service as one process holds it."""

    engine: Engine
    settings: Settings
    vault: Vault
    now: Callable[[], datetime] = clock.now


def install(app: Flask, runtime: Runtime) -> None:
    app.extensions[_NAME] = runtime


def runtime() -> Runtime:
    """The runtime of the current application."""
    return cast(Runtime, current_app.extensions[_NAME])
