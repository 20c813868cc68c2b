"""Tables that leave the plane as workbooks and Parquet files."""
