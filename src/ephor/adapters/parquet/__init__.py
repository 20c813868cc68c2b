"""The ledger as a Parquet archive: for keeping long, and for asking with DuckDB or pandas."""
