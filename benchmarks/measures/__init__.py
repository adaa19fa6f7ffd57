"""The measures of the benchmark, one part a file."""
