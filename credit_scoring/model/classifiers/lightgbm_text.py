"""The trees in LightGBM's text format, and the constants of that format."""

from collections.abc import Mapping

import numpy as np
from lightgbm import Booster

# LightGBM treats magnitudes up to this as zero: the float `kZeroThreshold` of its meta.h.
LIGHTGBM_ZERO = float(np.float32(1e-35))
# Bits of the field decision_type.
CATEGORICAL, DEFAULT_LEFT, ZERO_IS_MISSING, NAN_IS_MISSING = 1, 2, 4, 8


Fields = Mapping[str, str]


def tree_fields(booster: Booster) -> list[Fields]:
    """The fields of each tree as texts, by name."""
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
