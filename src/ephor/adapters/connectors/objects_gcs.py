"""Objects of Google Cloud Storage: the new one is sent beside the old one, and the store puts it in its place on condition."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from ephor.adapters.connectors.objects import MEANWHILE, Objects, being_written, reason
from ephor.adapters.connectors.trees import PART, Mark
from ephor.kernel.errors import UnavailableError

_FIXED = {
    "cache_control": "cacheControl",
    "content_disposition": "contentDisposition",
    "content_encoding": "contentEncoding",
    "content_language": "contentLanguage",
}


class GcsObjects(Objects):
    """Objects below a prefix of one bucket. A generation is what Google calls the state of an object."""

    def remove(self, path: str, seen: Mark) -> None:
        told = self._check(path, seen)
        self._on_condition("remove", path, told, "DELETE", "b/{}/o/{}", *self._place(self._full(path)))

    def _put(self, path: str, spool: IO[bytes], size: int, seen: Mark) -> None:
        told, full = self._check(path, seen), self._full(path)
        part = f"{full.rpartition('/')[0]}/.{full.rpartition('/')[2]}{PART}"
        kept = {
            "content_type": told.get("contentType"),
            "metadata": told.get("metadata"),
            "fixed_key_metadata": {name: told[theirs] for name, theirs in _FIXED.items() if told.get(theirs)},
        }
        try:
            self._ask("write", path, self._fs.put_file, f"/proc/self/fd/{spool.fileno()}", part, **kept)
            self._check_size(part.removeprefix(f"{self._root}/"), size)
            way = ("POST", "b/{}/o/{}/rewriteTo/b/{}/o/{}", *self._place(part), *self._place(full))
            token = None
            while True:
                done = self._on_condition("write", path, told, *way, rewriteToken=token, json_out=True)
                if done["done"]:
                    break
                token = done["rewriteToken"]
        finally:
            with suppress(Exception):
                self._fs.rm_file(part)

    def _on_condition(self, what: str, path: str, told: Mapping[str, Any], *way: str, **given: Any) -> Any:
        try:
            return self._ask(what, path, self._fs.call, *way, ifGenerationMatch=told["generation"], **given)
        except FileNotFoundError:
            raise being_written(path) from None
        except UnavailableError as error:
            if reason(error.__cause__) in MEANWHILE:
                raise being_written(path) from None
            raise

    def _place(self, full: str) -> tuple[str, str]:
        bucket, key, _ = self._fs.split_path(full)
        return bucket, key
