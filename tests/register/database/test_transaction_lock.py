"""The lock around transactions, between processes and threads."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import enumerate as threads

import pytest

from register.database.file.transaction_lock import WAITS, TransactionLock
from register.errors import RegisterAway
from tests.support.servers.server import wait_for


@pytest.fixture
def locks(tmp_path: Path):
    """Two locks on one file, as of two processes."""
    locks = [TransactionLock(tmp_path / "lock") for _ in range(2)]
    yield locks
    for lock in locks:
        lock.close()


def is_free(lock: TransactionLock, seconds: float = 60) -> bool:
    try:
        with lock.held(seconds):
            return True
    except RegisterAway:
        return False


def waiting_threads() -> int:
    return sum(thread.name == WAITS for thread in threads())


def test_one_holds_it_at_a_time(locks: list[TransactionLock]):
    first, second = locks
    with first.held(0):
        assert not is_free(second, 0)
    assert is_free(second)
    assert is_free(first)


def test_it_is_passed_on_to_the_one_that_waits(locks: list[TransactionLock]):
    first, second = locks
    with ThreadPoolExecutor(1) as pool:
        with first.held(0):
            waiting = pool.submit(is_free, second)
            wait_for(lambda: waiting_threads() == 1)
            assert not waiting.done()
        assert waiting.result(60)


def test_who_gave_up_leaves_no_lock_and_one_thread(locks: list[TransactionLock]):
    first, second = locks
    with first.held(0):
        for _ in range(5):
            assert not is_free(second, 0)
        assert waiting_threads() == 1
    wait_for(lambda: waiting_threads() == 0)
    assert is_free(first)
    assert is_free(second)


def test_who_waits_again_gets_it(locks: list[TransactionLock]):
    first, second = locks
    with ExitStack() as stack:
        stack.enter_context(first.held(0))
        assert not is_free(second, 0)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(is_free, second)
            wait_for(waiting.running)
            stack.close()
            assert waiting.result(60)
    assert is_free(first)


def test_a_file_that_cannot_be_opened(tmp_path: Path):
    lock = TransactionLock(tmp_path / "missing/lock")
    with pytest.raises(RegisterAway) as raised, lock.held(0):
        pass
    assert str(raised.value) == "the register's lock file: No such file or directory"
