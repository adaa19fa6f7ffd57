"""Settings of the register, without SQLAlchemy: the service reads them at each start."""

from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SHORTEST_PEPPER = 16  # characters
LEAST_MONTHS = 6  # that decisions are kept, by article 19 of the AI Act


class RegisterSettings(BaseSettings):
    """Settings, each from the environment variable of its name; an empty one is not set.

    Attributes:
        register_url: the database, ``sqlite:///register.db`` or ``postgresql://…``; None without a
            register. It may hold a password.
        register_pepper: the secret that turns ids of clients into pseudonyms.
        register_keep_months: months after which `retire` may delete decisions; None to keep all.
        audit_keep_months: months after which `retire` may delete audit values; None to keep them as
            long as their decisions.
        challenger_dir: the folder of a challenger, which scores each recorded decision too; None
            without one.
        performance_months: after a decision, in which a default makes the loan bad; see
            docs/monitoring.md.
        lender_name, lender_address, lender_contact: of the lender, in letters.
        lender_agency: name and address of the federal agency that Regulation B's notice names; None
            for a lender whom Regulation B does not bind.
        lender_report_agency: name, address and telephone of the consumer reporting agency whose
            report plays a part; None without one.
        labels_language: the language of `features.csv`, as a code for `lang`, in letters.
    """

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    register_url: SecretStr | None = None
    register_pepper: SecretStr | None = None
    register_keep_months: int | None = Field(default=None, ge=LEAST_MONTHS)
    performance_months: int = Field(default=12, ge=1, le=60)
    audit_keep_months: int | None = Field(default=None, ge=1)
    challenger_dir: Path | None = None
    lender_name: str | None = None
    lender_address: str | None = None
    lender_contact: str | None = None
    lender_agency: str | None = None
    lender_report_agency: str | None = None
    labels_language: str = Field(default="en", pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")

    @field_validator("register_pepper")
    @classmethod
    def _is_secret(cls, pepper: SecretStr | None) -> SecretStr | None:
        """Refuse a secret that can be guessed."""
        if pepper is not None and len(pepper) < SHORTEST_PEPPER:
            raise ValueError(f"a secret of {SHORTEST_PEPPER} characters or more is needed")
        return pepper

    @field_validator("challenger_dir")
    @classmethod
    def _has_register(cls, folder: Path | None, others: ValidationInfo) -> Path | None:
        """Refuse a challenger without recorded decisions, which would score nothing."""
        if folder is not None and others.data.get("register_url") is None:
            raise ValueError("a challenger needs REGISTER_URL")
        return folder
