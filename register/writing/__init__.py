"""One thread a process writes to the register: what waits is one transaction and one block.

Threads: callers put entries; the writer's thread takes all that wait, writes and answers; the
watchdog answers those that waited too long, and cuts an operation that hangs. Each entry is
answered by one of them, the first to mark it. What holds in every order of events:

- An entry is acknowledged by the writer's thread only, after COMMIT succeeded or its block was
  found in the database.
- Before COMMIT is sent, the writer's thread checks under the lock that no entry of the
  transaction was answered and that it was not cut. If one was, it rolls back and writes the
  others again. So an entry that was refused before COMMIT is never written.
- An entry that is refused after COMMIT was sent may be there, and its message says so. The
  writer writes no other entry before `Stream.resume` has found out. A later call with the same
  Idempotency-Key then finds the key taken, or is written.
- `Database.cut` is called during the operation that it is meant for: the next one waits for it.
- After an error the entries that still wait are written once more, if the database answers at
  once. If that fails too, all are refused, and the register is away until `resume` succeeds.
"""
