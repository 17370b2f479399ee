"""Functions that statements apply."""

from rnnnotes.book.language.symbols import ANY, function
from rnnnotes.notation.common import *

f = function("f", "f", "smooth activation of the hidden units, entry by entry", smooth=True)
g = function("g", "g", "smooth activation of the outputs, entry by entry", smooth=True)
exp = function("exp", r"\exp", "exponential, entry by entry")
log = function("log", r"\log", "natural logarithm, entry by entry")
sigmoid = function("sigmoid", r"\sigma", "logistic sigmoid, entry by entry")
tanh = function("tanh", r"\tanh", "hyperbolic tangent, entry by entry")
relu = function("relu", r"\operatorname{relu}", "rectifier, entry by entry")
softmax = function(
    "softmax", r"\operatorname{softmax}", "scores to probabilities", takes=[(ANY,)], gives=(ANY,)
)
phi = function(
    "phi", r"\boldsymbol{\varphi}", "any differentiable map of a vector", takes=[(H,)], gives=(O,)
)
psi = function("psi", r"\psi", "any smooth scalar function of a vector", takes=[(H,)], smooth=True)
ell = function("ell", r"\ell", "differentiable loss of one step, of its output", takes=[(O,)])
F = function(
    "F", "F", "any differentiable step of a recurrence", takes=[(H,), (D,), (P,)], gives=(H,)
)
R = function(
    "R", "R", "any differentiable map of a reset gate and a state", takes=[(H,), (H,)], gives=(H,)
)
