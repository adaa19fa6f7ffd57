"""The worker processes of a server, and what they share."""
