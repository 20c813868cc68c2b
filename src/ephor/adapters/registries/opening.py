"""Which kind of registry a path or an address names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ephor.adapters import files, strict_yaml
from ephor.adapters.registries.mlflow_files import read_store
from ephor.adapters.registries.mlflow_sqlite import read_database
from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.rooms.models import huggingface
from ephor.rooms.models.imported import Candidate
from ephor.rooms.models.mlflow import MlflowVersion, candidate

_DATABASE = "mlflow.db"


def read_mlflow(place: str) -> Sequence[Candidate]:
    """Return every version that MLflow keeps at *place*: a folder, a database file, or a server's address.

    Raises:
        NotFoundError: there is nothing.
        InvalidInputError: what is there cannot be read, or *place* names two registries.
        NotPermittedError: a server wants to know who asks.
        UnavailableError: a server does not answer.
    """
    return [candidate(one) for one in _versions(place)]


def _versions(place: str) -> Iterator[MlflowVersion]:
    scheme = place.partition("://")[0] if "://" in place else ""
    if scheme in ("http", "https"):
        from ephor.adapters.registries.mlflow_server import read_server  # noqa: PLC0415 - TLS is slow to load

        return read_server(place)
    if scheme == "sqlite":
        return read_database(Path(unquote(place.removeprefix("sqlite:///"))))
    if scheme and scheme != "file":
        raise InvalidInputError(
            f"`{scheme}://` is not read; name the folder, MLflow's SQLite file, or the address of its server"
        )
    path = Path(unquote(urlsplit(place).path)) if scheme else Path(place.removeprefix("file:"))
    if path.is_file():
        return read_database(path)
    return _in_folder(path)


def _in_folder(path: Path) -> Iterator[MlflowVersion]:
    if not path.is_dir():
        raise NotFoundError(f"there is no folder and no file `{path}`")
    stores = [one for one in (path, path / "mlruns") if (one / "models").is_dir()]
    if stores and (path / _DATABASE).is_file():
        raise InvalidInputError(
            f"`{path}` holds `{stores[0].name}` and `{_DATABASE}`; name the one that MLflow uses"
        )
    if (path / _DATABASE).is_file():
        return read_database(path / _DATABASE)
    return read_store(stores[0] if stores else path)


def read_huggingface(path: str, name: str | None, version: str | None) -> Candidate:
    """Return the model of a Hugging Face card, a file or standard input for ``-``.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it is no card, or does not say what the model is called.
    """
    data = files.read_bytes(path)
    block, body = huggingface.front_matter(data)
    told = strict_yaml.read(block)
    if not isinstance(told, Mapping):
        raise InvalidInputError(f"the front matter of `{path}` holds no mapping; write `key: value` lines")
    return huggingface.candidate(data, told, body, name=name, version=version)
