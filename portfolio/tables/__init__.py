"""CSV and Parquet files: cut into chunks by the command, read into rows by workers."""
