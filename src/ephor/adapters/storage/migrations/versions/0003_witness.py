"""Witnesses, and what they cosigned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "ledger_cosigned",
        sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        comment="Checkpoints with the cosignatures of witnesses; no entry tells of them, it would itself be unwitnessed.",
    )
    op.create_table(
        "witnesses",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
