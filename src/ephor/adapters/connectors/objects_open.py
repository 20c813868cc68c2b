"""Which store of objects a URL names: a protocol of fsspec, a place, patterns, and never a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus

from ephor.adapters.connectors.files import FileStore
from ephor.adapters.connectors.layout import read_layout
from ephor.adapters.connectors.objects import Objects, reason
from ephor.adapters.connectors.trees import Tree
from ephor.kernel.errors import InvalidInputError, UnavailableError
from ephor.settings import read_named

NEEDS: Mapping[str, str] = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "adl": "adlfs",
    "oci": "ocifs",
    "oss": "ossfs",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "smb": "smbprotocol",
    "hdfs": "pyarrow",
    "memory": "fsspec",
}
"""What is installed for a protocol, besides fsspec itself."""
_REFUSED: Mapping[str, str] = {
    "http": "pages are no list of what is there",
    "https": "pages are no list of what is there",
    "ftp": "it sends passwords and records for all to read",
    "data": "it holds nothing",
    "generic": "it is no store of its own",
    "dir": "name the place in the URL of the store that it lies in",
    "simplecache": "it keeps copies on this machine of what is erased",
    "filecache": "it keeps copies on this machine of what is erased",
    "blockcache": "it keeps copies on this machine of what is erased",
    "cached": "it keeps copies on this machine of what is erased",
}
_SECRETS = frozenset(
    {
        "key", "secret", "token", "password", "passwd", "access_key", "secret_key", "access_key_id", "secret_access_key", "account_key",
        "sas_token", "connection_string", "client_secret", "client_kwargs", "session_token", "credential", "credentials", "api_key",
    }
)  # fmt: skip
_PASSWORD = re.compile(r"://[^/@]*:(?!\d+(?:/|$)).*@", re.DOTALL)
"""A name, a colon that no port follows, and a sign before the host: what is between may hold slashes."""


def knows(scheme: str) -> bool:
    """Tell whether fsspec has such a protocol, or would have."""
    if scheme in NEEDS:
        return True
    try:
        from fsspec.registry import known_implementations, registry  # noqa: PLC0415 - an extra
    except ImportError:
        return False
    return scheme in known_implementations or scheme in registry


def connect_objects(url: str) -> FileStore:
    """Return the objects at *url*, ``s3://BUCKET/PREFIX?notes=notes/{customer_id}/*.md``.

    ``_options=NAME`` is the environment variable that holds options of the file system as a JSON object;
    ``_versions=keep`` leaves the older versions of what is changed.

    Raises:
        InvalidInputError: not such a URL, one with a secret in it, or a pattern that leads out.
        NotFoundError: nothing lies there.
        UnavailableError: `fsspec` or the protocol's package is not installed, or the store does not answer.
    """
    place, _, query = url.partition("?")
    own, patterns = read_own(query)
    layout = read_layout(patterns)
    return FileStore(open_tree(place, own), layout)


def open_tree(place: str, own: Mapping[str, str]) -> Tree:
    """Return the objects at a URL without patterns. Raises as `connect_objects` does."""
    links = [unquote(link) for link in place.split("::")]
    protocols = [link.partition("://")[0].lower() for link in links]
    if any(_PASSWORD.search(link) for link in links):
        raise InvalidInputError(_secret("a password"))
    for protocol in protocols:
        if protocol in _REFUSED:
            raise InvalidInputError(
                f"`{protocol}`, given with --store or to `ephor dsr map`, cannot be a store: {_REFUSED[protocol]}"
            )
    if any("::" in link for link in links):
        raise InvalidInputError("the store's URL hides `::` in a part of it; write it as it is")
    fs, root = _file_system("::".join(links), protocols, _options(own.get("_options")))
    if protocols[0] in ("s3", "s3a"):
        from ephor.adapters.connectors.objects_s3 import S3Objects  # noqa: PLC0415 - only where it is S3

        return S3Objects(fs, root, place, keep_versions=own.get("_versions") == "keep")
    if protocols[0] in ("gs", "gcs"):
        from ephor.adapters.connectors.objects_gcs import GcsObjects  # noqa: PLC0415 - only where it is Google's

        return GcsObjects(fs, root, place)
    return Objects(fs, root, place)


def _file_system(place: str, protocols: list[str], options: Mapping[str, Any]) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UnavailableError(f"`{protocols[0]}` needs fsspec; install `ephor[objects]`") from error
    try:
        fs, root = url_to_fs(place, **{**options, "skip_instance_cache": True})
    except ImportError as error:
        needs = " and ".join(dict.fromkeys(NEEDS[one] for one in protocols if one in NEEDS)) or "a package"
        raise UnavailableError(
            f"`{protocols[0]}` needs {needs}, which is not installed; install it beside `ephor[objects]`"
        ) from error
    except FileNotFoundError as error:
        raise InvalidInputError(f"there is nothing at `{place}`; check its parts") from error
    except Exception as error:  # raised on, so not BLE001 - its own words may quote a key
        raise UnavailableError(
            f"the store `{place}` cannot be opened ({reason(error)}); check its URL, and the credentials that the environment gives"
        ) from error
    if hasattr(fs, "dircache"):
        fs.dircache.use_listings_cache = False
    return fs, str(root)


def read_own(query: str) -> tuple[Mapping[str, str], str]:
    """Return what a query says of the store itself, and its patterns.

    Raises:
        InvalidInputError: a secret, or a word that means nothing.
    """
    own: dict[str, str] = {}
    rest = []
    for piece in query.split("&") if query else ():
        name, _, value = piece.partition("=")
        if unquote_plus(name).lower() in _SECRETS:
            raise InvalidInputError(_secret(f"`{unquote_plus(name).lower()}`"))
        if name in ("_options", "_versions"):
            if name in own:
                raise InvalidInputError(f"the store's URL has `{name}` twice; keep one")
            own[name] = unquote_plus(value)
        else:
            rest.append(piece)
    if own.get("_versions", "erase") not in ("erase", "keep"):
        raise InvalidInputError("`_versions` is `erase` or `keep`")
    return own, "&".join(rest)


def _options(name: str | None) -> Mapping[str, Any]:
    """Return the file system's options that an environment variable holds. Its content is in no message."""
    if name is None:
        return {}
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", name):
        raise InvalidInputError("`_options` names an environment variable, such as `_options=LAKE_OPTIONS`")
    text = read_named(name)
    if text is None:
        raise InvalidInputError(f"there is no environment variable `{name}` with the store's options; set it")
    try:
        options = json.loads(text)
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise InvalidInputError(f"the environment variable `{name}` holds no JSON object")
    return options


def _secret(what: str) -> str:
    return (
        f"{what} stands in the store's URL; leave it out: credentials come from where the cloud's own library looks for them, "
        "or from an environment variable that `_options=NAME` names"
    )
