"""The file of SQLite, its place, the lock beside it, and what becomes of it while it is open."""
