"""Fitted classifiers behind one protocol, one file a kind."""
