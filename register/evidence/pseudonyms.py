"""Pseudonyms of clients: HMAC-SHA256 of their ids, of which 16 bytes are kept (RFC 2104, 5)."""

import hmac
from typing import TYPE_CHECKING

from register.evidence.chain import canonical

if TYPE_CHECKING:  # it would import pandas, which takes half a second
    from credit_scoring.data.table_files.client_ids import ClientId

LENGTH = 16  # bytes


def pseudonym(pepper: bytes, kind: str, identifier: "ClientId") -> bytes:
    """The pseudonym of an identifier.

    Args:
        pepper: the secret of the register.
        kind: ``client`` or ``reference``.
        identifier: a client's id, or the caller's own number; 7 and "7" differ.
    """
    return hmac.digest(pepper, canonical([kind, identifier]), "sha256")[:LENGTH]


def pepper_mark(pepper: bytes) -> bytes:
    """The mark of a pepper, which a register keeps so that another one is noticed."""
    return pseudonym(pepper, "register", "pepper")
