"""What whoever runs the service can set."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """Settings, each from the environment variable of its name; an empty one is not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    ressources_dir: Path = ROOT / "ressources"
    model_sha256: str | None = Field(default=None, pattern="^[0-9a-fA-F]{64}$")
    api_key: SecretStr = SecretStr("")
    kde_swap_classes: bool = False
    max_body_bytes: int = Field(default=1_000_000, ge=1)
    max_score_bytes: int = Field(default=20_000_000, ge=1)
    request_log: bool = True
    fast_explanations: bool = True

    @field_validator("api_key")
    @classmethod
    def _names_a_key(cls, api_key: SecretStr) -> SecretStr:
        """Whoever sets keys wants the service closed: one that reads as none must not open it."""
        given = api_key.get_secret_value()
        if given and not given.replace(",", "").strip():
            raise ValueError("names no key")
        return api_key

    @property
    def class_names(self) -> tuple[str, str]:
        """The names in `/get_kde` of class 0 and of class 1."""
        return ("feat1", "feat0") if self.kde_swap_classes else ("feat0", "feat1")

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The accepted keys; none where everybody may ask."""
        keys = self.api_key.get_secret_value().split(",")
        return tuple(key.strip().encode() for key in keys if key.strip())
