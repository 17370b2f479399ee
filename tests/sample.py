"""Numbers for what is written on symbols, so that algebra can be compared with NumPy."""

from zlib import crc32

import numpy as np
import sympy as sp

import rnnnotes.notation  # noqa: F401 -- declares the sizes
from rnnnotes.book.language.symbols import SIZES
from rnnnotes.book.values import tape
from rnnnotes.book.values.draws import Draws
from rnnnotes.book.values.entries import exact

NUMBERS = dict(zip([*SIZES], (2, 3, 4, 5, 6, 7, 8, 10, 9, 11, 12, 13, 14, 15, 16, 17), strict=True))
"""Numbers of the sizes: no two are equal, and a kernel has a middle."""


class Sample:
    """A number for each leaf of a ledger of symbols, and so for all that is computed from them."""

    def __init__(self, ledger, seed=0):
        self.ledger, self.seed, self.known = ledger, seed, {}
        self.functions = Draws([0], 1, seed)

    def number(self, symbol):
        """Value of a leaf, node or atom."""
        if symbol not in self.known:
            self.known[symbol] = self._number(symbol)
        return self.known[symbol]

    def _number(self, symbol):
        if symbol in self.ledger.nodes:
            return self.evaluate(self.ledger.nodes[symbol].value)
        if symbol in self.ledger.atoms:
            return self._atom(self.ledger.atoms[symbol])
        drawn = np.random.default_rng([self.seed, crc32(symbol.name.encode())]).standard_normal()
        return abs(drawn) + 0.001 if symbol.is_positive else drawn

    def _atom(self, atom):
        points = [tape.leaf(np.array([self.evaluate(argument)])) for argument in atom.arguments]
        value = self.functions.apply(atom.name, *points)
        for point, order in zip(points, atom.orders, strict=True):
            for _ in range(order):
                (value,) = tape.gradient(value, [point])
        return float(np.ravel(value.value)[0])

    def evaluate(self, expr):
        """Value of an expression in symbols of the ledger."""
        symbols = sorted(expr.free_symbols, key=str)
        return float(sp.lambdify(symbols, expr, "math")(*map(self.number, symbols)))

    def floats(self, array):
        """Values of an array of entries."""
        evaluate = np.frompyfunc(lambda entry: self.evaluate(exact(entry)), 1, 1)
        return np.asarray(evaluate(np.asarray(array, dtype=object)), dtype=float)
