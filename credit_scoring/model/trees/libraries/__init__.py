"""The trees of each library, read from its own format."""
