"""The page of the model and the page of a letter: figures, hashes and words of the service."""

import datetime
from typing import Any

import pytest

from advisor.formats import Words
from advisor.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, chart_texts, table_row, text_of

EN = Words("en")


class TestModelPage:
    @pytest.fixture
    def text(self, open_page: PageOpener) -> str:
        return text_of(open_page("model"))

    @pytest.fixture
    def quality(self, api: ServiceApi) -> dict[str, Any]:
        return api.model()["facts"]["quality"]

    def test_it_has_the_hash_of_each_file(self, text: str, api: ServiceApi):
        for file, sha256 in api.model()["sha256"].items():
            assert f">{file}</th>" in text
            assert f">{sha256}<" in text

    def test_it_has_the_auc(self, text: str, quality: dict[str, Any]):
        assert f"AUC {quality['auc']:.3f}, between {quality['auc_95_low']:.3f}" in text

    def test_it_has_the_calibration(self, text: str, quality: dict[str, Any]):
        for each in quality["bins"]:
            assert f">{EN.percent(each['mean_pd'], 1)}</th>" in text
            assert f">{EN.percent(each['default_rate'], 1)}<" in text

    def test_it_has_decisions_by_group(self, text: str, quality: dict[str, Any]):
        for rows in quality["groups"].values():
            for row in rows:
                assert f">{row['false_positive_rate']:.3f}<" in text
        assert ">up to \u221255.3\u00a0years</th>" in text  # up to -20189 days

    def test_every_chart_has_its_sentence_below_it(self, open_page: PageOpener):
        page = open_page("model")
        text = text_of(page)
        assert all(sentence in text for sentence in chart_texts(page))

    def test_stability_is_the_services(self, text: str, api: ServiceApi):
        report = api.psi_report()
        assert f"index {report['score']['index']:.3f}; chance alone gives" in text
        for each in report["features"][:15]:
            assert f">{each['index']:.3f}<" in table_row(text, each["label"])


class TestLetterPage:
    def test_a_refusal_has_reasons_model_and_date(
        self, open_page: PageOpener, api: ServiceApi, refused_client: int
    ):
        score = api.score({"client": refused_client})
        (code,) = open_page("letter", refused_client).main.code
        for number, reason in enumerate(score["reasons"], 1):
            assert f"\n{number}. {reason['text']}.\n" in code.value
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        assert f"Model {score['model']}, {today}." in code.value
        assert "Refused: " in code.value

    def test_it_is_a_draft(self, open_page: PageOpener, refused_client: int):
        page = open_page("letter", refused_client)
        (code,) = page.main.code
        assert code.value.startswith("DRAFT, to be read and decided by an advisor")
        assert "An advisor reads it" in page.main.warning[0].value
        assert len(page.main.download_button) == 1

    def test_an_acceptance_has_no_reasons(self, open_page: PageOpener, accepted_client: int):
        (code,) = open_page("letter", accepted_client).main.code
        assert "The principal reasons" not in code.value
        assert "Accepted: " in code.value
