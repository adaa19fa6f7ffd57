"""Facts of the service's model that tests of new applications need."""

import pytest

from advisor.service_client.service_api import ServiceApi
from advisor.walk_in.feature_weights import FeatureWeights


@pytest.fixture(scope="module")
def weights(api: ServiceApi) -> FeatureWeights:
    """The model's weight on what may be entered."""
    return FeatureWeights.of({each["name"]: each for each in api.features()}, api.importance())


@pytest.fixture(scope="module")
def total(api: ServiceApi) -> int:
    """The number of features."""
    return len(api.features())


@pytest.fixture(scope="module")
def short_form(api: ServiceApi, weights: FeatureWeights) -> list[str]:
    """The features of the short form."""
    return weights.short_form({each["name"]: each for each in api.features()})
