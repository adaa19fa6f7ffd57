"""Scores of tables of any length, chunk by chunk, on this machine's cores or on a Dask cluster.

The arithmetic is that of `credit_scoring.decisions.batch_scoring`. The command's own process knows
no model: it cuts tables into chunks, keeps a bounded number of them with workers, and adds up what
they report.
"""
