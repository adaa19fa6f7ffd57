"""A letter to a client: its draft, the editor, and the paper that is printed."""
