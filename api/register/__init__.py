"""Requests and responses of the routes of the register."""
