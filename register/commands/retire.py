"""`python -m register retire`: deletes decisions of months that need not be kept any longer."""

import argparse
import sys

from register.commands.shared.open_store import CALLER, open_store
from register.database.opening import register_database
from register.errors import UnusableRegister
from register.retention.empty_partitions import drop_empty_partitions
from register.retention.idempotency_keys import KEPT, count_old_keys, prune_keys
from register.retention.retirement import (
    Retirement,
    count_retirement,
    retire,
    retirement_time,
)
from register.settings import RegisterSettings
from register.store import Store

HELP = "delete decisions of whole months that are older than REGISTER_KEEP_MONTHS, and old keys"

NAMES = {
    "decision": "decisions",
    "evidence": "with data",
    "review_request": "review requests",
    "review": "reviews",
    "note": "notes",
    "outcome": "outcomes",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
    parser.add_argument(
        "--keys",
        action="store_true",
        help=f"delete no decisions, only Idempotency-Keys older than {KEPT.days} days",
    )


def run(options: argparse.Namespace, settings: RegisterSettings) -> int:
    """Retire; gives the exit code."""
    months = settings.register_keep_months
    if months is None and not options.keys:
        raise UnusableRegister("REGISTER_KEEP_MONTHS is not set: no decision is deleted without it")
    database = register_database(settings)
    now = Store.now()
    try:
        database.check()  # before the first deletion
        if options.dry_run:
            keys, verb = count_old_keys(database, now), "would be deleted"
        else:
            keys, verb = prune_keys(database, now), "are deleted"
        sys.stdout.write(f"{keys} Idempotency-Keys {verb}\n")
        if months is None or options.keys:
            return 0
        before = retirement_time(now, months)
        if options.dry_run:
            report(count_retirement(database, before), verb)
            return 0
        with open_store(settings) as store:
            report(retire(store, CALLER, before), verb)
        for partition in drop_empty_partitions(database, before):
            sys.stdout.write(f"partition dropped: {partition}\n")
    finally:
        database.close()
    return 0


def report(done: Retirement, verb: str) -> None:
    """Write the numbers of a retirement."""
    numbers = ", ".join(f"{done.rows.get(table, 0)} {name}" for table, name in NAMES.items())
    sys.stdout.write(f"before {done.before:%Y-%m-%d}: {numbers} {verb}\n")
    if done.held:
        sys.stdout.write(f"{done.held} decisions stay under a legal hold\n")
