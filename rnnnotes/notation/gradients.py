"""Letters of vanishing and exploding gradients."""

from rnnnotes.book.language.symbols import declare
from rnnnotes.notation.common import *
from rnnnotes.notation.functions import f, sigmoid, tanh
from rnnnotes.notation.building_blocks import u
from rnnnotes.notation.vanilla_rnn import L_t, W_hh, a, h, s, theta
from rnnnotes.notation.bptt import M, kappa

gamma = declare("gamma", r"\gamma", "largest slope of the activation", positive=True)
Q = declare("Q", r"\mathbf{Q}", "eigenvectors, one a column", H, H)
eigenvalues = declare("eigenvalues", r"\boldsymbol{\lambda}", "eigenvalues", H)
lam = declare("lam", r"\lambda", "part of itself that a unit keeps at a step", positive=True)
beta = declare("beta", r"\beta", "weight from the second of two units to the first", positive=True)
x_unit = declare("x_unit", "x", "what the input adds to a single unit", times=(1, T))
a_unit = declare("a_unit", "a", "pre-activation of a single unit", times=(1, T))
h_unit = declare("h_unit", "h", "state of a single unit", times=(0, T))
w_unit = declare("w_unit", "w", "weight of a single unit to itself")
grad = declare("grad", r"\mathbf{g}", "gradient by all parameters, in one vector", P)
clipped = declare("clipped", r"\hat{\mathbf{g}}", "gradient clipped by its norm", P)
clipped_entries = declare(
    "clipped_entries", r"\check{\mathbf{g}}", "gradient clipped entry by entry", P
)
grad_xh = declare(
    "grad_xh", r"\mathbf{g}_{xh}", "gradient by the input weights, in one vector", D * H
)
grad_hh = declare(
    "grad_hh", r"\mathbf{g}_{hh}", "gradient by the recurrent weights, in one vector", H * H
)
grad_hy = declare(
    "grad_hy", r"\mathbf{g}_{hy}", "gradient by the output weights, in one vector", H * O
)
g_max = declare(
    "g_max", r"g_{\mathrm{max}}", "largest size that clipping lets through", positive=True
)
