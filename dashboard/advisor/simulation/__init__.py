"""Simulations: an application with other values, and the changes that turn its decision."""
