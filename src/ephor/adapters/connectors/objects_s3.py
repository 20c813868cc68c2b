"""Objects of S3 and of what speaks like it: listed page by page, replaced on condition, and erased with their older versions."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import IO, Any
from urllib.parse import urlencode

from ephor.adapters.connectors.objects import BLOCK, MEANWHILE, Objects, being_written, check_name, reason
from ephor.adapters.connectors.trees import PART, Mark
from ephor.kernel.errors import InvalidInputError, UnavailableError

_AT_ONCE = 64 * 1024 * 1024
"""Bytes that are sent in one piece; what is larger goes in pieces of that size and is put together in the end."""
_PIECES = 10_000
_KEPT = (
    "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires", "Metadata", "StorageClass",
    "WebsiteRedirectLocation", "ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled",
)  # fmt: skip
"""What an object has beside its bytes and keeps when they change."""
_EMPTY = frozenset({"InvalidRange", "416"})
_UNKNOWN = frozenset({"NotImplemented", "MethodNotAllowed", "501", "405"})


class S3Objects(Objects):
    """Objects below a prefix of one bucket. Every request is one of S3's own, so each says which version it is about."""

    def __init__(self, fs: Any, root: str, shown: str, *, keep_versions: bool) -> None:
        self._bucket, prefix, _ = fs.split_path(root)
        if not self._bucket:
            raise InvalidInputError("the store's URL names no bucket; write `s3://BUCKET/PREFIX`")
        self._prefix = f"{prefix.rstrip('/')}/" if prefix else ""
        self._keep_versions = keep_versions
        self._sync: Callable[..., Any] = import_module("fsspec.asyn").sync
        super().__init__(fs, root, shown)

    def look(self, path: str) -> Mark | None:
        head = self._head(path)
        return None if head is None else _mark(head)

    @contextmanager
    def opened(self, path: str) -> Iterator[IO[bytes]]:
        self._full(path)
        blocks = _Blocks(path, lambda start, state: self._fetch(path, start, state))
        with io.BufferedReader(blocks) as read:
            yield read

    def remove(self, path: str, seen: Mark) -> None:
        head = self._seen(path, seen)
        self._note(path, head)
        if self._prefix and all(one == path for one in self.paths()):  # or the place would be gone with it
            self._call("write", path, "put_object", Key=self._prefix, Body=b"")
        self._on_condition("remove", path, "delete_object", Key=self._key(path), IfMatch=head["ETag"])
        self._erase_older(path, head)

    def tidy(self, path: str) -> None:
        """Remove objects that stand for folders where nothing else lies in them."""
        folder = path.rpartition("/")[0]
        while folder:
            marker = f"{self._prefix}{folder}/"
            found = self._some(marker)
            if found and found != [marker]:
                return
            if found and (self._keep_versions or self._purge(marker, all_of_it=True)):
                self._call("remove", folder, "delete_object", Key=marker)
            folder = folder.rpartition("/")[0]

    def scrub(self) -> str:
        left, why = 0, ""
        for path in [one for one in self._all() if one.endswith(PART) and _noted(one) is not None]:
            if refused := self._purge(self._key(str(_noted(path)))):
                left, why = left + 1, refused
            else:
                self._forget(path)
        done = f"{self._protocol}: written anew or removed, each object as a whole"
        if left:
            return f"{done}; {left} of them have older versions that the store refused to erase ({why}), which remain, as replicas and backups do"
        return f"{done}; {self._told_of_versions()}; replicas and backups are not touched"

    def close(self) -> None:
        creator = getattr(self._fs, "_s3creator", None)
        if creator is not None:
            with suppress(Exception):
                self._fs.close_session(self._fs.loop, creator)

    def _told_of_versions(self) -> str:
        try:
            status = self._call("look at", "/", "get_bucket_versioning").get("Status")
        except (UnavailableError, FileNotFoundError) as error:
            return f"whether the bucket keeps older versions could not be asked ({reason(error.__cause__ or error)})"
        if not status:
            return "the bucket keeps no versions"
        if self._keep_versions:
            return "their older versions remain, as `_versions=keep` says"
        return "their older versions with them; versions of what did not change were not looked into"

    def _find_root(self) -> None:
        try:
            found = self._call("list", self._prefix or "/", "list_objects_v2", Prefix=self._prefix, MaxKeys=1)
        except FileNotFoundError:
            raise self._nothing() from None
        if self._prefix and not found.get("Contents"):
            raise self._nothing()

    def _all(self) -> Iterator[str]:
        for page in self._pages("list_objects_v2", Prefix=self._prefix):
            for one in page.get("Contents", ()):
                path = str(one["Key"]).removeprefix(self._prefix)
                if path.endswith("/") or not path:
                    if one["Size"]:
                        raise InvalidInputError(
                            f"the store holds an object named `{path[:80]}` like a folder, with {one['Size']} bytes in it; rename it"
                        )
                    continue
                if path.startswith("/"):
                    raise InvalidInputError(
                        f"the store holds an object named `{path[:80]}` behind a double slash; rename it"
                    )
                check_name(path)
                yield path

    def _fetch(self, path: str, start: int, state: str) -> tuple[bytes, int, str]:
        """Return a block of an object, the object's size, and the state it is in; only of that *state*, if one is named."""
        asked = {"Key": self._key(path), "Range": f"bytes={start}-{start + BLOCK - 1}"}
        try:
            told = self._call("read", path, "get_object", **asked, **({"IfMatch": state} if state else {}))
        except FileNotFoundError:
            raise UnavailableError(f"`{path}` is gone since it was listed; try again") from None
        except UnavailableError as error:
            why = reason(error.__cause__)
            if why in MEANWHILE:
                raise UnavailableError(f"`{path}` changed while it was read; try again") from None
            head = self._head(path) if why in _EMPTY and not start else None
            if head is None or head["ContentLength"]:
                raise
            return b"", 0, str(head["ETag"])
        size = int(str(told.get("ContentRange", told["ContentLength"])).rpartition("/")[2])
        if told["ContentLength"] > BLOCK or (start and "ContentRange" not in told):
            raise UnavailableError(
                f"the store sends all of `{path}` where a part was asked for; it cannot be read"
            )
        data: bytes = self._ask("read", path, self._sync, self._fs.loop, told["Body"].read)
        return data, size, str(told["ETag"])

    def _put(self, path: str, spool: IO[bytes], size: int, seen: Mark) -> None:
        head = self._seen(path, seen)
        self._note(path, head)
        given = {name: head[name] for name in _KEPT if head.get(name) not in (None, "", {})}
        if tags := self._tags(path):
            given["Tagging"] = urlencode(tags)
        spool.seek(0)
        if size <= _AT_ONCE:
            self._on_condition(
                "write",
                path,
                "put_object",
                Key=self._key(path),
                Body=spool.read(),
                IfMatch=head["ETag"],
                **given,
            )
        else:
            self._put_in_pieces(path, spool, size, head["ETag"], given)
        self._erase_older(path, head)

    def _put_in_pieces(
        self, path: str, spool: IO[bytes], size: int, state: str, given: Mapping[str, Any]
    ) -> None:
        """Send a large object in pieces; it takes the old one's place when they are put together, and not before."""
        key, most = self._key(path), max(_AT_ONCE, -(-size // _PIECES))
        id = self._call("write", path, "create_multipart_upload", Key=key, **given)["UploadId"]
        try:
            parts: list[dict[str, Any]] = []
            while piece := spool.read(most):
                number = len(parts) + 1
                sent = self._call(
                    "write", path, "upload_part", Key=key, UploadId=id, PartNumber=number, Body=piece
                )
                parts.append({"ETag": sent["ETag"], "PartNumber": number})
            self._on_condition(
                "write", path, "complete_multipart_upload",
                Key=key, UploadId=id, MultipartUpload={"Parts": parts}, IfMatch=state,
            )  # fmt: skip
        except BaseException:
            with suppress(Exception):
                self._call("stop writing", path, "abort_multipart_upload", Key=key, UploadId=id)
            raise

    def _tags(self, path: str) -> list[tuple[str, str]]:
        try:
            told = self._call("read the tags of", path, "get_object_tagging", Key=self._key(path))
        except UnavailableError as error:
            if reason(error.__cause__) in _UNKNOWN:
                return []  # a store without tags
            raise
        return [(one["Key"], one["Value"]) for one in told.get("TagSet", ())]

    def _head(self, path: str) -> Any:
        self._full(path)
        try:
            return self._call("look at", path, "head_object", Key=self._key(path))
        except FileNotFoundError:
            return None

    def _seen(self, path: str, seen: Mark) -> Any:
        """Return what the store says of an object that is still in the state that was seen."""
        head = self._head(path)
        if head is None or _mark(head) != seen:
            raise being_written(path)
        return head

    def _note(self, path: str, head: Mapping[str, Any]) -> None:
        """Note beside an object that its older versions are to be erased: a run that stops here must come back to it."""
        if head.get("VersionId") and not self._keep_versions:
            self._call("write", path, "put_object", Key=self._key(_note_of(path)), Body=b"")

    def _erase_older(self, path: str, head: Mapping[str, Any]) -> None:
        if head.get("VersionId") and not self._keep_versions and not self._purge(self._key(path)):
            self._forget(_note_of(path))

    def _forget(self, note: str) -> None:
        self._purge(self._key(note), all_of_it=True)

    def _purge(self, key: str, *, all_of_it: bool = False) -> str:
        """Erase every version of an object but the one that is there now, or that as well.

        Return why the store refuses to, if it does.
        """
        try:
            versions = list(self._versions(key))
            there = [] if all_of_it else [one for one in versions if one["IsLatest"] and not one["Deleted"]]
            # The latest goes last, or an older one would be there again, and what says that it was deleted behind it.
            for one in sorted(versions, key=lambda one: (one["IsLatest"], one["Deleted"])):
                if one not in there:
                    self._call("erase", key, "delete_object", Key=key, VersionId=one["VersionId"])
        except UnavailableError as error:
            if isinstance(error.__cause__, PermissionError) or reason(error.__cause__) in _UNKNOWN:
                return reason(error.__cause__)
            raise
        return ""

    def _versions(self, key: str) -> Iterator[dict[str, Any]]:
        for page in self._pages("list_object_versions", Prefix=key):
            for kind, deleted in (("Versions", False), ("DeleteMarkers", True)):
                for one in page.get(kind, ()):
                    if one["Key"] == key:
                        yield {
                            "VersionId": one["VersionId"],
                            "IsLatest": one["IsLatest"],
                            "Deleted": deleted,
                        }
            if page.get("NextKeyMarker", key) != key:
                return

    def _some(self, prefix: str) -> list[str]:
        """Return the first two keys that begin with *prefix*."""
        page = next(self._pages("list_objects_v2", Prefix=prefix, MaxKeys=2))
        return [str(one["Key"]) for one in page.get("Contents", ())]

    def _pages(self, method: str, **asked: Any) -> Iterator[Any]:
        more: dict[str, Any] = {}
        while True:
            try:
                page = self._call("list", asked["Prefix"] or "/", method, **asked, **more)
            except FileNotFoundError:
                raise UnavailableError(f"the bucket `{self._bucket}` is gone; try again") from None
            yield page
            if not page.get("IsTruncated"):
                return
            before = more
            if method == "list_objects_v2":
                more = {"ContinuationToken": page.get("NextContinuationToken")}
            else:
                more = {
                    "KeyMarker": page.get("NextKeyMarker"),
                    "VersionIdMarker": page.get("NextVersionIdMarker"),
                }
            if more == before or None in more.values():
                raise UnavailableError(
                    "the store says that its list goes on, and not where; it cannot be relied on"
                )

    def _key(self, path: str) -> str:
        return f"{self._prefix}{path}"

    def _on_condition(self, what: str, path: str, method: str, **given: Any) -> Any:
        """Ask for something that is to be done only if the object is as it was; a store that knows no conditions was asked just now."""
        try:
            return self._call(what, path, method, **given)
        except FileNotFoundError:
            raise being_written(path) from None
        except UnavailableError as error:
            if reason(error.__cause__) in MEANWHILE:
                raise being_written(path) from None
            if reason(error.__cause__) not in _UNKNOWN:
                raise
        del given["IfMatch"]
        return self._call(what, path, method, **given)

    def _call(self, what: str, path: str, method: str, **given: Any) -> Any:
        return self._ask(what, path, self._fs.call_s3, method, Bucket=self._bucket, **given)


class _Blocks(io.RawIOBase):
    """An object, a block of it at a time; every block is of the state that the first one was of."""

    def __init__(self, path: str, fetch: Callable[[int, str], tuple[bytes, int, str]]) -> None:
        self._path, self._fetch = path, fetch
        self._at = self._start = 0
        self._block, self._size, self._state = fetch(0, "")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        if not self._start <= self._at < self._start + len(self._block):
            self._start = self._at
            self._block, self._size, self._state = self._fetch(self._at, self._state)
        first = self._at - self._start
        piece = self._block[first : first + len(buffer)]
        if not piece:
            raise UnavailableError(f"`{self._path}` ended after {self._at} of {self._size} bytes; try again")
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def tell(self) -> int:
        return self._at


def _mark(head: Mapping[str, Any]) -> Mark:
    return tuple(
        (name, str(head.get(name))) for name in ("ETag", "VersionId", "LastModified", "ContentLength")
    )


def _note_of(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.{name}{PART}"


def _noted(note: str) -> str | None:
    """Return the path that a note is about; what somebody else called alike is none.

    >>> _noted("a/.b.csv.ephor-part"), _noted(_note_of("b.csv")), _noted("b.csv.ephor-part")
    ('a/b.csv', 'b.csv', None)
    """
    folder, slash, name = note.rpartition("/")
    return f"{folder}{slash}{name.removesuffix(PART)[1:]}" if name.startswith(".") else None
