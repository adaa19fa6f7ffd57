"""Settings of the service."""

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from credit_scoring.settings import BundleSettings
from register.settings import SHORTEST_PEPPER, RegisterSettings
from serving.settings import ServerSettings


class Settings(ServerSettings, BundleSettings, RegisterSettings):
    """All settings of the service.

    Attributes:
        kde_swap_classes: true if `/get_kde` calls class 1 `feat0`, as some dashboards expect.
        max_score_bytes: the largest body of `/score`, in bytes.
        currency: the symbol or code of the currency, in place of the word `currency` in units.
    """

    kde_swap_classes: bool = False
    max_score_bytes: int = Field(default=20_000_000, ge=1)
    currency: str | None = Field(default=None, pattern=r"^[^\s{}<>&]{1,10}$")
    register_pepper: SecretStr | None = Field(default=None, validate_default=True)

    @field_validator("register_pepper")
    @classmethod
    def _is_there(cls, pepper: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        """Refuse a register without a secret, as ids of clients could be guessed then."""
        if pepper is None and others.data.get("register_url") is not None:
            raise ValueError(f"REGISTER_URL needs a secret of {SHORTEST_PEPPER} characters or more")
        return pepper

    @property
    def class_names(self) -> tuple[str, str]:
        """The names in `/get_kde` of class 0 and of class 1."""
        return ("feat1", "feat0") if self.kde_swap_classes else ("feat0", "feat1")
