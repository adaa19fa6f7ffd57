"""Changes that turn the decision on an application, with few digits, said in sentences."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from advisor.formatting.display_scale import scale_of
from advisor.formatting.formats import Words
from advisor.service_client.errors import Refused
from advisor.service_client.pinned_service import (
    CACHE_SECONDS,
    CACHED_RESPONSES,
    FileHashes,
    PinnedService,
)
from advisor.service_client.response_models import (
    Application,
    Change,
    ClientId,
    Feature,
    Record,
    Score,
)
from advisor.simulation import contradictions, values
from advisor.simulation.turning_points import few_digits
from advisor.statements import decision

MORE_DIGITS = (0, 1, 2, 4, 6)  # than the usual ones, tried in turn


@dataclass(frozen=True)
class Suggestion:
    """A change of one feature, or of two, that turns the decision on an application.

    Attributes:
        changes: the new values, as the sentence writes them.
        sentence: the change, the decision after it, and the figure behind it and a reason that it
            goes against.
        remark: the sentence without the change and the decision; empty if nothing else is in it.
        labels: the data team's words in the sentence.
        short: the change and the risk score after it, for a button.
        after: the score with the changes.
        goes_against: true if it goes against a reason for the refusal.
    """

    changes: Record
    sentence: str
    remark: str
    labels: list[str]
    short: str
    after: Score
    goes_against: bool


@dataclass(frozen=True)
class Suggestions:
    """The suggestions for an application, nearest first.

    Attributes:
        found: changes of one feature; changes of two if none of one feature turns the decision.
        are_pairs: true if the changes are of two features.
        exact: false if a nearer change may exist.
    """

    found: list[Suggestion]
    are_pairs: bool
    exact: bool


def find(words: Words, service: PinnedService, client: ClientId, score: Score) -> list[Suggestion]:
    """The suggestions for a client, nearest first; `score` has the reasons that are shown."""
    return search(words, service, client, score).found


def search(words: Words, service: PinnedService, client: ClientId, score: Score) -> Suggestions:
    """The suggestions for a client and their kind, cached for the model's files."""
    return cached(Search(words, service, {"client": client}, service.record(client), score))


def search_application(
    words: Words,
    service: PinnedService,
    application: Application,
    own: Record,
    score: Score,
    stand_ins: Collection[str],
) -> Suggestions:
    """The suggestions for an application of somebody who is not a client.

    Args:
        words: texts and number formats.
        service: finds and scores the changes.
        application: a record, perhaps with changes.
        own: its values, as far as they are known here.
        score: of the application, with the reasons that are shown.
        stand_ins: features that may not change, since their values are not the person's.
    """
    return cached(Search(words, service, application, own, score, frozenset(stand_ins)))


def cached(search: "Search") -> Suggestions:
    """The suggestions of a search, cached for the model's files."""
    service = search.service
    reasons = tuple(reason["text"] for reason in search.score["reasons"])
    application = json.dumps(search.application, sort_keys=True)
    return cached_suggestions(
        service.connection.url,
        service.files,
        search.words.language,
        application,
        reasons,
        search.stand_ins,
        search.run,
    )


@st.cache_data(show_spinner=False, ttl=CACHE_SECONDS, max_entries=CACHED_RESPONSES)
def cached_suggestions(
    url: str,
    files: FileHashes,
    language: str,
    application: str,
    reasons: tuple[str, ...],
    stand_ins: frozenset[str],
    _run: Callable[[], Suggestions],
) -> Suggestions:
    """Suggestions that stay valid as long as the files do; `_run` finds them the first time."""
    return _run()


@dataclass(frozen=True)
class Search:
    """The search for changes that turn the decision on one application.

    Attributes:
        words: texts and number formats.
        service: finds and scores the changes.
        application: a client's, or a record, perhaps with changes.
        own: its values.
        score: its score, with the reasons that are shown.
        stand_ins: features that may not change.
    """

    words: Words
    service: PinnedService
    application: Application
    own: Record
    score: Score
    stand_ins: frozenset[str] = frozenset()

    def run(self) -> Suggestions:
        """Changes of one feature; changes of two if none of one turns a refusal."""
        client = self.application.get("client")
        singles = (
            self.service.counterfactuals_of(self.application)
            if client is None
            else self.service.counterfactuals(client)
        )
        found = self.suggestions([each] for each in singles["alternatives"])
        if found or not singles["prediction"]:
            return Suggestions(found, are_pairs=False, exact=singles["exact"])
        pairs = self.service.combinations(self.application)
        found = self.suggestions(each["changes"] for each in pairs["combinations"])
        return Suggestions(found, are_pairs=bool(found), exact=pairs["exact"])

    def suggestions(self, found: Iterable[Sequence[Change]]) -> list[Suggestion]:
        """The suggestions whose values the form accepts: an earlier client has had such ones."""
        return [self.suggestion(exact) for exact in found if self.is_allowed(values_of(exact))]

    def is_allowed(self, changes: Record) -> bool:
        """True if the form accepts all values of changes, and none is of a stand-in."""
        features = self.service.feature_by_name
        return self.stand_ins.isdisjoint(changes) and all(
            values.refusal(self.words, features[name], value, self.own.get(name)) is None
            for name, value in changes.items()
        )

    def suggestion(self, exact: Sequence[Change]) -> Suggestion:
        """Changes with few digits, in a sentence."""
        changes, after = self.with_few_digits(exact)
        features = self.service.feature_by_name
        parts = [
            self.words(
                f"change_{movement(features[each['feature']], each)}",
                label=each["label"],
                value=self.words.exact_value(features[each["feature"]], changes[each["feature"]]),
            )
            for each in exact
        ]
        is_pair = len(parts) > 1
        both = self.words("both_changes", one=parts[0], other=parts[1]) if is_pair else parts[0]
        risk = decision.risk(self.words, after)
        sentence = self.words(f"then_{decision.kind(after)}", changes=both, risk=risk)
        remarks, labels = [], [each["label"] for each in exact]
        moved = [
            self.words.percent(each["moved"], 1) for each in exact if each["moved"] is not None
        ]
        if len(moved) == len(exact):
            key = "moved_both" if is_pair else "moved"
            remarks.append(self.words(key, moved=moved[0], other=moved[-1]))
        if (against := self.contradiction(features, changes)) is not None:
            remarks.append(against.sentence(self.words))
            labels += against.labels
        return Suggestion(
            changes=changes,
            sentence=" ".join([sentence, *remarks]),
            remark=" ".join(remarks),
            labels=labels,
            short=self.short(features, exact, changes, after),
            after=after,
            goes_against=against is not None,
        )

    def contradiction(
        self, features: Mapping[str, Feature], changes: Record
    ) -> contradictions.Contradiction | None:
        """The reason for a refusal that the changes go against; None if they go against none."""
        if not self.score["prediction"]:
            return None
        return contradictions.find(features, self.own, self.score["reasons"], changes)

    def short(
        self,
        features: Mapping[str, Feature],
        exact: Sequence[Change],
        changes: Record,
        after: Score,
    ) -> str:
        """The new values, and the decision and the risk score after the changes."""
        written = []
        for each in exact:
            feature, value = features[each["feature"]], changes[each["feature"]]
            is_period = bool(scale_of(feature).period)
            text = self.words.feature_value if is_period else self.words.exact_value
            written.append(f"{each['label']} {text(feature, value)}")
        risk, limit = decision.risk_texts(self.words, after["threshold"], after["probability"])
        is_near = limit != decision.risk_texts(self.words, after["threshold"])[0]  # has more digits
        return self.words(
            "short_near" if is_near else "short",
            values=" + ".join(written),
            icon=decision.icon(after),
            risk=risk,
            limit=limit,
        )

    def with_few_digits(self, exact: Sequence[Change]) -> tuple[Record, Score]:
        """Changes rounded a little beyond the exact ones, to be said and typed, and their score.

        They have the fewest digits at which the form accepts them, the service scores them, and the
        decision turns; else they stay exact.
        """
        for more in MORE_DIGITS:
            few: Record = {each["feature"]: rounded_beyond(each, more) for each in exact}
            if not self.is_allowed(few) or (after := self.after(few)) is None:
                continue
            if after["prediction"] != self.score["prediction"]:
                return few, after
        changes = values_of(exact)
        return changes, self.service.score(self.changed(changes), reasons=0)

    def changed(self, changes: Record) -> Application:
        """The application with changes, on top of those that it has."""
        return {**self.application, "changes": {**self.application.get("changes", {}), **changes}}

    def after(self, changes: Record) -> Score | None:
        """The score of the application with changes; None if the service refuses them."""
        try:
            return self.service.score(self.changed(changes), reasons=0)
        except Refused:
            return None


def values_of(changes: Sequence[Change]) -> Record:
    """The new values, by feature."""
    return {each["feature"]: each["value"] for each in changes}


def rounded_beyond(change: Change, more: int) -> float | str:
    """The value of a change, rounded in its direction to about four digits or some more."""
    value, direction = change["value"], change["direction"]
    if isinstance(value, str) or direction is None:
        return value
    return few_digits(value, more, up=direction == "up")


def movement(feature: Feature, change: Change) -> str:
    """The direction of a change in the numbers that are shown; text for a change of category."""
    if change["direction"] is None:
        return "text"
    scale = scale_of(feature)
    rises = (change["direction"] == "up") != scale.is_turned
    if scale.is_date:
        return "earlier" if rises else "later"
    return "up" if rises else "down"
