"""A register that is opened by a machine whose clock is slow."""

from datetime import datetime, timedelta

from register.store import Store


class SlowStore(Store):
    """The register, opened by a machine whose clock is an hour behind."""

    @staticmethod
    def now() -> datetime:
        """The time of the machine."""
        return Store.now() - timedelta(hours=1)
