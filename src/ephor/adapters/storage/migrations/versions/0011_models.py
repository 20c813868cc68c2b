"""Baselines, observations and bias tests of models."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, columns in (("model_baselines", ()), ("model_observations", ("model",)), ("model_bias_tests", ("model",))):
        op.create_table(
            name,
            sa.Column("id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
            *(sa.Column(column, sa.Text(), nullable=True) for column in columns),
            sa.Column("body", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
        for column in columns:
            op.create_index(op.f(f"ix_{name}_{column}"), name, [column], unique=False)
