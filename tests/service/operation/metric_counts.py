"""The samples of /metrics."""

from collections import Counter

from prometheus_client.parser import text_string_to_metric_families

from tests.support.servers.server import AnyServer


def counts(server: AnyServer, **headers: str) -> Counter:
    """Each sample of /metrics by its name and its labels' values."""
    answer = server.get("/metrics", headers=headers)
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found = Counter()
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = [sample.labels[name] for name in sorted(sample.labels)]
            found[sample.name, *labels] += sample.value
    return found
