"""The tool catalogue, limits and what was used of them, rules about sequences, sessions, and authorities to replay by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("tools", "limits", "sequence_rules", "limit_usage", "sessions", "authorities"):
        searched = [sa.Column("limit", sa.Text(), nullable=True)] if name == "limit_usage" else []
        op.create_table(
            name,
            sa.Column("id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
            *searched,
            sa.Column("body", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
    op.create_index(op.f("ix_limit_usage_limit"), "limit_usage", ["limit"], unique=False)
