"""The lender, as the head of a letter that the dashboard writes: settings of its environment."""

import os
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Sender:
    """The lender's details; each is empty if it is not set, and may have several lines."""

    name: str = ""
    address: str = ""
    contact: str = ""

    @classmethod
    def of_environment(cls) -> "Sender":
        """The sender of the settings, which have the names that the service's register reads."""
        names = ("LENDER_NAME", "LENDER_ADDRESS", "LENDER_CONTACT")
        return cls(*(os.environ.get(name, "").strip() for name in names))

    @property
    def parts(self) -> list[str]:
        """The details that are set."""
        return [part for part in (self.name, self.address, self.contact) if part]

    @property
    def text(self) -> str:
        """The details above a letter's text; empty without any."""
        return "".join(f"{part}\n" for part in self.parts) + "\n" * bool(self.parts)

    @property
    def html(self) -> str:
        """The details as the head of the paper; empty without any."""
        lines = "".join(f"<p>{escape(part)}</p>" for part in self.parts)
        return f"<header>{lines}</header>" if lines else ""
