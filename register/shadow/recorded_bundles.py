"""`RecordedBundle`: the form of the records of one bundle's decisions."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from register.archive.stored_bundles import read_codec, read_description
from register.database.database import Database
from register.evidence.compression import EvidenceCodec


@dataclass(frozen=True, eq=False)
class RecordedBundle:
    """The form of records of one bundle's decisions.

    Attributes:
        features: names of the raw features, in the order of a record.
        codec: of the evidence.
    """

    features: tuple[str, ...]
    codec: EvidenceCodec


@dataclass(frozen=True, eq=False)
class RecordedBundles:
    """Bundles that are read once.

    Attributes:
        database: of the register.
    """

    database: Database
    _found: dict[int, RecordedBundle] = field(default_factory=dict)

    def of(self, numbers: Iterable[int]) -> dict[int, RecordedBundle]:
        """Bundles by id.

        Args:
            numbers: their ids; each is in the register.

        Raises:
            RegisterAway: the database does not answer.
            UnknownBundle: no bundle has one of the ids.
        """
        for number in set(numbers) - self._found.keys():
            with self.database.reading() as connection:
                features = tuple(read_description(connection, number).features)
                self._found[number] = RecordedBundle(features, read_codec(connection, number))
        return self._found
