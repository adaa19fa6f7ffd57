"""The register: every decision kept in a database, so that it can be proved, reviewed and replayed.

A process imports its modules, `settings` and `errors` excepted, only if a register is configured.
"""
