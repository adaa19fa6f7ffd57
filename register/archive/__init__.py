"""The archive: the files and versions of each bundle that scored, with which it is loaded again."""
