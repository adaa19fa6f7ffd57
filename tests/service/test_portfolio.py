"""A portfolio's figures beside those of a real server, asked for the same raw records."""

import json

import orjson

from credit_scoring.data.artifacts import ID, NEW_FILE
from portfolio.output.part import PartRecord
from portfolio.worker import score_chunk
from tests.support.portfolio import chunks_of, job_of, read_parts, rows_unlike


def test_figures_are_what_the_server_answers_for_the_records(server, sound, tmp_path):
    job = job_of(sound, tmp_path)
    for chunk in chunks_of(sound / NEW_FILE, 6_000):
        assert isinstance(score_chunk(job, chunk), PartRecord)
    rows = read_parts(tmp_path)
    records = [
        json.loads(server.ask_json(f"/get_test?param_name={client}")["data"]) for client in rows[ID]
    ]
    assert len(records) == 60
    assert any(None in record.values() for record in records)
    body = orjson.dumps([{"record": record} for record in records])
    assert rows_unlike(rows, server.ask_json("/score", body), "all") == []
