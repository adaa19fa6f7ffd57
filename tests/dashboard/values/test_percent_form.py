"""A share that may change is typed in percent, and sent as it is stored.

No shipped share may change; these are the shipped clients with another features.csv.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor import session
from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.response_models import Application
from advisor.service_client.service_api import ServiceApi
from advisor.simulation import suggestions
from advisor.statements import decision
from tests.dashboard.changed_features import with_changed_features
from tests.dashboard.conftest import PageOpener, service_in_process, text_of
from tests.dashboard.simulation.simulate_page import changes_in_address, control_key, slider_key

EN = Words("en")
SHARE = "PAYMENT_RATE"


@pytest.fixture(scope="module")
def share_api(
    small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceApi]:
    """The service of clients whose instalment may change as a share of the loan only."""

    def changed(row: dict[str, str]) -> dict[str, str]:
        return {"change": "any" if row["name"] == SHARE else "none"}

    to = tmp_path_factory.mktemp("shares") / "ressources"
    folder = with_changed_features(small_bundle_folder, to, changed)
    with service_in_process(folder) as api:
        yield api


@pytest.fixture
def open_share_page(
    share_api: ServiceApi, open_page: PageOpener, monkeypatch: pytest.MonkeyPatch
) -> PageOpener:
    monkeypatch.setattr(session, "service_api", lambda: share_api)
    return open_page


def test_an_untouched_share_is_no_change(open_share_page: PageOpener, share_api: ServiceApi):
    for client in share_api.ids()[:20]:
        page = open_share_page("simulate", client)
        own = share_api.record(client)[SHARE]
        assert page.main.number_input(key=control_key(client, SHARE)).value == pytest.approx(
            100 * own
        )
        assert "With the changes" not in text_of(page)
        assert "changes" not in page.query_params


def test_a_typed_percentage_is_sent_as_a_ratio(open_share_page: PageOpener, share_api: ServiceApi):
    client = share_api.ids()[0]
    page = open_share_page("simulate", client)
    field = page.main.number_input(key=control_key(client, SHARE))
    assert field.label.endswith("(%)")
    field.set_value(7.93).run()
    assert changes_in_address(page) == {SHARE: 0.0793}
    assert page.main.slider(key=slider_key(client, SHARE)).value == pytest.approx(7.93)
    after = share_api.score({"client": client, "changes": {SHARE: 0.0793}})
    text = text_of(page)
    assert decision.verdict(EN, after) in text
    page.main.slider(key=slider_key(client, SHARE)).set_value(5.5).run()
    assert page.main.number_input(key=control_key(client, SHARE)).value == 5.5
    assert changes_in_address(page) == {SHARE: 0.055}


def test_a_link_keeps_every_digit(
    open_share_page: PageOpener, share_api: ServiceApi, sent_applications: list[Application]
):
    client, value = share_api.ids()[0], 0.07123456789012345
    page = open_share_page("simulate", client, changes={SHARE: value})
    assert {"client": client, "changes": {SHARE: value}} in sent_applications
    page.main.radio(key="language").set_value("fr").run()
    assert changes_in_address(page) == {SHARE: value}
    page.main.radio(key="language").set_value("en").run()
    assert sent_applications[-1].get("changes") in ({SHARE: value}, None)


def test_a_refused_percentage_names_the_range_in_percent(
    open_share_page: PageOpener, share_api: ServiceApi
):
    client = share_api.ids()[0]
    page = open_share_page("simulate", client)
    page.main.number_input(key=control_key(client, SHARE)).set_value(790.0).run()
    refusal = text_of(page).partition('role="alert">')[2].partition("</p>")[0]
    assert refusal.count("\u00a0%") == 2
    assert "changes" not in page.query_params


def test_a_suggested_share_is_taken_exactly(open_share_page: PageOpener, share_api: ServiceApi):
    client, each = next(
        (client, found[0])
        for client in share_api.ids()
        if (
            found := suggestions.find(
                EN,
                PinnedService(share_api),
                client,
                share_api.score({"client": client}),
            )
        )
    )
    assert "\u00a0%" in each.short
    page = open_share_page("simulate", client)
    page.main.button(key="try_0").click().run()
    assert changes_in_address(page) == each.changes
    assert decision.verdict(EN, each.after) in text_of(page)
