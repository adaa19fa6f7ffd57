"""The output folder: part files, their records, and the files of the whole run."""
