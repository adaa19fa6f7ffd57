"""The workflow: its commands, triggers and permissions."""

import re
import sys
from pathlib import Path

import pytest

from tests.repository.workflow.workflow import JOBS, STEPS, WORKFLOW, step_using
from tests.support.commands import run
from tests.support.servers.server import ROOT

BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["zizmor", "--offline", "--quiet", "--persona=pedantic", ".github"],
        [
            "check-jsonschema",
            "--builtin-schema=vendor.github-workflows",
            ".github/workflows/ci-cd.yml",
        ],
        ["check-jsonschema", "--builtin-schema=vendor.dependabot", ".github/dependabot.yml"],
        ["shellcheck", "startup.sh", ".ci/run"],
    ],
    ids=" ".join,
)
def test_checker_has_no_finding(command: list[str]):
    done = run(BIN / command[0], *command[1:], cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_push_and_pull_request_is_tested():
    assert WORKFLOW[True] == ["push", "pull_request"]  # YAML 1.1 reads "on" as true
    assert "if" not in JOBS["test"]
    assert any(step.get("run") == ".ci/run" for step in STEPS["test"])


def test_deployment_needs_the_tests_and_a_push_to_main():
    assert JOBS["deploy"]["needs"] == "test"
    assert JOBS["deploy"]["if"] == (
        "github.event_name == 'push' && github.ref == 'refs/heads/main'"
        " && vars.AZURE_WEBAPP_NAME != ''"
    )


def test_needs_name_jobs():
    for job in JOBS.values():
        needs = job.get("needs", [])
        assert set([needs] if isinstance(needs, str) else needs) <= JOBS.keys()


def test_actions_are_pinned_by_commit():
    actions = [step["uses"] for steps in STEPS.values() for step in steps if "uses" in step]
    assert len(actions) == 6
    assert [action for action in actions if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)] == []


def test_permissions_are_the_least():
    assert WORKFLOW["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "test": {"contents": "read"},
        "deploy": {"id-token": "write"},
    }
    assert STEPS["test"][0]["with"] == {"persist-credentials": False}


def test_the_deployed_files_are_the_uploaded_ones():
    kept = step_using("test", "actions/upload-artifact")["with"]
    fetched = step_using("deploy", "actions/download-artifact")["with"]
    deployed = step_using("deploy", "azure/webapps-deploy")["with"]
    assert kept["name"] == fetched["name"]
    assert kept["if-no-files-found"] == "error"
    assert fetched["path"] == deployed["package"] == "service"


@pytest.mark.parametrize("needed", [None, "xgboost-cpu==3.2.0\n", "a==1 # no line end"])
def test_what_the_model_needs_is_installed_by_the_build(tmp_path: Path, needed: str | None):
    (step,) = [step for step in STEPS["deploy"] if "what the model needs" in step.get("name", "")]
    folder = tmp_path / step["working-directory"]
    (folder / "ressources").mkdir(parents=True)
    (folder / "requirements.txt").write_text("numpy==2.4.6")
    if needed:
        (folder / "ressources/requirements.txt").write_text(needed)
    done = run("bash", "-e", "-c", step["run"], cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert lines == ["numpy==2.4.6", *(needed or "").splitlines()]


def test_what_the_register_needs_is_installed_by_the_build_if_the_repository_says_so(
    tmp_path: Path,
):
    (step,) = [step for step in STEPS["deploy"] if "the register needs" in step.get("name", "")]
    assert step["if"] == "vars.REGISTER == 'yes'"
    folder = tmp_path / step["working-directory"]
    (folder / "requirements").mkdir(parents=True)
    (folder / "requirements.txt").write_text("numpy==2.4.6")
    (folder / "requirements/register.txt").write_text("sqlalchemy==2.1.9\n")
    done = run("bash", "-e", "-c", step["run"], cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert lines == ["numpy==2.4.6", "sqlalchemy==2.1.9"]
