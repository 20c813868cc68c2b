"""The SQLite database that MLflow keeps by default, opened for reading only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.rooms.models.mlflow import DELETED, MlflowVersion, Run


def read_database(path: Path) -> Iterator[MlflowVersion]:
    """Yield every version in MLflow's database, by name and number.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it is no database of MLflow.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no file `{path}`")
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            yield from _versions(database)
    except sqlite3.DatabaseError as error:
        raise InvalidInputError(f"`{path}` is no database of MLflow's registry: {error}") from error


def _versions(database: sqlite3.Connection) -> Iterator[MlflowVersion]:
    descriptions = dict(database.execute("SELECT name, description FROM registered_models").fetchall())
    found = database.execute("SELECT * FROM model_versions ORDER BY name, version").fetchall()
    for row in found:
        name, version = str(row["name"]), int(row["version"])
        if row["current_stage"] == DELETED:
            continue
        aliases = database.execute(
            "SELECT alias FROM registered_model_aliases WHERE name = ? AND version = ? ORDER BY alias",
            (name, version),
        )
        tags = database.execute(
            "SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?", (name, version)
        )
        run_id = str(row["run_id"] or "")
        yield MlflowVersion(
            model=name,
            version=str(version),
            created=row["creation_time"],
            source=str(row["source"] or ""),
            run_id=run_id,
            stage=str(row["current_stage"] or ""),
            status=str(row["status"] or ""),
            description=str(row["description"] or ""),
            tags=_pairs(tags),
            aliases=tuple(str(alias) for (alias,) in aliases),
            model_description=str(descriptions.get(name) or ""),
            model_tags=_pairs(
                database.execute("SELECT key, value FROM registered_model_tags WHERE name = ?", (name,))
            ),
            run=_run(database, run_id),
        )


def _run(database: sqlite3.Connection, id: str) -> Run | None:
    row = database.execute(
        "SELECT status, start_time, end_time FROM runs WHERE run_uuid = ?", (id,)
    ).fetchone()
    if row is None:
        return None
    figures = database.execute("SELECT key, value, is_nan FROM latest_metrics WHERE run_uuid = ?", (id,))
    return Run(
        id,
        str(row["status"] or ""),
        row["start_time"],
        row["end_time"],
        _pairs(database.execute("SELECT key, value FROM params WHERE run_uuid = ?", (id,))),
        {str(key): float("nan") if is_nan else float(value) for key, value, is_nan in figures},
        _pairs(database.execute("SELECT key, value FROM tags WHERE run_uuid = ?", (id,))),
    )


def _pairs(rows: sqlite3.Cursor) -> dict[str, str]:
    return {str(key): str(value or "") for key, value in rows}
