"""Credit scoring: data, a model, its scores, their reasons and what would change them.

It knows nothing of JSON text, HTTP or databases. Class 1 is a client in default, class 0 a solvent
one; a probability is that of class 1. `model.loader.load(folder)` reads and checks a bundle, which
never changes. pyproject.toml has the order in which packages may import each other.
"""

if __doc__ is None:  # LightGBM would end with a traceback
    raise SystemExit("LightGBM needs docstrings: unset PYTHONOPTIMIZE, and run python without -OO")
