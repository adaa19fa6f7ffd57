"""`python -m register retire`: deletes decisions of months that need not be kept any longer."""

import argparse
import sys
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime

from register.commands.shared.open_store import CALLER, open_store
from register.database.database import Database
from register.database.opening import register_database
from register.errors import UnusableRegister
from register.retention.audit_expiry import AuditExpiry, count_expiry, expire_audit
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
from register.tables import schema

HELP = (
    "delete decisions of whole months that are older than REGISTER_KEEP_MONTHS, audit values older"
    " than AUDIT_KEEP_MONTHS, and old keys"
)

WOULD, ARE = "would be deleted", "are deleted"
NAMES = {
    "decision": "decisions",
    "evidence": "with data",
    "audit": "audit values",
    "shadow": "scores of challengers",
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
    months, audit_months = settings.register_keep_months, settings.audit_keep_months
    if months is None and audit_months is None and not options.keys:
        raise UnusableRegister("REGISTER_KEEP_MONTHS is not set: no decision is deleted without it")
    now = Store.now()
    with closing(register_database(settings)) as database:
        database.check()  # before the first deletion
        if options.dry_run:
            keys, verb = count_old_keys(database, now), WOULD
        else:
            keys, verb = prune_keys(database, now), ARE
        sys.stdout.write(f"{keys} Idempotency-Keys {verb}\n")
        if options.keys:
            return 0
        if months is not None:
            retire_decisions(settings, database, retirement_time(now, months), options.dry_run)
        if audit_months is not None:
            retire_audit(settings, database, retirement_time(now, audit_months), options.dry_run)
    return 0


def retire_decisions(
    settings: RegisterSettings, database: Database, before: datetime, is_dry: bool
) -> None:
    """Delete old decisions, or count them, and write the numbers."""
    if is_dry:
        report(count_retirement(database, before), WOULD)
        return
    with open_store(settings) as store:
        report(retire(store, CALLER, before), ARE)
    report_dropped(drop_empty_partitions(database, before))


def retire_audit(
    settings: RegisterSettings, database: Database, before: datetime, is_dry: bool
) -> None:
    """Delete old audit values, or count them, and write the numbers."""
    if is_dry:
        report_audit(count_expiry(database, before), WOULD)
        return
    with open_store(settings) as store:
        report_audit(expire_audit(store, CALLER, before), ARE)
    report_dropped(drop_empty_partitions(database, before, (schema.audit.name,)))


def report(done: Retirement, verb: str) -> None:
    """Write the numbers of a retirement."""
    numbers = ", ".join(f"{done.rows.get(table, 0)} {name}" for table, name in NAMES.items())
    sys.stdout.write(f"before {done.before:%Y-%m-%d}: {numbers} {verb}\n")
    if done.held:
        sys.stdout.write(f"{done.held} decisions stay under a legal hold\n")


def report_audit(done: AuditExpiry, verb: str) -> None:
    """Write the numbers of an expiry of audit values."""
    sys.stdout.write(
        f"before {done.before:%Y-%m-%d}: {done.values} audit values of {done.decisions} decisions"
        f" {verb}\n"
    )
    if done.held:
        sys.stdout.write(f"{done.held} decisions keep their audit values under a legal hold\n")


def report_dropped(partitions: Iterable[str]) -> None:
    """Write the names of the partitions that were dropped."""
    for partition in partitions:
        sys.stdout.write(f"partition dropped: {partition}\n")
