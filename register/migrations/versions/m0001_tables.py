"""All tables, the partitions of PostgreSQL by month, and guards of recorded rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

ID = sa.LargeBinary(16).with_variant(postgresql.UUID(), "postgresql")
MOMENT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
BY_MONTH = "RANGE (at)"

GUARDED = [
    "decision",
    "review_request",
    "review",
    "outcome",
    "event",
    "block",
    "pepper",
    "reference_scores",
]  # only INSERT
ERASABLE = ["evidence", "audit", "shadow", "note"]  # INSERT and DELETE
PARTITIONED = ["decision", "evidence", "audit", "shadow"]
EXTERNAL = [
    ("evidence", "record"),
    ("evidence", "answer"),
    ("artefact_part", "content"),
    ("reference_scores", "probability"),
    ("reference_scores", "pd"),
    ("reference_scores", "refused"),
    ("reference_scores", "defaulted"),
]


def upgrade() -> None:
    """Make all tables."""
    make_model_tables()
    make_decision_tables()
    make_monitoring_tables()
    make_review_tables()
    make_chain_tables()
    if op.get_bind().dialect.name == "postgresql":
        prepare_postgresql()
    else:
        prepare_sqlite()


def make_model_tables() -> None:
    """Make the tables of bundles and their files."""
    op.create_table(
        "bundle",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("model", sa.LargeBinary(32), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("record_dictionary", sa.LargeBinary()),
        sa.Column("answer_dictionary", sa.LargeBinary()),
    )
    op.create_table(
        "artefact",
        sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
    )
    op.create_table(
        "artefact_part",
        sa.Column("sha256", sa.LargeBinary(32), sa.ForeignKey("artefact.sha256"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )


def make_decision_tables() -> None:
    """Make the tables of decisions and their evidence."""
    op.create_table(
        "decision",
        sa.Column("id", ID, primary_key=True),
        sa.Column("at", MOMENT, primary_key=True),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary(16)),
        sa.Column("reference", sa.LargeBinary(16)),
        sa.Column("bundle", sa.Integer(), sa.ForeignKey("bundle.id"), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("margin", sa.Double()),
        sa.Column("pd", sa.Double()),
        sa.Column("points", sa.Integer()),
        sa.Column("grade", sa.Text()),
        sa.Column("prediction", sa.SmallInteger(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("compare", sa.Text(), nullable=False),
        sa.Column("automated", sa.Boolean(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(32), nullable=False),
        sa.Column("audit_commitment", sa.LargeBinary(32)),
        sa.Column("block", sa.BigInteger(), nullable=False),
        postgresql_partition_by=BY_MONTH,
    )
    op.create_index("decision_at", "decision", ["at"])
    op.create_index("decision_subject", "decision", [sa.text("substr(subject, 1, 6)")])
    op.create_index(
        "decision_reference",
        "decision",
        [sa.text("substr(reference, 1, 6)")],
        postgresql_where=sa.text("reference IS NOT NULL"),
        sqlite_where=sa.text("reference IS NOT NULL"),
    )
    op.create_table(
        "evidence",
        sa.Column("decision", ID, primary_key=True),
        sa.Column("at", MOMENT, primary_key=True),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("client", sa.Text()),
        sa.Column("reference", sa.Text()),
        sa.Column("reasons", sa.SmallInteger(), nullable=False),
        sa.Column("quick", sa.Boolean()),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        postgresql_partition_by=BY_MONTH,
    )


def make_monitoring_tables() -> None:
    """Make the tables of values for audits, of a challenger's scores, and of reference clients."""
    op.create_table(
        "audit",
        sa.Column("decision", ID, primary_key=True),
        sa.Column("at", MOMENT, primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        postgresql_partition_by=BY_MONTH,
    )
    op.create_table(
        "shadow",
        sa.Column("decision", ID, primary_key=True),
        sa.Column("at", MOMENT, primary_key=True),
        sa.Column("bundle", sa.Integer(), sa.ForeignKey("bundle.id"), primary_key=True),
        sa.Column("probability", sa.Double()),
        sa.Column("pd", sa.Double()),
        sa.Column("prediction", sa.SmallInteger()),
        sa.Column("threshold", sa.Double()),
        sa.Column("failure", sa.Text()),
        postgresql_partition_by=BY_MONTH,
    )
    op.create_table(
        "reference_scores",
        sa.Column("bundle", sa.Integer(), sa.ForeignKey("bundle.id"), primary_key=True),
        sa.Column("probability", sa.LargeBinary(), nullable=False),
        sa.Column("pd", sa.LargeBinary()),
        sa.Column("refused", sa.LargeBinary(), nullable=False),
        sa.Column("defaulted", sa.LargeBinary(), nullable=False),
    )


def make_review_tables() -> None:
    """Make the tables of review requests, reviews, their notes, and outcomes."""
    op.create_table(
        "review_request",
        sa.Column("id", ID, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("decision", ID, nullable=False, index=True),
        sa.Column("commitment", sa.LargeBinary(32)),
        sa.Column("block", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "review",
        sa.Column("id", ID, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("decision", ID, nullable=False, index=True),
        sa.Column("prediction", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(32)),
        sa.Column("block", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "note",
        sa.Column("owner", ID, primary_key=True),
        sa.Column("decision", ID, nullable=False, index=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
    )
    op.create_table(
        "outcome",
        sa.Column("id", ID, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("decision", ID, nullable=False, index=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("observed", sa.Date(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
    )


def make_chain_tables() -> None:
    """Make the tables of events, blocks, their streams, idempotency keys, and the pepper's mark."""
    op.create_table(
        "event",
        sa.Column("id", ID, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("decision", ID, index=True),
        sa.Column("subject", sa.LargeBinary(16)),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
    )
    op.create_index("event_kind", "event", ["kind", "at"])
    op.create_table(
        "stream",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "block",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("first", ID, nullable=False),
        sa.Column("last", ID, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("rows", sa.LargeBinary(32), nullable=False),
        sa.Column("previous", sa.LargeBinary(32), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "idempotency",
        sa.Column("caller", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("decisions", sa.LargeBinary(), nullable=False),
        sa.Column("list", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False, index=True),
    )
    op.create_table(
        "pepper",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("mark", sa.LargeBinary(16), nullable=False),
    )


def prepare_sqlite() -> None:
    """Let SQLite refuse changes of recorded rows."""
    for table in GUARDED + ERASABLE:
        for action in ["UPDATE", "DELETE"] if table in GUARDED else ["UPDATE"]:
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table}: {action} is refused'); END"
            )


def prepare_postgresql() -> None:
    """Make the default partitions, and let PostgreSQL refuse changes of recorded rows.

    `register.guards` is turned off by retirement, in its transaction; a role without the right to
    DELETE gains nothing by it.
    """
    for table, column in EXTERNAL:  # zstd has compressed them
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")
    for table in PARTITIONED:
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
    op.execute("""
        CREATE FUNCTION register_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF current_setting('register.guards', true) = 'off' AND TG_OP = 'DELETE' THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION '%: % is refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$
    """)
    for table in GUARDED + ERASABLE:
        actions = "UPDATE OR DELETE" if table in GUARDED else "UPDATE"
        op.execute(
            f"CREATE TRIGGER {table}_refuse BEFORE {actions} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION register_refuse()"
        )
    for table in [*GUARDED, *ERASABLE, *(f"{table}_default" for table in PARTITIONED)]:
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION register_refuse()"
        )
