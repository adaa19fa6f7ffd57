"""The rows of a portfolio, against the scores of a server for the same raw records."""

import json

import orjson

from credit_scoring.data.artifacts import ID, NEW_FILE
from portfolio.output.part import PartRecord
from portfolio.worker import score_chunk
from tests.support.portfolio import chunks_of, job_of, read_parts, rows_unlike


def test_rows_of_a_portfolio_are_the_scores_of_the_server(server, small_bundle_folder, tmp_path):
    job = job_of(small_bundle_folder, tmp_path)
    for chunk in chunks_of(small_bundle_folder / NEW_FILE, 6_000):
        assert isinstance(score_chunk(job, chunk), PartRecord)
    rows = read_parts(tmp_path)
    records = [
        json.loads(server.ask_json(f"/get_test?param_name={client}")["data"]) for client in rows[ID]
    ]
    assert len(records) == 60
    assert any(None in record.values() for record in records)
    body = orjson.dumps([{"record": record} for record in records])
    assert rows_unlike(rows, server.ask_json("/score", body), "all") == []
