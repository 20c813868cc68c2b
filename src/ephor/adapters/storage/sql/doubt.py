"""A commit whose answer is an error: whether it happened all the same is looked up before anybody is told."""

from __future__ import annotations

from collections.abc import Callable

from ephor.adapters.keys.kept import KeptHeads
from ephor.adapters.storage.growth import Growth
from ephor.adapters.storage.sql.faults import is_database_error, translate
from ephor.adapters.storage.sql.rows import SqliteRows
from ephor.kernel.errors import EphorError, UnavailableError


def settled(
    where: str, connect: Callable[[], SqliteRows], heads: KeptHeads, growth: Growth, error: Exception
) -> bool:
    """Return whether *growth* was committed although its commit failed with *error*: its entries are there, or never will be.

    The log's lock is taken for the look: whoever holds it may be the transaction that is still being committed. So nothing
    that somebody with that lock may wait for can be held meanwhile. What is there has its head kept.

    Raises:
        UnavailableError: nobody can be asked.
    """
    if not growth.entries or not is_database_error(error):
        return False
    try:
        rows = connect()
        try:
            rows.enter()
            found = rows.entries(growth.first, growth.first + len(growth.entries))
            happened = [bytes(entry) for entry in found] == list(growth.entries)
            if happened:
                heads.catch_up(growth.head.note, rows.log)
            rows.run("rollback")
        finally:
            rows.connection.close()
    except Exception as lost:
        if not isinstance(lost, EphorError) and not is_database_error(lost):
            raise
        known = translate(error, where)
        raise UnavailableError(
            f"`{where}` was lost in the middle of a commit and cannot be asked now: it is not known whether the entries were "
            "recorded; look before you try again",
            database=str(known.facts.get("database", known)),
        ) from error
    return happened
