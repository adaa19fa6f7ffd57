"""What a saved LightGBM model says of its trees, and LightGBM's numbers in it."""

from collections.abc import Mapping

import numpy as np
from lightgbm import Booster

# Values up to here are zero for LightGBM: `kZeroThreshold` of its include/LightGBM/meta.h, a float.
LIGHTGBM_ZERO = float(np.float32(1e-35))
# Bits of decision_type.
CATEGORICAL, DEFAULT_LEFT, ZERO_IS_MISSING, NAN_IS_MISSING = 1, 2, 4, 8


Fields = Mapping[str, str]


def tree_fields(booster: Booster) -> list[Fields]:
    """The fields of each tree, by name, as the texts that they are saved as."""
    trees: list[dict[str, str]] = []
    for line in booster.model_to_string().splitlines():
        name, is_field, value = line.partition("=")
        if name == "Tree":
            trees.append({})
        elif name == "end of trees":
            break
        elif trees and is_field:
            trees[-1][name] = value
    return list[Fields](trees)
