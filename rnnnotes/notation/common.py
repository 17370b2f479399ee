"""Letters that every chapter has."""

from rnnnotes.book.language.nodes import *
from rnnnotes.book.language.derived import *
from rnnnotes.book.language.symbols import declare, index, size

# -- Sizes -----------------------------------------------------------------------------------------

H = size("H", "hidden units")
T = size("T", "steps of a sequence")
D = size("D", "entries of an input")
O = size("O", "entries of an output")
B = size("B", "examples in a batch")
P = size("P", "parameters of a map")
N = size("N", "layers of a deep network")

# -- Indices ---------------------------------------------------------------------------------------

t = index("t", 1, T, "time: the step at hand")
k = index("k", 1, t, "an earlier time")
j = index("j", 1, T, "a time that a product or a sum runs through")
tau = index("tau", 1, T - 1, "steps that a truncation looks back")
r = index("r", 1, O, "row of a Jacobian, or class: an entry of the output")
i = index("i", 1, H, "an entry of a vector")
layer = index("l", 2, N, "layer of a deep network, above the first")
n = index("n", 1, B, "an example of a batch")

# -- What every network has ------------------------------------------------------------------------

x = declare("x", r"\mathbf{x}", "input", D, times=(1, T))
W_xh = declare("W_xh", r"\mathbf{W}_{xh}", "weights from input to hidden state", H, D)
