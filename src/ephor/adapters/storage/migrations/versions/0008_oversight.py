"""Oversight at run time: rules for approving calls, notices, and what an approval for a tool is bound to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("call_approvals", sa.Column("scope", sa.Text(), nullable=True))
    op.create_index(op.f("ix_call_approvals_scope"), "call_approvals", ["scope"], unique=False)
    _shelf("approval_rules")
    _shelf("notice_channels")
    _shelf("notices", "status", "approval")


def _shelf(name: str, *columns: str) -> None:
    op.create_table(
        name,
        sa.Column("id", _ID, primary_key=True),
        *[sa.Column(column, sa.Text(), nullable=True) for column in columns],
        sa.Column("body", sa.Text(), nullable=False),
    )
    for column in columns:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column], unique=False)
