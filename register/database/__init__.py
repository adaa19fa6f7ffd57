"""The two databases: SQLite in one file, and PostgreSQL."""
