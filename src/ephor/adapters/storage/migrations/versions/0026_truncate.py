"""PostgreSQL: emptying a table of the ledger is refused, as changing and deleting its rows is."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

GUARDED = ("ledger_entries", "ledger_tiles")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return  # has no such statement; a delete of all rows is a delete
    for table in GUARDED:
        op.execute(
            f"create trigger {table}_no_truncate before truncate on {table} "
            "for each statement execute function ephor_refuse()"
        )
