"""Alembic's entry: it applies migrations to the connection of `register.commands.migrate`."""

from alembic import context

from register.tables.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # the caller's transaction, on SQLite too
)
context.run_migrations()
