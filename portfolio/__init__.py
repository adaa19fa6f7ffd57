"""`python -m portfolio`: scores of tables of any length, on this machine or on a Dask cluster.

The process of the command loads no model. It cuts the files of a table into chunks (`tables`),
keeps a bounded number of them with workers (`cluster`), which read and score each one and write a
part file (`worker`, `output`), and adds up their counts (`report`).
"""
