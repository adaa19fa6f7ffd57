"""LightGBM's C function for single rows; no other module uses private names of LightGBM.

LightGBM's Python wrappers prepare each call anew, which takes several times as long as its trees.
"""

import ctypes
import weakref

from lightgbm import Booster
from lightgbm.basic import (  # type: ignore[attr-defined]
    _C_API_DTYPE_FLOAT64,
    _C_API_PREDICT_NORMAL,
    _LIB,
    _safe_call,
)

from credit_scoring.data.tables import Matrix


class SingleRowPredictor:
    """The probability of class 1 for one row, to the same bits as `Booster.predict`."""

    def __init__(self, booster: Booster) -> None:
        """Prepare the calls for a booster."""
        self._booster = booster  # must live as long as the prepared call
        self._prepared = ctypes.c_void_p()
        _safe_call(
            _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster._handle,
                ctypes.c_int(_C_API_PREDICT_NORMAL),
                ctypes.c_int(0),  # from the first tree
                ctypes.c_int(booster.best_iteration),  # to the best one, or the last
                ctypes.c_int(_C_API_DTYPE_FLOAT64),
                ctypes.c_int32(booster.num_feature()),
                b"num_threads=1",
                ctypes.byref(self._prepared),
            )
        )
        weakref.finalize(self, _LIB.LGBM_FastConfigFree, self._prepared)

    def __call__(self, row: Matrix) -> float:
        """Score a row of contiguous doubles, shape (n,)."""
        probability, length = ctypes.c_double(), ctypes.c_int64()
        _safe_call(
            _LIB.LGBM_BoosterPredictForMatSingleRowFast(
                self._prepared,
                ctypes.c_void_p(row.ctypes.data),
                ctypes.byref(length),
                ctypes.byref(probability),
            )
        )
        return probability.value
