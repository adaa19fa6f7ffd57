"""The model's page and the letter: figures, hashes and words of the service."""

import datetime

from advisor.client import Service
from advisor.formats import Words
from tests.dashboard.conftest import Open, pictures, words_of

EN = Words("en")


def test_the_model_in_use_and_its_quality(open_page: Open, asked: Service):
    facts = asked.model()
    page = open_page("model")
    said = words_of(page)
    for file, sha256 in facts["sha256"].items():
        assert f">{file}</th>" in said
        assert f">{sha256}<" in said
    quality = facts["facts"]["quality"]
    assert f"AUC {quality['auc']:.3f}, between {quality['auc_95_low']:.3f}" in said
    for each in quality["bins"]:
        assert f">{EN.percent(each['mean_pd'], 1)}</th>" in said
        assert f">{EN.percent(each['default_rate'], 1)}<" in said
    for rows in quality["groups"].values():
        for row in rows:
            assert f">{row['false_positive_rate']:.3f}<" in said
    assert ">up to \u221255.3\u00a0years</th>" in said  # up to -20189 days
    assert all(sentence in said for sentence in pictures(page))


def test_drift_is_the_services(open_page: Open, asked: Service):
    drift = asked.drift()
    said = words_of(open_page("model"))
    assert f"index {drift['score']['index']:.3f}; chance alone gives" in said
    for each in drift["features"][:15]:
        row = said.partition(f">{each['label']}</th>")[2].partition("</tr>")[0]
        assert f">{each['index']:.3f}<" in row


def test_the_letter_has_reasons_model_and_date(open_page: Open, asked: Service, refused: int):
    score = asked.score({"client": refused})
    page = open_page("letter", refused)
    (text,) = [code.value for code in page.main.code]
    for number, reason in enumerate(score["reasons"], 1):
        assert f"\n{number}. {reason['text']}.\n" in text
    assert text.startswith("DRAFT, to be read and decided by an advisor")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    assert f"Model {score['model']}, {today}." in text
    assert "Refused: " in text
    assert "An advisor reads it" in page.main.warning[0].value
    assert len(page.main.download_button) == 1


def test_a_letter_of_an_accepted_client_gives_no_reasons(open_page: Open, accepted: int):
    (code,) = open_page("letter", accepted).main.code
    assert "The principal reasons" not in code.value
    assert "Accepted: " in code.value
