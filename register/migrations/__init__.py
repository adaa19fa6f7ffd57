"""Changes of the tables from release to release; Alembic applies them."""
