"""The recording of one decision: the service's, and a review if the advisor adds something to it.

An override is a review that decides otherwise. An advisor who follows the service records no
review, except to keep a note. So a decision without a review was followed, and the reviews with
another decision are the overrides.
"""

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal, cast

import streamlit as st

from advisor.register.reason_codes import CONFIRMED
from advisor.register.register_api import RegisterApi
from advisor.register.response_models import NumberedApplication, RecordedScore, Review
from advisor.service_client.errors import (
    DashboardError,
    RegisterAway,
    ReviewedMeanwhile,
    ServiceAway,
    ServiceFailed,
    ServiceSlow,
    StillRecording,
)
from advisor.service_client.pinned_service import FileHashes, PinnedService
from advisor.service_client.response_models import Application, Score

Choice = Literal["follow", "override"]
RECORDINGS = "recordings"
LETTER_OF = "letter_of"  # the decision whose letter the page of letters shows
# After these failures the service may have recorded what was sent.
IN_DOUBT = (ServiceAway, ServiceSlow, RegisterAway, ServiceFailed, StillRecording)


@dataclass(frozen=True)
class Decided:
    """The advisor's entries; `reason` is empty if they follow the service.

    Attributes:
        choice: to follow the service or not.
        reason: a code of the lender.
        note: the advisor's own words.
        reference: the caller's number of a new application.
    """

    choice: Choice
    reason: str = ""
    note: str = ""
    reference: str = ""


@dataclass
class Recording:
    """The recording of one decision, from its form to the register.

    Attributes:
        application: the application that the page shows.
        shown: the score that the page shows.
        files: the service's files of that score.
        key: the Idempotency-Key, the same for every attempt.
        decided: the last thing that the advisor sent; None before the first attempt.
        body: sent in the first attempt that may have been recorded; later ones repeat it.
        recorded: the service's decision in the register; None until it is known to be there.
        is_reviewed: true once the advisor's review is in the register.
        review_in_doubt: true if an attempt to record the review may have succeeded.
        error: the failure of the last attempt.
        is_incomplete: true if the last attempt lacked a reason or a note.
    """

    application: Application
    shown: Score
    files: FileHashes
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    decided: Decided | None = None
    body: NumberedApplication | None = None
    recorded: RecordedScore | None = None
    is_reviewed: bool = False
    review_in_doubt: bool = False
    error: DashboardError | None = None
    is_incomplete: bool = False
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def final(self) -> int:
        """The advisor's decision, 1 for a refusal."""
        is_override = self.decided is not None and self.decided.choice == "override"
        return self.shown["prediction"] ^ is_override

    @property
    def is_other(self) -> bool:
        """True if the recorded decision is not the one that the page showed."""
        return self.recorded is not None and any(
            self.recorded[name] != self.shown[name] for name in ("model", "probability")
        )

    @property
    def lacks_review(self) -> bool:
        """True if the advisor's override or note is not in the register yet."""
        decided = self.decided
        wanted = decided is not None and (decided.choice == "override" or bool(decided.note))
        return wanted and not self.is_reviewed

    def send(self, register: RegisterApi, decided: Decided) -> None:
        """Record the part that is not in the register yet; a failure is kept in `error`.

        A recorded decision that the page did not show gets no review: its advisor has not seen it.

        Streamlit runs the second click of a double click in a thread of its own: it waits here.
        The thread of the first click ends at its next use of the session, so that this has none.
        """
        with self._lock:
            if self.recorded is None:
                self.decided = decided
            self.error = None
            try:
                self.recorded = self.recorded or self._record(register, decided.reference)
                if self.lacks_review and not self.is_other:
                    self._review(register, self.recorded["id"], self.decided or decided)
            except DashboardError as error:
                self.error = error

    def _record(self, register: RegisterApi, reference: str) -> RecordedScore:
        number = {"reference": reference} if reference else {}
        body = self.body or cast(NumberedApplication, {**self.application, **number})
        try:
            return register.record(body, self.key)
        except IN_DOUBT:
            self.body = body
            raise

    def _review(self, register: RegisterApi, decision: str, decided: Decided) -> None:
        reason = decided.reason or CONFIRMED
        try:
            register.review(decision, 0, self.final, reason, decided.note)
        except IN_DOUBT:
            self.review_in_doubt = True
            raise
        except ReviewedMeanwhile:
            # The review that came first is this one if an earlier attempt got no answer.
            first = register.decision(decision)["reviewed"][0]
            own = self.final, reason, decided.note or None
            if not self.review_in_doubt or own != said(first):
                raise
        self.is_reviewed = True


def said(review: Review) -> tuple[int, str, str | None]:
    """Decision, reason code and comment of a review."""
    return review["decision"], review["reason"], review["comment"]


def recording_of(service: PinnedService, application: Application, score: Score) -> Recording:
    """The session's recording of an application.

    Until the decision is recorded, it follows the page: its score and its model. Without an
    attempt, other files make a new recording.
    """
    recordings: dict[str, Recording] = st.session_state.setdefault(RECORDINGS, {})
    digest = hashlib.sha256(json.dumps(application, sort_keys=True).encode()).hexdigest()
    found = recordings.setdefault(digest, Recording(application, score, service.files))
    if found.decided is None and found.files != service.files:
        found = recordings[digest] = Recording(application, score, service.files)
    if found.recorded is None:
        found.shown, found.files = score, service.files
    return found


def recorded_applications() -> list[Recording]:
    """The session's recorded decisions on new applications, the last one first."""
    recordings: dict[str, Recording] = st.session_state.get(RECORDINGS, {})
    found = [
        each for each in recordings.values() if each.recorded and "client" not in each.application
    ]
    return found[::-1]


def forget_recording(recording: Recording) -> None:
    """Let the same application have another recording."""
    recordings: dict[str, Recording] = st.session_state[RECORDINGS]
    for digest in [each for each, found in recordings.items() if found is recording]:
        del recordings[digest]
