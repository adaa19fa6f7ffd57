"""Settings of the service."""

from pydantic import Field

from credit_scoring.settings import BundleSettings
from serving.settings import ServerSettings


class Settings(ServerSettings, BundleSettings):
    """All settings of the service.

    Attributes:
        kde_swap_classes: true if `/get_kde` calls class 1 `feat0`, as some dashboards expect.
        max_score_bytes: the largest body of `/score`, in bytes.
    """

    kde_swap_classes: bool = False
    max_score_bytes: int = Field(default=20_000_000, ge=1)

    @property
    def class_names(self) -> tuple[str, str]:
        """The names in `/get_kde` of class 0 and of class 1."""
        return ("feat1", "feat0") if self.kde_swap_classes else ("feat0", "feat1")
