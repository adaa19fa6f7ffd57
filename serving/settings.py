"""Settings of any HTTP service."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServerSettings(BaseSettings):
    """Settings, each read from the environment variable of its name unless that is empty.

    Attributes:
        api_key: accepted keys, separated by commas, whose callers have all roles.
        api_keys_file: the TOML file of callers with names and roles; without it and without a key
            the service is open to everybody.
        max_body_bytes: the largest body of a request, in bytes.
        request_log: true to log a line for each request.
    """

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    api_key: SecretStr = SecretStr("")
    api_keys_file: Path | None = None
    max_body_bytes: int = Field(default=1_000_000, ge=1)
    request_log: bool = True

    @field_validator("api_key")
    @classmethod
    def _names_a_key(cls, api_key: SecretStr) -> SecretStr:
        """Refuse a value without a key, such as a comma, which would open the service."""
        given = api_key.get_secret_value()
        if given and not given.replace(",", "").strip():
            raise ValueError("names no key")
        return api_key

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The accepted keys whose callers have all roles."""
        keys = self.api_key.get_secret_value().split(",")
        return tuple(key.strip().encode() for key in keys if key.strip())

    @property
    def needs_key(self) -> bool:
        """True unless the service is open to everybody."""
        return bool(self.keys) or self.api_keys_file is not None
