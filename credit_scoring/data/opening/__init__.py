"""The model file of a bundle: recognised, checked and opened."""
