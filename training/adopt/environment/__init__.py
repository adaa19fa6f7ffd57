"""The environment in which a team's model gives its probabilities."""
