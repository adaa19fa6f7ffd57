"""The shapes of a monitoring report."""
