"""The HTTP server: gunicorn with threads, each process with an engine of its own."""

import os
import threading
import time
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import TConn, ThreadWorker

from api.app import WAITED, create_app
from api.runtime import Runtime
from core.database import make_engine
from core.secrets import load_vault
from core.settings import Settings
from kopeck.logs import configure_logs

_thread = threading.local()


class Worker(ThreadWorker):
    """gunicorn's own, which tells the application how long a request has waited for a thread."""

    def enqueue_req(self, conn: TConn) -> None:
        conn.queued_at = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> Any:
        _thread.waited = time.monotonic() - conn.queued_at
        return super().handle(conn)


def _telling(app: Any) -> Any:
    """The application with that in its environment."""

    def told(environ: dict[str, Any], start_response: Any) -> Any:
        return app(environ | {WAITED: _thread.waited}, start_response)

    return told


class Server(BaseApplication):
    """gunicorn without its command line: the settings are ours."""

    def __init__(self, settings: Settings, database_url: str) -> None:
        self.settings, self.database_url = settings, database_url
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def _options(self) -> dict[str, Any]:
        return {
            "bind": self.settings.bind,
            "workers": self.settings.workers,
            "threads": self.settings.threads,
            "worker_class": Worker,
            "proc_name": "kopeck",
            "timeout": 60,
            "graceful_timeout": 20,
            "keepalive": 5,
            "limit_request_line": 8190,
            "limit_request_field_size": 8190,
            "loglevel": "warning",
            "control_socket_disable": True,
        }

    def load(self) -> Any:
        """In the worker, after the fork: connections are never shared between processes."""
        configure_logs()
        # One connection a thread for the view and one for its key's check.
        pool = self.settings.threads + 2
        engine = make_engine(self.database_url, self.settings.time_zone, pool_size=pool)
        return _telling(create_app(Runtime(engine, self.settings, load_vault(self.settings))))


def serve(settings: Settings, database_url: str) -> None:
    """Serve until SIGTERM or SIGINT."""
    os.environ.pop("GUNICORN_CMD_ARGS", None)
    Server(settings, database_url).run()
