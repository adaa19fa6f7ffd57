"""The first page: the parts around the decision on a client."""
