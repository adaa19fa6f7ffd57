"""The feature dictionary of a bundle that is kept."""

from collections.abc import Sequence

from sqlalchemy import Connection

from credit_scoring.data.artifacts import FEATURES_FILE
from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from credit_scoring.data.features.feature_file import parse_features
from credit_scoring.errors import BadFile
from register.archive.artefacts import contents
from register.stored import StoredBundle


def kept_dictionary(
    connection: Connection, bundle: StoredBundle, names: Sequence[str]
) -> FeatureDictionary | None:
    """The feature dictionary of the day of a decision; None if its file is not kept.

    Args:
        connection: to the register.
        bundle: made the decision.
        names: of the features of the bundle, in their order.
    """
    if (sha256 := bundle.files.get(FEATURES_FILE)) is None:
        return None
    try:
        content = b"".join(contents(connection, FEATURES_FILE, sha256))
        return parse_features(content, names)
    except BadFile:
        return None
