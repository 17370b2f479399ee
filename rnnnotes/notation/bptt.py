"""Letters of backpropagation through time."""

from rnnnotes.book.language.symbols import declare
from rnnnotes.notation.common import *
from rnnnotes.notation.functions import f, g, psi, tanh
from rnnnotes.notation.building_blocks import v, w
from rnnnotes.notation.vanilla_rnn import (
    L,
    L_mean,
    L_t,
    W_hh,
    W_hy,
    a,
    a_y,
    b_h,
    b_y,
    h,
    s,
    theta,
    y,
)

m = declare("m", r"\mathbf{m}", "vector that a linear recursion carries", H, times=(0, T))
q = declare("q", r"\mathbf{q}", "vector that a linear recursion adds", H, times=(1, T))
M = declare("M", r"\mathbf{M}", "matrix that a linear recursion applies", H, H, times=(1, T))
G = declare("G", r"\mathbf{G}", "gradient of one step, truncated", P, times=(1, T))
C = declare("C", "C", "bound of a term", positive=True)
kappa = declare("kappa", r"\kappa", "factor by which a bound shrinks at a step", positive=True)
eps = declare("eps", r"\varepsilon", "a small step", positive=True)
