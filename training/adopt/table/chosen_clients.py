"""The clients of a table that become the reference population, and the new clients."""

import numpy as np
from numpy.typing import NDArray

from training.adopt.problems import NotAdopted
from training.adopt.table.labelled_cells import FEWEST

REFERENCE_CLIENTS, NEW_CLIENTS = 2_000, 500
SEED = 42  # the same table gives the same clients

Rows = NDArray[np.int64]


def choose_clients(
    name: str, is_default: NDArray[np.bool_], reference: int | None, new: int | None
) -> tuple[Rows, Rows]:
    """Choose clients by chance; the reference population has the table's share of defaults.

    Args:
        name: of the table.
        is_default: true for clients in default, shape (clients,).
        reference: the number of reference clients; None for at most 2,000.
        new: the number of new clients; None for at most 500 and a fifth of the table.

    Returns:
        The rows of both, each in the table's order.

    Raises:
        NotAdopted: the table has too few clients.
    """
    clients = len(is_default)
    new = new or max(1, min(NEW_CLIENTS, clients // 5))
    reference = reference or max(0, min(REFERENCE_CLIENTS, clients - new))
    if reference + new > clients or reference < 2 * FEWEST:
        raise NotAdopted(
            [f"{name}: has {clients:,} clients, and {reference:,} reference clients and {new:,} new"
             f" ones are wanted, of the first at least {2 * FEWEST}: give smaller numbers as"
             " --reference-clients and --new-clients"]
        )  # fmt: skip
    order = np.random.default_rng(SEED).permutation(clients)
    bad, good = order[is_default[order]], order[~is_default[order]]
    most = min(len(bad), reference - FEWEST)
    count = int(np.clip(round(reference * len(bad) / clients), FEWEST, most))
    count = max(count, reference - len(good))
    chosen = np.sort(np.concatenate([bad[:count], good[: reference - count]]))
    rest = order[~np.isin(order, chosen)]
    return chosen, np.sort(rest[:new])
