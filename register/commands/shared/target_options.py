"""Options that name decisions: by client, by reference, or by id."""

import argparse
from uuid import UUID

from register.retention.targets import Target
from register.store import Store


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add the options, of which one is required."""
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--client", metavar="ID", help="all decisions of this client")
    group.add_argument("--decision", metavar="ID", type=UUID, help="this decision")
    group.add_argument(
        "--reference", metavar="TEXT", help="all decisions with this number of the caller's"
    )


def target_of(options: argparse.Namespace, store: Store) -> Target:
    """The target that the options name."""
    if options.decision is not None:
        return Target.of_decision(options.decision)
    if options.client is not None:
        return Target.of_client(store, options.client)
    return Target.of_reference(store, options.reference)
