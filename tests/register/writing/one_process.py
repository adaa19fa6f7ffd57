"""A process that writes decisions, and prints the ids of those that are acknowledged.

    python -m tests.register.writing.one_process URL BUNDLE CALLS

It has four callers; an error of one of them ends the process with another code than 0.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from register.database.opening import open_database
from register.writing.queue import waiting, watchdog
from register.writing.writer import Writer
from tests.register.writing.entries import decisions, ids_of

CALLERS = 4
AUDIT = {"sex": "female", "age_band": "35-44"}


def main(url: str, bundle: int, calls: int) -> None:
    waiting.MOST_SECONDS = watchdog.OPERATION_SECONDS = 60.0  # a busy machine needs more
    writer = Writer(open_database(url))

    def call(_: int) -> None:
        entry = decisions(bundle, audit=AUDIT)
        writer.put(entry).result(60)
        sys.stdout.write(f"{ids_of(entry)[0]}\n")
        sys.stdout.flush()

    with ThreadPoolExecutor(CALLERS) as threads:
        pending = []
        for number in range(calls):
            pending.append(threads.submit(call, number))
            if len(pending) >= CALLERS:
                pending.pop(0).result()
        for future in pending:
            future.result()
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
