"""Types of the arguments of the code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Elementwise", "Entrywise", "Map", "Scalar", "ScalarMap"]

Array: TypeAlias = npt.NDArray[np.float64]
"""Array of real numbers."""

Elementwise: TypeAlias = Callable[[Any], Any]
"""Function of an array that acts entry by entry, such as `numpy.tanh`."""

Map: TypeAlias = Callable[..., Any]
"""Function of one or several arrays."""

ScalarMap: TypeAlias = Callable[..., float]
"""Function of one or several arrays that returns a number."""

Scalar: TypeAlias = float | np.floating[Any]
"""Real number, Python's or NumPy's."""

Entrywise = TypeVar("Entrywise", float, Array)
"""Real number, or an array that is taken entry by entry; what comes back is of the same kind."""
