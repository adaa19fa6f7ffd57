"""A register's life: all new clients of a folder decided, reviewed, observed, replayed, verified.

    python -m tests.experiments.register.life LETTERS [URL]

RESSOURCES_DIR names the folder. Two callers record a decision on each new client, one half each;
the model is replaced by another one between the halves. 40 decisions are reviewed and 300 have
outcomes. Then `verify` and `replay` run, and ten letters of refused clients are written to the
folder LETTERS in both languages. URL is the register's; a SQLite file without it.
"""

import hashlib
import json
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import joblib
import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import REFERENCE_FILE
from tests.support.bundles.folders import put, without_probabilities, write_metadata
from tests.support.servers.processes import ROOT, inherited
from tests.support.servers.server import RESSOURCES, Server, wait_for

ROLES = {
    "anna": ["score", "decide", "read", "review"],
    "ben": ["score", "decide", "read", "review"],
    "collections": ["outcomes"],
    "audit": ["read", "audit", "score"],
}
REVIEWED, OBSERVED, LETTERS = 40, 300, 10
LENDER = {
    "LENDER_NAME": "Harbour Bank",
    "LENDER_ADDRESS": "1 Quay Street, Port Town",
    "LENDER_CONTACT": "credit.reviews@harbour-bank.example, +1 555 0100",
}


def retrained(folder: Path, out: Path) -> None:
    """Write a folder of the same clients, whose model is fitted again, on fewer trees."""
    shutil.copytree(folder, out)
    pipeline = joblib.load(out / "model.joblib")
    reference = pd.read_csv(out / REFERENCE_FILE, index_col=0)
    pipeline[1].set_params(n_estimators=150, num_leaves=31, learning_rate=0.05, n_jobs=1)
    pipeline[1].fit(np.asarray(pipeline[0].transform(reference)), reference["TARGET"])
    joblib.dump(pipeline, out / "model.joblib")
    without_probabilities(out)
    write_metadata(out)


def keys_file(folder: Path) -> tuple[Path, dict[str, str]]:
    """A file of callers, and the key of each."""
    keys = {name: secrets.token_hex(16) for name in ROLES}
    blocks = [
        f'[[caller]]\nname = "{name}"\nsha256 = "{hashlib.sha256(key.encode()).hexdigest()}"\n'
        f"roles = {json.dumps(ROLES[name])}\n"
        for name, key in keys.items()
    ]
    file = folder / "keys.toml"
    file.write_text("\n".join(blocks))
    file.chmod(0o600)
    return file, keys


class Callers:
    """The callers of one server, each with its key."""

    def __init__(self, url: str, keys: Mapping[str, str]) -> None:
        self.clients = {
            name: httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=60)
            for name, key in keys.items()
        }

    def __call__(self, caller: str, method: str, path: str, **options: Any) -> Any:
        """The decoded answer to a caller."""
        answer = self.clients[caller].request(method, path, **options)
        answer.raise_for_status()
        return answer.json()


def decide(call: Callers, caller: str, clients: list[Any]) -> list[dict[str, Any]]:
    """A recorded decision on each client, each equal to the score."""
    found = []
    for client in clients:
        body = {"client": client, "reference": f"A-{client}"}
        decision = call(caller, "POST", "/decisions", json=body)
        score = call(caller, "POST", "/score", json=body)
        assert list(decision)[:2] == ["id", "at"], list(decision)
        assert {name: decision[name] for name in score} == score
        found.append(decision)
    return found


def review(call: Callers, decisions: list[dict[str, Any]]) -> Counter[str]:
    """Requests and reviews of some decisions: every third one is turned round."""
    said: Counter[str] = Counter()
    for number, decision in enumerate(decisions):
        path = f"/decisions/{decision['id']}"
        statement = {"statement": "My income rose in October."}
        call("ben", "POST", f"{path}/review-requests", json=statement)
        turned = number % 3 == 0
        final = 1 - decision["prediction"] if turned else decision["prediction"]
        body = {"decision": final, "reason": "INCOME_PROVED" if turned else "CONFIRMED"}
        call("anna", "POST", f"{path}/reviews", json=body, headers={"If-Match": '"0"'})
        found = call("ben", "GET", path)
        assert (found["final"], found["reviews"]) == (final, 1), found["final"]
        said["turned round" if turned else "confirmed"] += 1
    return said


def observe(call: Callers, decisions: list[dict[str, Any]]) -> Any:
    """Outcomes of some decisions, half of them by the caller's own number."""
    outcomes = [
        {
            **(
                {"decision": decision["id"]} if number % 2 else {"reference": decision["reference"]}
            ),
            "status": "defaulted" if decision["probability"] > 0.5 else "repaid",
            "observed": str(datetime.now(UTC).date()),
            "definition": "90dpd",
        }
        for number, decision in enumerate(decisions)
    ]
    unknown = {**outcomes[0], "decision": "0198c3a0-0000-7000-8000-000000000000"}
    unknown.pop("reference", None)
    return call("collections", "POST", "/outcomes", json=[*outcomes, unknown])


def command(settings: Mapping[str, str], *arguments: str) -> None:
    """Run a command of the register, and print what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "register", *arguments],
        cwd=ROOT, env=inherited() | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(f"  register {' '.join(arguments)}: exit code {done.returncode}")
    print("".join(f"    {line}\n" for line in (done.stdout + done.stderr).splitlines()), end="")


def write_letters(
    call: Callers, decisions: list[dict[str, Any]], folder: Path
) -> tuple[int, Counter[str]]:
    """Letters of the first refused clients in both languages; all refused ones are tried."""
    folder.mkdir(parents=True, exist_ok=True)
    written, said = 0, Counter[str]()
    for decision in decisions:
        for language in ("en", "fr"):
            path = f"/decisions/{decision['id']}/letter?language={language}"
            answer = call.clients["ben"].get(path)
            said[f"{answer.status_code}"] += 1
            if answer.status_code == 200 and written < 2 * LETTERS:
                (folder / f"{decision['client']}-{language}.html").write_bytes(answer.content)
                written += 1
    return written, said


def main(letters: Path, url: str | None) -> None:
    with tempfile.TemporaryDirectory(prefix="register-life-") as scratch:
        folder, other = Path(scratch, "ressources"), Path(scratch, "other")
        shutil.copytree(RESSOURCES, folder)
        retrained(folder, other)
        file, keys = keys_file(Path(scratch))
        settings = {
            "REGISTER_URL": url or f"sqlite:///{scratch}/register.db",
            "REGISTER_PEPPER": secrets.token_hex(16),
            "API_KEYS_FILE": str(file),
            **LENDER,
        }
        command(settings, "migrate")
        with Server(folder, **settings) as server:
            call = Callers(server.url, keys)
            clients = call("anna", "GET", "/get_ids")["data"]
            half = len(clients) // 2
            wait_for(lambda: call("anna", "GET", "/importance"))
            decisions = decide(call, "anna", clients[:half])
            before = decisions[0]["model"]
            put(other, folder)
            wait_for(lambda: {worker["sha256"]["model.joblib"] for worker in
                              call("audit", "GET", "/model")["workers"]} == {
                hashlib.sha256((other / "model.joblib").read_bytes()).hexdigest()
            })  # fmt: skip
            decisions += decide(call, "ben", clients[half:])
            models = Counter(decision["model"] for decision in decisions)
            print(f"decisions: {len(decisions)}, by model: {dict(models)}")
            assert models[before] == half
            reviewed = review(call, decisions[:: len(decisions) // REVIEWED][:REVIEWED])
            print(f"reviews: {dict(reviewed)}")
            print(f"outcomes: {observe(call, decisions[:OBSERVED])}")
            refused = [decision for decision in decisions if decision["prediction"]]
            written, said = write_letters(call, refused, letters)
            print(f"letters of {len(refused)} refused: {written} written, statuses {dict(said)}")
            print(f"head: {call('audit', 'GET', '/register/head')['head']}")
            command(settings, "verify")
            command(settings, "replay")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
