"""The folder that the service will load."""
