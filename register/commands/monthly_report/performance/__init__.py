"""Sections about the end of loans: ranks, probabilities, grades, vintages, estimates."""
