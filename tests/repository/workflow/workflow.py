"""The workflow, and how its commands are run."""

import yaml

from tests.support.servers.server import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci-cd.yml").read_text())
JOBS = WORKFLOW["jobs"]
STEPS = {name: job["steps"] for name, job in JOBS.items()}


def step_using(job: str, action: str) -> dict:
    return next(step for step in STEPS[job] if step.get("uses", "").startswith(action))
