"""Scoring tables of any length, piece by piece, on this machine's cores or on a Dask cluster.

The arithmetic is that of `credit_scoring.bulk`; what is here reads, cuts, hands out, writes and
counts. The command's own process knows no model: it cuts tables into pieces, keeps a bounded number
of them with workers, and adds up what they report. Each module imports only modules above it:

    job         what workers are told, and what is wrong with a run
    rows        values of a piece of a table, its bad rows apart
    columns     which columns of a table are which features
    csv_cut     a CSV file to pieces that end where rows do
    csv_rows    a piece of a CSV file to values
    parquet     a Parquet file to pieces, and a piece to values
    tables      files to pieces
    counts      what is counted of a part, and added up over all
    parts       one part on the disk: written aside, renamed, and its record
    folder      the folder of parts: whose it is, and what is there already
    model       the model as a worker has it: loaded and checked once
    work        what a worker does with a piece
    duplicates  ids that come twice, found in bounded memory
    quiet       Dask's loggers, and Ctrl-C in a local worker
    cluster     workers here or elsewhere, and pieces in flight
    progress    how far it is
    run         all pieces to parts, whatever happens on the way
    summary     what came out, in figures
    pictures    charts of it
    report      what came out, on a page
"""
