"""`python -m training adopt`: a folder that the service loads, from a model that a team has."""
