"""Known functions: what the machinery knows of each beside its definition, a row for each.

The building blocks prove the slopes and the symmetries from the definitions, where no row is used.
What the core knows of these functions stands in a table of its own, as it imports nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import sympy as sp

__all__ = ["ABOVE", "KNOWN", "KnownFunction", "Signs"]

Signs: TypeAlias = frozenset[int]
"""What is known of the sign of a number: those of -1, 0 and 1 that it may be."""

ABOVE: Signs = frozenset({1})

SignsOf = Callable[[Callable[[Any], Signs], Any], Signs]
"""Signs of a function, from how signs are told and what it is applied to."""


class KnownFunction(NamedTuple):
    """What is known of a function, at a number u.

    Attributes
    ----------
    numpy : callable
        Its value, in floating point; that of an array is taken entry by entry, or as a whole.
    signs : tuple of callable
        Signs of its value and of its slopes, by their order; of others nothing is known.
    slope : callable, optional
        Its slope, from its value and from u.
    at : tuple of (point, value), optional
        A number at which its value is known without rounding.
    mirrored : callable, optional
        Its value at -u, from that at u.
    by_exp : callable, optional
        Its value by an exponential function, which is given, and u.
    sympy : str, optional
        What it is in SymPy.
    mutant, mutant_in_code : str, optional
        Function that stands in its place where a formula, or code, is broken on purpose.
    domain : str, optional
        What u must be, that there is a value.
    kinked : bool, optional
        Whether it has no slope at zero.
    power_at_name : bool, optional
        Whether its powers are written after its name.
    """

    numpy: Callable[[Any], Any]
    signs: tuple[SignsOf, ...]
    slope: Callable[[Any, Any], Any] | None = None
    at: tuple[sp.Expr, sp.Expr] | None = None
    mirrored: Callable[[Any], Any] | None = None
    by_exp: Callable[[Callable[[Any], Any], Any], Any] | None = None
    sympy: str = ""
    mutant: str = ""
    mutant_in_code: str = ""
    domain: Literal["", "positive"] = ""
    kinked: bool = False
    power_at_name: bool = False


def _above(signs: Any, u: Any) -> Signs:
    return ABOVE


def _logistic(u: Any) -> Any:
    small = np.exp(-np.abs(u))  # which does not overflow
    return np.where(np.asarray(u) >= 0, 1.0, small) / (1 + small)


KNOWN = {
    "exp": KnownFunction(
        numpy=np.exp,
        signs=(_above, _above),
        slope=lambda y, u: y,
        at=(sp.S.Zero, sp.S.One),
        sympy="sp.exp",
        mutant="tanh",
        mutant_in_code="tanh",
    ),
    "log": KnownFunction(
        numpy=np.log,
        signs=(lambda signs, u: signs(u - 1),),
        slope=lambda y, u: 1 / u,
        at=(sp.S.One, sp.S.Zero),
        sympy="sp.log",
        domain="positive",
    ),
    "tanh": KnownFunction(
        numpy=np.tanh,
        signs=(lambda signs, u: signs(u), _above),
        slope=lambda y, u: 1 - y**2,
        at=(sp.S.Zero, sp.S.Zero),
        mirrored=lambda y: -y,
        by_exp=lambda exp, u: 1 - 2 / (1 + exp(2 * u)),
        sympy="sp.tanh",
        mutant="sigmoid",
        mutant_in_code="exp",
        power_at_name=True,
    ),
    "sigmoid": KnownFunction(
        numpy=_logistic,
        signs=(_above, _above),
        slope=lambda y, u: y * (1 - y),
        at=(sp.S.Zero, sp.S.Half),
        mirrored=lambda y: 1 - y,
        by_exp=lambda exp, u: 1 / (1 + exp(-u)),
        mutant="tanh",
        mutant_in_code="tanh",
    ),
    "relu": KnownFunction(
        numpy=lambda u: np.maximum(u, 0),
        signs=(lambda signs, u: frozenset(max(sign, 0) for sign in signs(u)),),
        kinked=True,
    ),
    "softmax": KnownFunction(
        numpy=lambda u: np.exp(u) / np.sum(np.exp(u)),
        signs=(_above,),
    ),
}
