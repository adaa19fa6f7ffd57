"""The words of letters, one module a language."""
