"""The log and the metrics of any HTTP service."""
