"""Search by time and by words: what is searched is derived from the entries, so it is made anew and filled when it is asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PLACE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_FIELDS = ("kind", "actor", "resource", "subject", "tool", "decision", "session")


def upgrade() -> None:
    op.drop_table("ledger_projection")
    op.create_table(
        "ledger_projection",
        sa.Column("idx", _PLACE, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        *[sa.Column(name, sa.Text) for name in _FIELDS],
        comment="For searching only; derived from the entries, may be dropped and rebuilt.",
    )
    for name in ("id", "at", *_FIELDS):
        op.create_index(op.f(f"ix_ledger_projection_{name}"), "ledger_projection", [name], unique=False)
    op.create_table(
        "ledger_words",
        sa.Column("idx", _PLACE, primary_key=True, autoincrement=False),
        sa.Column("words", sa.Text().with_variant(TSVECTOR, "postgresql"), nullable=False),
        comment="For searching only: the words of each entry; what finds them (FTS5, GIN) is made when it is first asked.",
    )
