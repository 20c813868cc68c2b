"""Stored logs judged by the offline verifier, as it would judge an export of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ephor.engine.anchors import find
from ephor.engine.ports import MAIN, Ledger, LogName, World
from ephor.engine.published import Published, publish
from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger.note import VerifierKey, parse_key

if TYPE_CHECKING:
    from ephor.verifier import Report


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Whose cosignatures count, and how many of them it takes; all unless stated."""

    keys: tuple[str, ...] = ()
    quorum: int | None = None


NOBODY = Witnesses()


def judge_plane(
    world: World, key: str | None, earlier: bytes | None, witnesses: Witnesses = NOBODY
) -> tuple[Report, Sequence[Report]]:
    """Return what the log that *key* is for amounts to, the main one unless stated, and what the plane's other logs do.

    All logs of a plane are signed with one key, each under its own origin: who trusts *key* for one trusts it for all.

    Raises:
        InvalidInputError: a key is no verifier key, or the quorum cannot be met.
    """
    names = world.storage.logs.names()
    name = log_meant(names, key)
    report = judge(world, name, key, earlier, witnesses)
    others = [
        judge(world, one, None if key is None else under(key, one.origin), None, NOBODY)
        for one in names
        if one.number != name.number
    ]
    return report, others


def judge(
    world: World, name: LogName, key: str | None, earlier: bytes | None, witnesses: Witnesses = NOBODY
) -> Report:
    """Return what one stored log amounts to: every entry, every tile, the signed head.

    Without *key* the one the database names is used: that finds damage, and proves nothing against whoever can
    write to the database. The head kept beside the keys is always held against it, *earlier* as well where given. A
    stream is held against its anchors in the main log; a log that a later epoch ended is judged by what is left of it.

    Raises:
        InvalidInputError: a key is no verifier key, or the quorum cannot be met.
        VerificationError: the stored head names no key, and none was given.
    """
    from ephor import verifier  # noqa: PLC0415 - so that `python -m ephor.verifier` finds it not yet loaded

    log = world.storage.logs.of(name.number)
    kept = None if name.ended else log.kept()  # before the head, which may grow meanwhile
    files = publish(world.storage.logs, name.number)
    main = None if name.stream == MAIN else _main(world)
    try:
        report = verifier.judge(
            files,
            key or _key_of(files),
            [one for one in (earlier, kept, *files.before) if one is not None],
            witnesses=witnesses.keys,
            quorum=witnesses.quorum,
            anchors=main,
            anchors_key=None if main is None or key is None else under(key, main.head.origin),
        )
    except verifier.UsageError as error:
        raise InvalidInputError(str(error)) from error
    return _with_rows_beyond(_with_damaged(report, files.damaged), log)


def _key_of(files: Published) -> str:
    """Return the key that a stored head names. Raises VerificationError where it names none."""
    try:
        return str(parse_key(files.head.key))
    except InvalidInputError:
        raise VerificationError(
            f"the stored head names no key (`{files.head.key[:80]}`): its row was changed; give the log's key with --key, and run "
            "`ephor ledger fsck`"
        ) from None


def _main(world: World) -> Published:
    return publish(world.storage.logs, find(world.storage.logs.names(), MAIN).number)


def log_meant(names: Sequence[LogName], key: str | None) -> LogName:
    """Return the log that a verifier key names; the main one where it names none of this plane."""
    origin = None if key is None else key.partition("+")[0]
    named = [one for one in names if one.origin == origin]
    return named[0] if named else find(names, MAIN) if names else LogName(0, MAIN, 1, "")


def under(key: str, origin: str) -> str:
    """Return the same public key as the verifier key of another log."""
    public = parse_key(key).public_key
    try:
        return str(VerifierKey(origin, public))
    except InvalidInputError:
        raise VerificationError(
            f"a stored head is of `{origin[:80]}`, which is no log's name: it was changed, or is gone; run `ephor ledger fsck`"
        ) from None


def _with_damaged(report: Report, damaged: int) -> Report:
    from ephor import verifier  # noqa: PLC0415

    if not damaged:
        return report
    problem = f"{damaged} of the cosigned checkpoints that are kept are none"
    finding = verifier.Finding(
        None, None, problem, "their rows were damaged; what witnesses signed there is lost"
    )
    return replace(report, verdict=verifier.INVALID, findings=(*report.findings, finding))


def _with_rows_beyond(report: Report, log: Ledger) -> Report:
    from ephor import verifier  # noqa: PLC0415

    extra = log.beyond()
    if not extra:
        return report
    finding = verifier.Finding(
        report.size,
        None,
        f"{extra} rows lie beyond the signed head",
        "somebody put them into the database; nothing vouches for them, and nothing can be recorded over them",
    )
    return replace(report, verdict=verifier.INVALID, findings=(*report.findings, finding))
