"""The form of a simulation: a slider with a number field, or a list, for each changeable feature.

The changes in the address are the form's contents: a link fills the form, and a control that is
changed writes them there. A value that is refused stays in its field only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

import streamlit as st

from advisor import address, form_controls, page_elements
from advisor.formatting.display_scale import scale_of
from advisor.formatting.formats import Words
from advisor.service_client.response_models import ClientId, Feature, Record, Value
from advisor.simulation import values
from advisor.simulation.slider_scale import SliderScale, slider_scale

PREFIX = "simulate_"
FILLED, CURVE = f"{PREFIX}filled", f"{PREFIX}curve"


def control_key(client: ClientId, feature: str) -> str:
    """The key of a feature's control; a text id is in quotes, which end it."""
    return f"{PREFIX}{client!r}_{feature}"


def slider_key(client: ClientId, feature: str) -> str:
    """The key of the slider beside a number field."""
    return f"{PREFIX}slider_{client!r}_{feature}"


@dataclass(frozen=True)
class Form:
    """The form of one client.

    Attributes:
        words: texts and number formats.
        client: the client's id.
        own: the client's values of the changeable features.
        features: the changeable features by name.
    """

    words: Words
    client: ClientId
    own: Record
    features: Mapping[str, Feature]

    def follow_address(self) -> None:
        """Fill the form with the changes in the address if others were there before."""
        changes = address.changes(self.features)
        filled = self.client, changes
        is_new = repr(st.session_state.get(FILLED)) != repr(filled)
        for name, value in {**self.own, **changes}.items():
            key = control_key(self.client, name)
            if is_new or key not in st.session_state:
                st.session_state[key] = self.typed(name, value)
        st.session_state[FILLED] = filled
        if is_new and changes:
            st.session_state[CURVE] = next(iter(changes))

    def typed(self, name: str, value: Value) -> Value:
        """The content of a control with a value: a share in percent."""
        if isinstance(value, str | None):
            return value
        return scale_of(self.features[name]).typed(float(value))

    def stored(self, name: str, typed: Value) -> Value:
        """The value of a control's content: the one that filled it, if nobody changed it."""
        if isinstance(typed, str | None):
            return typed
        _, filled = st.session_state.get(FILLED, (self.client, {}))
        known = [
            each for each in (filled.get(name), self.own[name]) if isinstance(each, float | int)
        ]
        return scale_of(self.features[name]).stored(typed, *known)

    def entered(self) -> Record:
        """The values of all controls."""
        return {
            name: self.stored(name, st.session_state[control_key(self.client, name)])
            for name in self.own
        }

    def changes(self) -> Record:
        """The entered values that differ from the client's own."""
        return form_controls.changes(self.entered(), self.own)

    def refusals(self) -> dict[str, str]:
        """The sentence that refuses an entered value, by the feature's name."""
        found = {
            name: values.refusal(self.words, self.features[name], value, self.own[name])
            for name, value in self.changes().items()
        }
        return {name: sentence for name, sentence in found.items() if sentence is not None}

    def fill(self, changes: Record) -> None:
        """Put changes into the form, and the client's own values into all other controls."""
        for name, value in {**self.own, **changes}.items():
            st.session_state[control_key(self.client, name)] = self.typed(name, value)
        st.session_state[FILLED] = self.client, changes
        if changes:
            st.session_state[CURVE] = next(iter(changes))
        self.write_address()

    def write_address(self) -> None:
        """Put the changes that are not refused into the address."""
        refused = self.refusals()
        changes = {name: each for name, each in self.changes().items() if name not in refused}
        st.session_state[FILLED] = self.client, changes
        address.write_changes(changes)

    def take(self, name: str) -> None:
        """Take the value of a control that was changed, and show that feature's curve."""
        st.session_state[CURVE] = name
        self.write_address()

    def take_slider(self, name: str, scale: SliderScale) -> None:
        """Take the value of a slider that was moved."""
        moved = st.session_state[slider_key(self.client, name)]
        st.session_state[control_key(self.client, name)] = scale.rounded(moved)
        self.take(name)

    def show(self, shown: Sequence[str]) -> None:
        """Show the controls of some features."""
        refused = self.refusals()
        for name in shown:
            feature = self.features[name]
            if feature["kind"] == "number":
                self.show_number(feature)
            else:
                label = page_elements.plain(page_elements.label_with_unit(feature))
                self.show_control(feature, label)
            self.show_notes(feature, refused.get(name))

    def show_control(self, feature: Feature, label: str, step: float | None = None) -> Value:
        """Show a number field or a list, and return its value."""
        name = feature["name"]
        return form_controls.control(
            self.words,
            control_key(self.client, name),
            label,
            feature,
            self.typed(name, self.own[name]),
            step,
            on_change=partial(self.take, name),
        )

    def show_number(self, feature: Feature) -> None:
        """Show a number field, and beside it a slider with the same value."""
        label = page_elements.plain(page_elements.label_with_unit(feature))
        scale = slider_scale(feature, self.own[feature["name"]])
        if scale is None:
            self.show_control(feature, label)
            return
        field, slider = st.columns([2, 3], vertical_alignment="bottom")
        with field:
            value = self.show_control(feature, label, scale.step)
        key = slider_key(self.client, feature["name"])
        place = scale.nearest(value)
        if st.session_state.get(key) != place:
            st.session_state[key] = place
        slider.slider(
            self.words("slider", label=label),
            scale.least,
            scale.most,
            step=scale.step,
            format=scale.format,
            key=key,
            label_visibility="collapsed",
            on_change=partial(self.take_slider, feature["name"], scale),
        )

    def show_notes(self, feature: Feature, refusal: str | None) -> None:
        """Show the refusal of the entered value, or the client's own value and the usual ones."""
        if refusal is not None:
            label = feature["label"]
            sentence = page_elements.tagged(refusal, label)
            st.html(f'<p class="desk-refusal" role="alert">⚠ {sentence}</p>')
            return
        own = self.words.exact_value(feature, self.own[feature["name"]])
        note = self.words("own_value", value=own)
        if feature["kind"] == "number" and (usual := values.usual_range(feature)) is not None:
            low, high = sorted(usual, key=scale_of(feature).shown)
            lower = self.words.feature_value(values.without_unit(feature), low)
            upper = self.words.feature_value(feature, high)
            note += " " + self.words("usual", low=lower, high=upper)
        st.html(f'<p class="desk-note">{escape(note, quote=False)}</p>')
