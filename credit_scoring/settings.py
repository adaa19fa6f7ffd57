"""Settings that say which bundle is loaded, for the service and for commands."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[1]


class BundleSettings(BaseSettings):
    """Settings, each from the environment variable of its name; an empty one is not set.

    Attributes:
        ressources_dir: the folder of the bundle.
        model_sha256: the SHA-256 that the model file must have, whatever `model.json` says.
        fast_explanations: true if LightGBM's trees are explained by `treeshap`.
    """

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    ressources_dir: Path = ROOT / "ressources"
    model_sha256: str | None = Field(default=None, pattern="^[0-9a-fA-F]{64}$")
    fast_explanations: bool = True
