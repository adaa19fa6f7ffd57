"""Parts that several commands share, and the reader of one."""
