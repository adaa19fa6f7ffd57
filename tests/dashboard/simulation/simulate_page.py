"""The page of simulations, as tests read and fill it."""

import json
import re
from typing import NamedTuple

from streamlit.testing.v1 import AppTest

from advisor.service_client.response_models import Counterfactual, Record
from advisor.service_client.service_api import ServiceApi
from advisor.simulation.values import allowed_range

LOAN, INCOME = "AMT_CREDIT", "AMT_INCOME_TOTAL"
NUMBER = r"\u2212?[\d,.]*\d"


class Suggestion(NamedTuple):
    """A suggestion of one number, as its button writes it."""

    label: str
    value: float
    icon: str
    risk: str
    limit: str | None  # only if it is as near as to need a decimal


def suggestions(page: AppTest) -> list[Suggestion]:
    buttons = [each.label for each in page.main.button if str(each.key).startswith("try_")]
    found = [
        re.fullmatch(
            rf"(.*) ({NUMBER})(?:\u00a0\w+)? → (.) ({NUMBER})(?: \(limit ({NUMBER})\))?", label
        )
        for label in buttons
    ]
    return [
        Suggestion(each[1], float(each[2].replace(",", "")), each[3], each[4], each[5])
        for each in found
        if each is not None
    ]


def control_key(client: int, name: str) -> str:
    return f"simulate_{client}_{name}"


def slider_key(client: int, name: str) -> str:
    return f"simulate_slider_{client}_{name}"


def changes_in_address(page: AppTest) -> Record:
    changes: Record = json.loads(page.query_params.get("changes", "{}"))
    return changes


def allowed(api: ServiceApi, client: int) -> list[Counterfactual]:
    """The counterfactuals whose value the form accepts."""
    features = {each["name"]: each for each in api.features()}
    record = api.record(client)
    found = []
    for each in api.counterfactuals(client)["alternatives"]:
        low, high = allowed_range(features[each["feature"]], record[each["feature"]])
        if low <= each["value"] <= high:
            found.append(each)
    return found
