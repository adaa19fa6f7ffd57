"""The bundle at work: its settings, its reload, and its responses, queued and cached."""
