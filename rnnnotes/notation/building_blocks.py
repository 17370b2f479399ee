"""Letters of the building blocks."""

from rnnnotes.book.language.symbols import declare
from rnnnotes.notation.common import *
from rnnnotes.notation.functions import (
    exp,
    log,
    phi,
    psi,
    relu as relu_,
    sigmoid as sigmoid_,
    softmax as softmax_,
    tanh as tanh_,
)

u = declare("u", "u", "any real number")
v = declare("v", r"\mathbf{v}", "any vector", H)
w = declare("w", r"\mathbf{w}", "any vector of the same size", H)
scores = declare("scores", r"\boldsymbol{\zeta}", "scores of the classes, any real numbers", O)
p = declare("p", r"\boldsymbol{\pi}", "probabilities of the classes", O)
L_class = declare("L_class", r"L^{\mathrm{ce}}", "loss if the class is r", times=(1, O))
X = declare("X", r"\mathbf{X}", "batch of inputs, one example a row", B, D)
a_x = declare("a_x", r"\mathbf{a}^{x}", "what the input adds to a pre-activation", H, times=(1, T))
