"""The lender as the sender of letters."""

from dataclasses import dataclass

from register.errors import LetterHeld
from register.letter.markup import lines
from register.settings import RegisterSettings


@dataclass(frozen=True)
class Sender:
    """The lender, as it signs letters: lines of HTML."""

    name: str
    address: str
    contact: str

    @classmethod
    def of_settings(cls, lender: RegisterSettings) -> "Sender":
        """The sender of the settings.

        Raises:
            LetterHeld: one of them is not set.
        """
        details = {
            "LENDER_NAME": lender.lender_name,
            "LENDER_ADDRESS": lender.lender_address,
            "LENDER_CONTACT": lender.lender_contact,
        }
        if missing := [name for name, text in details.items() if not (text and text.strip())]:
            raise LetterHeld(f"letters cannot be written before {' and '.join(missing)} is set")
        return cls(*(lines(text or "") for text in details.values()))
