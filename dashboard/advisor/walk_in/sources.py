"""The source with which a form starts: nothing, a file, a pasted text or a client's record."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from advisor import form_controls, page_elements, session
from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import ClientId, Feature
from advisor.simulation.values import allowed_range
from advisor.walk_in.record_files import ReadRecord, Unreadable, read_file, read_text

WAY, TAKEN = "way_in", "new_taken"
WAYS = ("empty", "upload", "paste", "client")
MOST_SENTENCES = 8  # on columns that are left out; then a number
LONGEST_VALUE = 40  # characters of a refused value


@dataclass(frozen=True)
class Source:
    """The values with which a form starts.

    Attributes:
        name: the source's name, in the language of the interface; empty for nothing.
        read: its values.
    """

    name: str = ""
    read: ReadRecord = field(default_factory=ReadRecord)

    @property
    def key(self) -> str:
        """A short text that only these values have: fields keep entries apart by source."""
        text = json.dumps([self.read.values, list(self.read.refused)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]


def choose(words: Words, service: PinnedService) -> Source:
    """Show the choice of a source and its control, and return the source.

    A text without a record is told, and the form starts with nothing.
    """
    texts = {way: words(f"way_in_{way}") for way in WAYS}
    way = form_controls.choose(words, words("way_in"), texts, WAY)
    features = service.feature_by_name
    try:
        if way == "upload":
            source = uploaded(words, features)
        elif way == "paste":
            source = pasted(words, features)
        else:
            source = taken(words, service) if way == "client" else Source()
    except Unreadable as error:
        st.error(words(f"unreadable_{error}"))
        return Source()
    tell(words, source, features)
    return source


def uploaded(words: Words, features: Mapping[str, Feature]) -> Source:
    """Show the control for a file of JSON or CSV."""
    file = st.file_uploader(words("upload"), type=["csv", "json"], key="file")
    if file is None:
        return Source()
    return Source(file.name, read_file(file.name, file.getvalue(), features))


def pasted(words: Words, features: Mapping[str, Feature]) -> Source:
    """Show the field for JSON or a CSV."""
    text = st.text_area(words("paste"), key="pasted_text", height=120, persist_state="session")
    if not text.strip():
        return Source()
    return Source(words("pasted"), read_text(text, features))


def taken(words: Words, service: PinnedService) -> Source:
    """Show the button that takes a client's values, and a warning that they are that person's."""
    chosen: ClientId | None = st.session_state.get(session.CLIENT)
    in_use: ClientId | None = st.session_state.get(TAKEN)
    if chosen is None and in_use is None:
        st.info(words("take_whom"))
        return Source()
    if chosen is not None and chosen != in_use:
        label = words("take_client", client=page_elements.plain_id(chosen))
        st.button(label, key="new_take", on_click=take, args=(chosen,))
    if in_use is None:
        return Source()
    name = words("of_client", client=str(in_use))
    st.warning(page_elements.plain(words("taken", client=str(in_use))))
    return Source(name, ReadRecord(service.record(in_use)))


def take(client: ClientId) -> None:
    """Start the form with a client's record."""
    st.session_state[TAKEN] = client


def tell(words: Words, source: Source, features: Mapping[str, Feature]) -> None:
    """Say which columns and values of a source are left out, and which no earlier client has."""
    sentences = [words("unknown_column", column=name) for name in source.read.unknown]
    for name, value in source.read.refused.items():
        written = str(value)
        if len(written) > LONGEST_VALUE:
            written = written[:LONGEST_VALUE] + "…"
        label = features[name]["label"]
        sentences.append(words("refused_value", column=name, label=label, value=written))
    if (more := len(sentences) - MOST_SENTENCES) > 0:
        sentences[MOST_SENTENCES:] = [words("more_left_out", number=words.number(more))]
    if sentences:
        st.warning("\n".join(f"- {page_elements.plain(each)}" for each in sentences))
    if labels := unusual(source, features):
        listed = ", ".join(labels[:MOST_SENTENCES])
        if (more := len(labels) - MOST_SENTENCES) > 0:
            listed = words("and_more", listed=listed, number=words.number(more))
        page_elements.paragraph(words("unusual_values", labels=listed), *labels)


def unusual(source: Source, features: Mapping[str, Feature]) -> list[str]:
    """The labels of a source's numbers outside the range of the reference population."""
    return [
        features[name]["label"]
        for name, value in source.read.values.items()
        if features[name]["kind"] == "number" and isinstance(value, float | int)
        if not is_between(value, *allowed_range(features[name], None))
    ]


def is_between(value: float, low: float, high: float) -> bool:
    """True if a number is in a range with its ends."""
    return low <= value <= high
