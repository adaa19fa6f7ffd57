"""The table of a team: its cells, outcomes and columns."""
