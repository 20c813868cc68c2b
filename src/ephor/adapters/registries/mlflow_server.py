"""An MLflow tracking server, asked by its REST interface (api/2.0) page by page."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

from ephor.adapters.posting import request
from ephor.kernel.errors import InvalidInputError, NotPermittedError, UnavailableError
from ephor.rooms.models.mlflow import MlflowVersion, Run

SECONDS = 30.0
MAX_ANSWER = 1 << 25
MAX_PAGES = 10_000


def read_server(url: str) -> Iterator[MlflowVersion]:
    """Yield every version that a server lists, by name and number.

    Raises:
        InvalidInputError: that is no address, or what it answers is not MLflow's.
        NotPermittedError: it wants to know who asks.
        UnavailableError: it does not answer.
    """
    server = _Server.at(url)
    models = sorted(
        server.pages("registered-models/search", "registered_models", max_results="100"), key=_name
    )
    for model in models:
        name = _name(model)
        aliases = _listed(model, "aliases")
        # The filter is MLflow's own language; a name with both quotes cannot be said in it, so what comes is checked.
        mark = '"' if "'" in name else "'"
        found = server.pages(
            "model-versions/search", "model_versions", filter=f"name={mark}{name}{mark}", max_results="100"
        )
        own = [one for one in found if one.get("name") == name]
        for one in sorted(own, key=lambda told: int(told.get("version") or 0)):
            version, run_id = str(one.get("version") or ""), str(one.get("run_id") or "")
            yield MlflowVersion(
                model=name,
                version=version,
                created=_count(one.get("creation_timestamp")),
                source=str(one.get("source") or ""),
                run_id=run_id,
                stage=str(one.get("current_stage") or ""),
                status=str(one.get("status") or ""),
                description=str(one.get("description") or ""),
                tags=_pairs(_listed(one, "tags")),
                aliases=tuple(
                    str(told.get("alias")) for told in aliases if str(told.get("version")) == version
                ),
                model_description=str(model.get("description") or ""),
                model_tags=_pairs(_listed(model, "tags")),
                run=server.run(run_id) if run_id else None,
            )


@dataclass(frozen=True, slots=True)
class _Server:
    address: str
    headers: Mapping[str, str]

    @classmethod
    def at(cls, url: str) -> _Server:
        """Return the server at *url*; a name and a password in it become a header, and are never written out."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInputError("that is no address of a server; write https://HOST or http://HOST:PORT")
        headers = {}
        if parts.username is not None:
            secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = "Basic " + b64encode(secret.encode()).decode()
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        place = host if parts.port is None else f"{host}:{parts.port}"
        return cls(urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", "")), headers)

    def pages(self, path: str, key: str, **asked: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        token = ""
        for _ in range(MAX_PAGES):
            told = self.get(path, {**asked, **({"page_token": token} if token else {})})
            found += _listed(told, key)
            token = str(told.get("next_page_token") or "")
            if not token:
                return found
        raise InvalidInputError(f"`{self.address}` goes on without end; is it an MLflow server?")

    def run(self, id: str) -> Run | None:
        told = self.get("runs/get", {"run_id": id}, absent=True).get("run")
        if not isinstance(told, Mapping):
            return None
        info, data = told.get("info"), told.get("data")
        if not isinstance(info, Mapping) or not isinstance(data, Mapping):
            return None
        return Run(
            id,
            str(info.get("status") or ""),
            _count(info.get("start_time")),
            _count(info.get("end_time")),
            _pairs(_listed(data, "params")),
            {str(one.get("key")): float(one.get("value") or 0.0) for one in _listed(data, "metrics")},
            _pairs(_listed(data, "tags")),
        )

    def get(self, path: str, asked: Mapping[str, str], *, absent: bool = False) -> Mapping[str, Any]:
        url = f"{self.address}/api/2.0/mlflow/{path}?{urlencode(asked)}"
        try:
            came = request(url, b"", self.headers, seconds=SECONDS, longest=MAX_ANSWER + 1, method="GET")
        except (HTTPException, OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or type(error).__name__
            raise UnavailableError(f"`{self.address}` did not answer: {said}; ask again later") from error
        if came.status in (401, 403):
            raise NotPermittedError(
                f"`{self.address}` wants to know who asks; write https://NAME:PASSWORD@HOST"
            )
        if came.status == 404 and absent:
            return {}
        if came.status != 200 or len(came.body) > MAX_ANSWER:
            raise InvalidInputError(
                f"`{self.address}` answered {came.status} to `{path}`; is it an MLflow server?"
            )
        try:
            told = json.loads(came.body)
        except ValueError:
            told = None
        if not isinstance(told, Mapping):
            raise InvalidInputError(f"`{self.address}` does not answer in JSON; is it an MLflow server?")
        return told


def _name(told: Mapping[str, Any]) -> str:
    return str(told.get("name") or "")


def _listed(told: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = told.get(key) or []
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _pairs(listed: list[Mapping[str, Any]]) -> dict[str, str]:
    return {str(one.get("key")): str(one.get("value") or "") for one in listed}


def _count(value: object) -> int | None:
    return int(str(value)) if str(value).lstrip("-").isdigit() else None
