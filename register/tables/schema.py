"""The tables. All of them grow by INSERT only; those in `ERASABLE` lose rows by erasure.

Rows of the tables in `CHAINED` belong to a block, see `register.evidence.chain`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

from register.tables.column_types import Id, Moment, beginning

metadata = MetaData()

stream = Table(
    "stream",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
)

bundle = Table(
    "bundle",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),  # of `description`
    Column("at", Moment, nullable=False),
    Column("model", LargeBinary(32), nullable=False),  # SHA-256 of the model file
    Column("description", Text, nullable=False),  # JSON: files, versions, features
    # Dictionaries of `compression` for evidence, trained on the bundle's clients; null without one.
    Column("record_dictionary", LargeBinary),
    Column("answer_dictionary", LargeBinary),
)

artefact = Table(
    "artefact",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("size", BigInteger, nullable=False),  # bytes of the file
    Column("parts", Integer, nullable=False),
)

artefact_part = Table(
    "artefact_part",
    metadata,
    Column("sha256", LargeBinary(32), ForeignKey("artefact.sha256"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),  # zstd
)

decision = Table(
    "decision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, primary_key=True),  # of the decision; partitions are by month
    Column("caller", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("subject", LargeBinary(16)),  # pseudonym of the client's id
    Column("reference", LargeBinary(16)),  # pseudonym of the caller's own number
    Column("bundle", ForeignKey("bundle.id"), nullable=False),
    Column("probability", Double, nullable=False),
    Column("margin", Double),  # null if infinite
    Column("pd", Double),
    Column("points", Integer),
    Column("grade", Text),
    Column("prediction", SmallInteger, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("compare", Text, nullable=False),
    Column("automated", Boolean, nullable=False),  # false if a person decides with the score
    Column("commitment", LargeBinary(32), nullable=False),  # to the evidence
    Column("audit_commitment", LargeBinary(32)),  # to the rows of `audit`; null without any
    Column("block", BigInteger, nullable=False),
    Index("decision_at", "at"),
)
# Six bytes find a pseudonym: a whole one would take 25 bytes more in PostgreSQL.
Index("decision_subject", beginning(decision.c.subject))
Index(
    "decision_reference",
    beginning(decision.c.reference),
    postgresql_where=decision.c.reference.is_not(None),
    sqlite_where=decision.c.reference.is_not(None),
)

evidence = Table(
    "evidence",
    metadata,
    Column("decision", Id, primary_key=True),
    Column("at", Moment, primary_key=True),  # of the decision
    Column("record", LargeBinary, nullable=False),  # zstd of `records.record_text`
    Column("answer", LargeBinary, nullable=False),  # zstd of the JSON object that was sent
    Column("client", Text),  # the client's id as JSON; null without one
    Column("reference", Text),  # the caller's own number
    Column("reasons", SmallInteger, nullable=False),  # the largest number that was requested
    Column("quick", Boolean),  # true if this project's own code explained; null without reasons
    Column("salt", LargeBinary(16), nullable=False),
)

# Values that no model sees, such as a protected group, by which rates are compared.
audit = Table(
    "audit",
    metadata,
    Column("decision", Id, primary_key=True),
    Column("at", Moment, primary_key=True),  # of the decision
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("salt", LargeBinary(16), nullable=False),  # one for all rows of a decision
)

# The challenger's score of a decision. Null in all of its columns except `failure`, or in that one.
shadow = Table(
    "shadow",
    metadata,
    Column("decision", Id, primary_key=True),
    Column("at", Moment, primary_key=True),  # of the decision
    Column("bundle", ForeignKey("bundle.id"), primary_key=True),  # the challenger's
    Column("probability", Double),
    Column("pd", Double),  # null without a scorecard, too
    Column("prediction", SmallInteger),
    Column("threshold", Double),
    Column("failure", Text),  # the kind of failure, without values
)

# Scores of a bundle's reference clients, in the order of train_samp.csv.
reference_scores = Table(
    "reference_scores",
    metadata,
    Column("bundle", ForeignKey("bundle.id"), primary_key=True),
    Column("probability", LargeBinary, nullable=False),  # zstd of float64, little endian
    Column("pd", LargeBinary),  # the same; null without a scorecard
    Column("refused", LargeBinary, nullable=False),  # zstd of uint8, the bundle's decision
    Column("defaulted", LargeBinary, nullable=False),  # zstd of uint8, the client's class
)

review_request = Table(
    "review_request",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("caller", Text, nullable=False),
    Column("decision", Id, nullable=False, index=True),
    Column("commitment", LargeBinary(32)),  # to its note, the consumer's point of view
    Column("block", BigInteger, nullable=False),
)

review = Table(
    "review",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("caller", Text, nullable=False),  # the reviewer
    Column("decision", Id, nullable=False, index=True),
    Column("prediction", SmallInteger, nullable=False),  # the final decision
    Column("reason", Text, nullable=False),  # a code of the lender
    Column("commitment", LargeBinary(32)),  # to its note, the comment
    Column("block", BigInteger, nullable=False),
)

note = Table(
    "note",
    metadata,
    Column("owner", Id, primary_key=True),  # a review or a request
    Column("decision", Id, nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("salt", LargeBinary(16), nullable=False),
)

outcome = Table(
    "outcome",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("caller", Text, nullable=False),
    Column("decision", Id, nullable=False, index=True),
    Column("status", Text, nullable=False),
    Column("observed", Date, nullable=False),
    Column("definition", Text, nullable=False),  # such as 90dpd
    Column("block", BigInteger, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("caller", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("decision", Id, index=True),
    Column("subject", LargeBinary(16)),
    Column("detail", Text, nullable=False),  # JSON without personal data
    Column("block", BigInteger, nullable=False),
    Index("event_kind", "kind", "at"),
)

block = Table(
    "block",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # `chain.block_id`
    Column("stream", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("first", Id, nullable=False),
    Column("last", Id, nullable=False),
    Column("count", Integer, nullable=False),
    Column("leaves", LargeBinary, nullable=False),  # the first bytes of each row's hash
    Column("rows", LargeBinary(32), nullable=False),  # hash of all rows
    Column("previous", LargeBinary(32), nullable=False),  # root of the block before
    Column("root", LargeBinary(32), nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary(32), nullable=False),  # of query and body
    Column(
        "decisions", LargeBinary, nullable=False
    ),  # their ids, 16 bytes each, or that of a review request
    Column("list", Boolean, nullable=False),  # true if the body was a list
    Column("at", Moment, nullable=False, index=True),
)

pepper = Table(
    "pepper",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one row
    Column("mark", LargeBinary(16), nullable=False),  # `pseudonyms.pepper_mark`
)

CHAINED = (decision, review_request, review, outcome, event)
ERASABLE = (evidence, audit, shadow, note)
