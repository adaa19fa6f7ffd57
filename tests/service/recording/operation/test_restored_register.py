"""Another register takes the place of the file while the service runs: a restored backup, say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from main import Application
from register.verification.verification import verify
from tests.service.recording.asking import PEPPER, migrated, opened
from tests.support.servers.application import application
from tests.support.servers.server import wait_for


def test_the_bundle_is_archived_again(
    new_app: Callable[..., Application], small_bundle_folder: Path, tmp_path: Path
):
    """The backup has another bundle under the id that this service has for its own."""
    other = small_bundle_folder  # scored by another service, with faster explanations
    backup = migrated(f"sqlite:///{tmp_path}/backup.db")
    earlier = application(
        ressources_dir=other, register_url=backup, register_pepper=PEPPER, fast_explanations=True
    )
    http = opened(earlier)
    first = recorded(http)
    earlier.service.register.close()
    app = new_app(migrated(f"sqlite:///{tmp_path}/register.db"))
    http = opened(app)
    recorded(http)
    (tmp_path / "backup.db").replace(tmp_path / "register.db")
    decision = recorded(http)
    bundles = [http.get(f"/decisions/{of['id']}").json()["bundle"] for of in (first, decision)]
    assert bundles[0]["model"] == bundles[1]["model"]
    assert bundles[0]["sha256"] != bundles[1]["sha256"]
    assert verify(app.service.register.store.database).problems.lines == []


def recorded(http: httpx.Client) -> dict[str, Any]:
    """A recorded decision, as soon as one can be recorded."""
    client = http.get("/get_ids").json()["data"][0]

    def decide() -> dict[str, Any] | None:
        answer = http.post("/decisions", json={"client": client})
        assert answer.status_code in (201, 503), answer.text
        return answer.json() if answer.status_code == 201 else None

    return wait_for(decide)
