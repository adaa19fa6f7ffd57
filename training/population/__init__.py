"""A simulated population of Home Credit's shape."""
