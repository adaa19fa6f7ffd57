"""Kinds of fitted classifiers, one file each."""
