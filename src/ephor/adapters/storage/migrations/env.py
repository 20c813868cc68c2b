"""Alembic runs this. The caller hands over an open connection with a transaction on it."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
context.run_migrations()
