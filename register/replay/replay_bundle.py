"""`ReplayBundle`: a kept bundle that is loaded again, and explains as it did when it scored."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from credit_scoring.data.artifacts import MODEL_FILE, REQUIREMENTS_FILE
from credit_scoring.data.tables import Matrix
from credit_scoring.decisions.batch_scoring import BatchScorer
from credit_scoring.errors import BadFile, describe, errors_only, foreign_code, naming
from credit_scoring.explain.peers import Peers, find_peers
from credit_scoring.explain.tree_kernel.acceleration import accelerate
from credit_scoring.model.bundle import Bundle
from credit_scoring.model.loader import load
from credit_scoring.model.reference_scores import reference_scores
from register.archive.description import Description, environment
from register.evidence.compression import EvidenceCodec
from register.replay.kept_files import KeptFiles

CHECKED = 16  # clients whom both `treeshap` and the model's library explain


@dataclass(frozen=True, eq=False)
class Explainer:
    """One way in which the service explains.

    Attributes:
        bundle: its classifier explains applicants.
        peers: explained by the same classifier, or before it was accelerated.
    """

    bundle: Bundle
    peers: Peers


@dataclass(frozen=True, eq=False)
class ReplayBundle:
    """A loaded bundle.

    Attributes:
        kept: its files.
        description: of the bundle and the environment that it was kept in.
        codec: of the evidence.
        plain: explains by the model's own library.
    """

    kept: KeptFiles
    description: Description
    codec: EvidenceCodec
    plain: Bundle

    @classmethod
    def load(cls, kept: KeptFiles) -> "ReplayBundle":
        """Load the files of a bundle.

        Raises:
            BadFile: they cannot be loaded here, or are other files than those that were kept.
        """
        description = kept.description()
        return cls(kept, description, kept.codec(), _loaded(kept, description))

    @property
    def differences(self) -> Mapping[str, tuple[str, str]]:
        """Releases at the time of keeping and here, by name, if they differ."""
        then, here = self.description.versions, environment()
        return {
            name: (then.get(name, "none"), here.get(name, "none"))
            for name in sorted({*then, *here})
            if then.get(name) != here.get(name)
        }

    @cached_property
    def scorer(self) -> BatchScorer:
        """The vectorised scorer, which does not explain."""
        return BatchScorer(self.plain, None, "none")

    @cached_property
    def by_class(self) -> tuple[Matrix, Matrix]:
        """Rising probabilities of the reference clients of class 0 and of class 1."""
        reference = self.plain.reference
        with self._named():
            probabilities = reference_scores(self.plain.scorer, reference)
        class0, class1 = (np.sort(probabilities[members]) for members in reference.by_class)
        return class0, class1

    def explainers(self, *, quick: bool | None) -> Iterator[Explainer]:
        """The ways in which the service may have explained.

        It accelerates explanations before it explains the peers, or afterwards if numba had to
        compile first. So reasons of accelerated explanations have one of two last bits.

        Args:
            quick: as recorded in the evidence.

        Raises:
            BadFile: the reference population cannot be explained.
        """
        if quick and self.plain.classifier.trees is not None:
            yield Explainer(self._accelerated, self._accelerated_peers)
            yield Explainer(self._accelerated, self._plain_peers)
        else:
            yield Explainer(self.plain, self._plain_peers)

    @cached_property
    def _plain_peers(self) -> Peers:
        return self._peers(self.plain)

    @cached_property
    def _accelerated_peers(self) -> Peers:
        return self._peers(self._accelerated)

    @cached_property
    def _accelerated(self) -> Bundle:
        """The bundle, loaded again: an accelerated classifier stays accelerated."""
        bundle = _loaded(self.kept, self.description)
        with self._named(), errors_only():
            accelerate(bundle.classifier, bundle.transformed[:CHECKED])
        return bundle

    def _peers(self, bundle: Bundle) -> Peers:
        with self._named():
            return find_peers(bundle.scorer, bundle.reference, bundle.threshold)

    @contextmanager
    def _named(self) -> Iterator[None]:
        with naming(MODEL_FILE, self.plain.model_file), foreign_code(MODEL_FILE, describe):
            yield


def _loaded(kept: KeptFiles, description: Description) -> Bundle:
    with errors_only():
        bundle = load(kept.files, description.model_sha256)
    expected = {**description.files}
    expected.pop(REQUIREMENTS_FILE, None)  # nothing reads it
    for name in sorted({*expected, *bundle.files}):
        if expected.get(name) != bundle.files.get(name):
            raise BadFile(name, "is not the file that was kept")
    if bundle.features != tuple(description.features):
        raise BadFile(MODEL_FILE, "has other features than those that were kept")
    return bundle
