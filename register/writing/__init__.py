"""One thread a process writes to the register: what waits is one transaction and one block."""
