"""Several logs in one plane; the hashes of the unfinished tile in rows of their own, so that a commit writes only what is new."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PLACE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "ledger_logs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("ended", sa.Integer, nullable=False),
        comment="Every log: 0 is the first. The rows of a log lie at idx = number << 40 | position.",
    )
    op.create_table(
        "ledger_fresh",
        sa.Column("idx", _PLACE, primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        comment="Leaf hashes of the unfinished tile, from this place on: one row a commit, gone when the tile is full.",
    )
    op.execute("insert into ledger_logs (number, stream, epoch, ended) select 0, 'main', 1, 0 from ledger_head")
    op.execute(
        "insert into ledger_fresh (idx, hashes) select size - size % 256, partial from ledger_head where size % 256 > 0"
    )
    op.drop_column("ledger_head", "partial")
    if op.get_bind().dialect.name == "postgresql":
        op.create_table_comment(
            "ledger_head",
            "One row a log, its number plus 1: the signed head, written in the transaction of the entries it is over.",
        )
