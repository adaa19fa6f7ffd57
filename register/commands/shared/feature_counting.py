"""The option that names who counts the values of features."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from register.monitoring.features.feature_counts import FeatureCounter, in_this_process
from register.monitoring.features.record_bins import count_chunk


def add_scheduler(parser: argparse.ArgumentParser) -> None:
    """Add the option `--scheduler`."""
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster that counts the features' values"
    )


@contextmanager
def counter_at(scheduler: str | None) -> Iterator[FeatureCounter]:
    """The counter of features' values, during the block.

    Args:
        scheduler: address of a cluster's scheduler; None to count in this process.

    Raises:
        RunError: the cluster does not answer.
    """
    if scheduler is None:
        yield in_this_process
        return
    from portfolio.cluster import workers_at  # Dask takes a second

    with workers_at(scheduler) as workers:
        yield lambda chunks: workers.results(count_chunk, chunks)
