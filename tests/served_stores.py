"""Servers of other data stores, started for one test process and gone with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa


@contextmanager
def mariadb_running() -> Iterator[str]:
    """A MariaDB server in a folder of its own; the URL of its server, without a database."""
    program, maker = found("mariadbd", "mysqld"), found("mariadb-install-db", "mysql_install_db")
    if program is None or maker is None:
        pytest.skip("no MariaDB on this machine; install `mariadb-server`")
    pytest.importorskip("pymysql", reason="install ephor[mysql]")
    with tempfile.TemporaryDirectory(prefix="maria") as folder:
        data, user = Path(folder, "data"), ["--user=root"] if os.geteuid() == 0 else []
        subprocess.run(
            [maker, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
             "--skip-test-db", *user],
            check=True, capture_output=True, timeout=600,
        )  # fmt: skip
        line = Path(folder, "line")
        server = [program, "--no-defaults", f"--datadir={data}", f"--socket={line}", "--bind-address=127.0.0.1",
                  "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=2",
                  "--innodb-buffer-pool-size=16M", f"--pid-file={folder}/pid", *user]  # fmt: skip

        def works(port: int) -> None:
            engine = sa.create_engine(f"mysql+pymysql://root@127.0.0.1:{port}")
            engine.connect().close()
            engine.dispose()

        with listening(
            lambda port: [*server, f"--port={port}"], Path(folder), works, sa.exc.OperationalError
        ) as port:
            yield f"mysql+pymysql://root@127.0.0.1:{port}"


@contextmanager
def redis_running() -> Iterator[str]:
    """A Redis server in a folder of its own, and its URL."""
    program = found("redis-server")
    if program is None:
        pytest.skip("no Redis on this machine; install `redis-server`")
    redis = pytest.importorskip("redis", reason="install ephor[redis]")
    with tempfile.TemporaryDirectory(prefix="redis") as folder:
        server = [program, "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--save", ""]

        def works(port: int) -> None:
            client = redis.Redis(port=port)
            client.ping()
            client.close()

        with listening(
            lambda port: [*server, "--port", str(port)], Path(folder), works, redis.RedisError
        ) as port:
            yield f"redis://127.0.0.1:{port}/0"


def found(*names: str) -> str | None:
    """Return the first of these programs that is installed."""
    return next((path for name in names if (path := shutil.which(name, path=_path()))), None)


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"])


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def listening(
    command: Callable[[int], Sequence[str]],
    folder: Path,
    works: Callable[[int], None],
    error: type[Exception],
) -> Iterator[int]:
    """Start a server and yield the port on which it works: another one, where somebody took the first meanwhile."""
    for _ in range(5):
        port = free_port()
        with process(command(port), folder) as one:
            if is_ready(one, lambda port=port: works(port), error):
                yield port
                return
    raise AssertionError((folder / "said").read_text(errors="replace"))


@contextmanager
def process(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with Path(folder, "said").open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as one:
        try:
            yield one
        finally:
            one.terminate()
            try:
                one.wait(120)
            except subprocess.TimeoutExpired:
                one.kill()


def is_ready(one: subprocess.Popen[bytes], works: Callable[[], None], error: type[Exception]) -> bool:
    """Wait until a server works; tell if it ended instead."""
    end = time.monotonic() + 300
    while one.poll() is None:
        try:
            works()
        except error:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return True
    return False
