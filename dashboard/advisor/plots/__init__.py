"""Pictures of features and of scores along a feature."""
