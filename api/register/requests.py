"""Requests to the routes of the register: parameters and bodies, read and checked.

The messages of errors name parameters and fields, and the accepted values, but no received value.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Self, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from api.strict_json import STRUCTURE_MORE, NotObject, parse_list, parse_object
from credit_scoring.decisions.application import LONGEST_REFERENCE
from credit_scoring.errors import abridged
from credit_scoring.explain.peers import Compare
from register.errors import InvalidRequest
from register.letter.languages.texts import Language
from register.reading.decisions import LONGEST_PAGE
from register.stored import OutcomeStatus

MOST_OUTCOMES = 1_000
MOST_NAMED = 5  # problems in one message
LONGEST_NOTE = 4_000  # characters
LONGEST_DEFINITION = 40
LONGEST_TEXT = 400  # of a parameter
STRUCTURE = 12  # structure characters of an outcome, or more
LAST_DAY = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
KEY = re.compile(r"[\x21-\x7e]{1,255}")
ETAG = re.compile(r'(?:W/)?"([0-9]{1,9})"')  # a proxy that compresses adds W/

ModelT = TypeVar("ModelT", bound=BaseModel)


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("has a character that cannot be recorded")
    return text


def _day(value: object) -> date:
    day = None
    if isinstance(value, str) and DATE.fullmatch(value):
        with suppress(ValueError):  # the thirtieth of February
            day = date.fromisoformat(value)
    if day is None:
        raise ValueError("is not a date, such as 2026-11-28")
    if day > datetime.now(UTC).date() + timedelta(days=1):  # it is tomorrow already in the east
        raise ValueError("is in the future")
    return day


def _moment(text: str) -> datetime:
    if DATE.match(text) and (DATE.fullmatch(text) or "T" in text):
        with suppress(ValueError, OverflowError):
            # A plus that is not escaped in a query arrives as a space.
            moment = datetime.fromisoformat(text.replace(" ", "+"))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    message = "is not a date or a time, such as 2026-11-28 or 2026-11-28T13:05:01Z"
    raise ValueError(message)


def _end(text: str) -> datetime:
    moment = _moment(text)
    return min(moment, LAST_DAY) + timedelta(days=1) if DATE.fullmatch(text) else moment


def _decision_id(value: object) -> UUID:
    if isinstance(value, str):
        with suppress(ValueError):
            return UUID(value)
    raise ValueError("is not the id of a decision")


STORABLE = AfterValidator(_storable)
Parameter = Annotated[StrictStr, Field(max_length=LONGEST_TEXT), STORABLE]
Reference = Annotated[StrictStr, Field(min_length=1, max_length=LONGEST_REFERENCE), STORABLE]
Note = Annotated[StrictStr, Field(max_length=LONGEST_NOTE), STORABLE]
Definition = Annotated[
    StrictStr, Field(min_length=1, max_length=LONGEST_DEFINITION, examples=["90dpd"]), STORABLE
]
Class = Annotated[int, Field(ge=0, le=1)]
DecisionId = Annotated[
    UUID, BeforeValidator(_decision_id), WithJsonSchema({"type": "string", "format": "uuid"})
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
MOMENT = WithJsonSchema({"type": "string", "examples": ["2026-11-28", "2026-11-28T13:05:01Z"]})
Start = Annotated[datetime, BeforeValidator(_moment), MOMENT]
End = Annotated[datetime, BeforeValidator(_end), MOMENT]


class Query(BaseModel):
    """Parameters in the query of a request; unknown ones are ignored."""

    model_config = ConfigDict(frozen=True, populate_by_name=False)

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Self:
        """The parameters in decoded texts.

        Raises:
            InvalidRequest: a parameter is invalid.
        """
        return _validated(cls, values)


class DecisionQuery(Query):
    """The query of `/decisions`, with the parameters of `/score`."""

    reasons: Annotated[int, Field(ge=0, le=10, description="the largest number of reasons")] = 4
    compare: Compare = "near"
    automated: Annotated[bool, Field(description="false if a person decides with the score")] = True

    @cached_property
    def canonical(self) -> bytes:
        """The parameters as bytes, equal for equal ones."""
        return self.model_dump_json().encode()


class ListQuery(Query):
    """The query of a list of decisions."""

    client: Annotated[Parameter | None, Field(description="a client's id")] = None
    reference: Annotated[Reference | None, Field(description="the caller's own number")] = None
    start: Annotated[
        Start | None,
        Field(alias="from", description="the first day or time, in UTC unless it has an offset"),
    ] = None
    end: Annotated[
        End | None,
        Field(alias="to", description="the last day; or a time, which is not included"),
    ] = None
    prediction: Annotated[Class | None, Field(description="1 refused, 0 accepted")] = None
    grade: Parameter | None = None
    reviewed: Annotated[
        bool | None, Field(description="true for decisions with a review, false for those without")
    ] = None
    requested: Annotated[bool, Field(description="true for open requests for a review")] = False
    after: Annotated[Parameter | None, Field(description="`next` of the page before")] = None
    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 100


class DecisionReading(Query):
    """The query of a stored decision."""

    verify: Annotated[
        bool, Field(description="1 to check the decision's commitment and its block")
    ] = False


class LetterQuery(Query):
    """The query of a letter."""

    language: Language = "en"


class Body(BaseModel):
    """A JSON object, or one of a list."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ReviewRequestBody(Body):
    """A client asks that a person reviews a decision."""

    statement: Annotated[Note | None, Field(description="the client's point of view")] = None


class ReviewBody(Body):
    """A person's decision on a decision."""

    decision: Annotated[StrictInt, Field(ge=0, le=1, description="1 refused, 0 accepted")]
    reason: Annotated[
        StrictStr,
        Field(pattern="^[A-Z0-9_]{1,40}$", description="a code of the lender's own list"),
    ]
    comment: Note | None = None


class OutcomeBody(Body):
    """How a loan went, of a decision or of the latest one until then with a reference."""

    decision: DecisionId | None = None
    reference: Annotated[Reference | None, Field(description="the caller's own number")] = None
    status: OutcomeStatus
    observed: Day
    definition: Definition

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.decision is None) == (self.reference is None):
            raise ValueError("has either decision or reference")
        return self


def read_body(kind: type[ModelT], body: bytes) -> ModelT:
    """The object in a body of JSON text.

    Raises:
        InvalidRequest: the text is not JSON, repeats a key, or a field is invalid.
    """
    try:
        parsed = parse_object(body, STRUCTURE_MORE, "the body", int)
    except NotObject as error:
        raise InvalidRequest(str(error)) from error
    return _validated(kind, parsed)


def read_outcomes(body: bytes) -> Sequence[OutcomeBody]:
    """The outcomes in a body of JSON text, a list of 1 to 1,000.

    Raises:
        InvalidRequest: see `read_body`; the message about one of them begins with its index.
    """
    most = MOST_OUTCOMES * STRUCTURE + STRUCTURE_MORE
    try:
        parsed = parse_list(body, most, f"a list of {MOST_OUTCOMES} outcomes", int)
    except NotObject as error:
        raise InvalidRequest(str(error)) from error
    if not 1 <= len(parsed) <= MOST_OUTCOMES:
        raise InvalidRequest(
            f"a list of {len(parsed)} outcomes, where 1 to {MOST_OUTCOMES} are accepted"
        )
    try:
        return _outcomes(parsed)
    except ValidationError as error:
        raise InvalidRequest(_problems(error, OutcomeBody, "outcomes")) from error


def key_of(given: Sequence[str]) -> str | None:
    """The Idempotency-Key in the headers with this name, None without one.

    Raises:
        InvalidRequest: there are several, or it is not made of 1 to 255 visible ASCII characters.
    """
    if not given:
        return None
    if len(given) > 1 or not KEY.fullmatch(given[0]):
        raise InvalidRequest("Idempotency-Key is not one text of 1 to 255 visible ASCII characters")
    return given[0]


def expected_reviews(if_match: str | None) -> int | None:
    """The number of reviews in the header If-Match, None without one.

    Raises:
        InvalidRequest: it is not the ETag of a decision.
    """
    if if_match is None:
        return None
    found = ETAG.fullmatch(if_match)
    if found is None:
        raise InvalidRequest('If-Match is not the ETag of a decision, such as "0"')
    return int(found[1])


_outcomes = TypeAdapter(list[OutcomeBody]).validate_python


def _validated(kind: type[ModelT], values: Mapping[str, Any]) -> ModelT:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise InvalidRequest(_problems(error, kind)) from error


def _problems(error: ValidationError, kind: type[BaseModel], items: str = "") -> str:
    """The first few problems, each after its place, such as `outcomes[3]: status: `."""
    texts = []
    errors = error.errors()
    for problem in errors[:MOST_NAMED]:
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = f"unknown. Accepted: {', '.join(kind.model_fields)}"
        places = [
            f"{items}[{part}]" if isinstance(part, int) else abridged(part)
            for part in problem["loc"]
        ]
        texts.append(": ".join([*places, message]))
    more = len(errors) - MOST_NAMED
    return "; ".join(texts) + (f" and {more} more" if more > 0 else "")
