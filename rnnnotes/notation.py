"""The notation of the book: every symbol, once.

A symbol's name is the name of the argument in the code, its shape is the shape in the
docstring, and its place in this file is its place in the notation table.

Vectors are columns, and a matrix acts from the left.  A weight is named for where it comes
from and where it goes: `W_xh` takes an input to a hidden state.  A state at time `t` is
written ``h[t]``; its times are declared with it.
"""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from typing import Any, NamedTuple

import sympy as sp

from rnnnotes.book.language import Function, Letter, Variable

INDICES: dict[sp.Symbol, Range] = {}
"""Each index, with the values it runs through and what it counts."""


class Meaning(NamedTuple):
    """How a symbol is set, and what it stands for."""

    tex: str
    text: str


class Range(NamedTuple):
    """First and last value of an index, and what it counts."""

    low: sp.Expr
    high: sp.Expr
    text: str


SIZES: dict[sp.Symbol, str] = {}
"""Each size, and what it counts.  A proof chooses the numbers that stand in for them."""

SYMBOLS: dict[Variable, Meaning] = {}
"""Each scalar, vector and matrix, in reading order."""

FUNCTIONS: dict[str, Meaning] = {}
"""Each function, by name."""

DECLARED: dict[str, Function] = {}
"""Each function as it is declared: what it takes, what it gives, and whether it is smooth."""


def _refuse_name(kind: str, name: str) -> None:
    """Refuse a name that is no name in Python, or that stands for something else."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"{kind} {name}: expected a name of Python, such as W_xh")
    taken = {str(one) for one in (*SIZES, *INDICES, *FUNCTIONS)} | {one.name for one in SYMBOLS}
    if name in taken:
        raise ValueError(f"{kind} {name} is declared twice")


def size(name: str, text: str) -> sp.Symbol:
    """Declare a size."""
    _refuse_name("size", name)
    symbol = sp.Symbol(name, integer=True, positive=True)
    if symbol in SIZES:
        raise ValueError(f"size {name} is declared twice")
    SIZES[symbol] = text
    return symbol


def index(name: str, low: Any, high: Any, text: str) -> sp.Symbol:
    """Declare an index, and the values it runs through unless a formula says otherwise."""
    _refuse_name("index", name)
    symbol = sp.Symbol(name, integer=True)
    INDICES[symbol] = Range(sp.sympify(low), sp.sympify(high), text)
    return symbol


def declare(
    name: str, tex: str, text: str, *shape: Any, times: Any = (), positive: bool = False
) -> Variable:
    """Declare a scalar, a vector or a matrix, by its shape."""
    _refuse_name("symbol", name)
    symbol = Variable(name, shape, times, positive)
    SYMBOLS[symbol] = Meaning(tex, text)
    return symbol


ANY = Letter("any", integer=True, positive=True)
"""Size in the declaration of a map that takes vectors of any size."""


def function(
    name: str,
    tex: str,
    text: str,
    *,
    takes: Sequence[Any] | None = None,
    gives: Any = (),
    smooth: bool = False,
) -> Function:
    """Declare a function: one that acts entry by entry, or a map of arguments of some shapes.

    The text of one that is smooth says so, as it is printed wherever the proofs rely on that.
    """
    _refuse_name("function", name)
    if takes is not None and not takes:
        raise ValueError(f"function {name}: a map takes one argument at least")
    if smooth and "smooth" not in text.split():
        raise ValueError(f"function {name}: its text does not say that it is smooth")
    shapes = {} if takes is None else {"gives": gives, "takes": takes}
    declared = Function(name, **shapes, smooth=smooth)
    unbound = declared.args[1].atoms(Letter) - declared.args[4].atoms(Letter)
    if unbound:
        raise ValueError(f"function {name}: no argument binds {', '.join(map(str, unbound))}")
    FUNCTIONS[name] = Meaning(tex, text)
    DECLARED[name] = declared
    return declared


# -- Sizes ------------------------------------------------------------------------------------

H = size("H", "hidden units")
T = size("T", "steps of a sequence")
D = size("D", "entries of an input")
O = size("O", "entries of an output")  # noqa: E741
B = size("B", "examples in a batch")
P = size("P", "parameters of a map")
N = size("N", "layers of a deep network")

# -- Indices -----------------------------------------------------------------------------------

t = index("t", 1, T, "time: the step at hand")
k = index("k", 1, t, "an earlier time")
j = index("j", 1, T, "a time that a product or a sum runs through")
tau = index("tau", 1, T - 1, "steps that a truncation looks back")
r = index("r", 1, O, "row of a Jacobian, or class: an entry of the output")
i = index("i", 1, H, "an entry of a vector")
layer = index("l", 2, N, "layer of a deep network, above the first")
n = index("n", 1, B, "an example of a batch")

# -- Functions -----------------------------------------------------------------------------------

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

# -- Building blocks -----------------------------------------------------------------------------

u = declare("u", "u", "any real number")
v = declare("v", r"\mathbf{v}", "any vector", H)
w = declare("w", r"\mathbf{w}", "any vector of the same size", H)
scores = declare("scores", r"\boldsymbol{\zeta}", "scores of the classes, any real numbers", O)
p = declare("p", r"\boldsymbol{\pi}", "probabilities of the classes", O)
L_class = declare("L_class", r"L^{\mathrm{ce}}", "loss if the class is r", times=(1, O))
X = declare("X", r"\mathbf{X}", "batch of inputs, one example a row", B, D)
a_x = declare("a_x", r"\mathbf{a}^{x}", "what the input adds to a pre-activation", H, times=(1, T))

# -- The vanilla network -------------------------------------------------------------------------

x = declare("x", r"\mathbf{x}", "input", D, times=(1, T))
a = declare("a", r"\mathbf{a}", "pre-activation of the hidden units", H, times=(1, T))
h = declare("h", r"\mathbf{h}", "hidden state", H, times=(0, T))
a_y = declare("a_y", r"\mathbf{a}^{y}", "pre-activation of the output", O, times=(1, T))
y = declare("y", r"\mathbf{y}", "output", O, times=(1, T))
W_xh = declare("W_xh", r"\mathbf{W}_{xh}", "weights from input to hidden state", H, D)
W_hh = declare("W_hh", r"\mathbf{W}_{hh}", "weights from hidden state to hidden state", H, H)
W_hy = declare("W_hy", r"\mathbf{W}_{hy}", "weights from hidden state to output", O, H)
b_h = declare("b_h", r"\mathbf{b}_{h}", "hidden bias", H)
b_y = declare("b_y", r"\mathbf{b}_{y}", "output bias", O)
b_ih = declare("b_ih", r"\mathbf{b}_{ih}", "bias that comes with the input weights", H)
b_hh = declare("b_hh", r"\mathbf{b}_{hh}", "bias that comes with the recurrent weights", H)
W_below = declare("W_below", r"\mathbf{V}", "weights from the layer below", H, H, times=(2, N))
W_layer = declare("W_layer", r"\mathbf{W}", "weights from a layer to itself", H, H, times=(2, N))
b_layer = declare("b_layer", r"\mathbf{b}^{a}", "bias of a layer", H, times=(2, N))
h_ahead = declare(
    "h_ahead", r"\overrightarrow{\mathbf{h}}", "state of the network that reads ahead", H,
    times=(0, T),
)  # fmt: skip
h_back = declare(
    "h_back", r"\overleftarrow{\mathbf{h}}", "state of the network that reads back", H,
    times=(1, T + 1),
)  # fmt: skip
W_xb = declare("W_xb", r"\overleftarrow{\mathbf{W}}_{xh}", "weights from input, reading back", H, D)
W_bb = declare("W_bb", r"\overleftarrow{\mathbf{W}}_{hh}", "weights from state, reading back", H, H)
b_b = declare("b_b", r"\overleftarrow{\mathbf{b}}_{h}", "hidden bias, reading back", H)
W_both = declare("W_both", r"\mathbf{U}", "weights from both states to the output", O, 2 * H)
theta = declare("theta", r"\boldsymbol{\theta}", "parameters of a map, all in one vector", P)

# -- Gated cells ---------------------------------------------------------------------------------

c = declare("c", r"\mathbf{c}", "cell: the memory of an LSTM", H, times=(0, T))
i_gate = declare("i_gate", r"\mathbf{i}", "input gate", H, times=(1, T))
f_gate = declare("f_gate", r"\mathbf{f}", "forget gate", H, times=(1, T))
o_gate = declare("o_gate", r"\mathbf{o}", "output gate", H, times=(1, T))
c_tilde = declare("c_tilde", r"\tilde{\mathbf{c}}", "candidate for the cell", H, times=(1, T))
a_i = declare("a_i", r"\mathbf{a}^{i}", "pre-activation of the input gate", H, times=(1, T))
a_f = declare("a_f", r"\mathbf{a}^{f}", "pre-activation of the forget gate", H, times=(1, T))
a_o = declare("a_o", r"\mathbf{a}^{o}", "pre-activation of the output gate", H, times=(1, T))
a_c = declare("a_c", r"\mathbf{a}^{c}", "pre-activation of the candidate", H, times=(1, T))
W_xi = declare("W_xi", r"\mathbf{W}_{xi}", "weights from input to input gate", H, D)
W_xf = declare("W_xf", r"\mathbf{W}_{xf}", "weights from input to forget gate", H, D)
W_xo = declare("W_xo", r"\mathbf{W}_{xo}", "weights from input to output gate", H, D)
W_xc = declare("W_xc", r"\mathbf{W}_{xc}", "weights from input to candidate", H, D)
W_hi = declare("W_hi", r"\mathbf{W}_{hi}", "weights from hidden state to input gate", H, H)
W_hf = declare("W_hf", r"\mathbf{W}_{hf}", "weights from hidden state to forget gate", H, H)
W_ho = declare("W_ho", r"\mathbf{W}_{ho}", "weights from hidden state to output gate", H, H)
W_hc = declare("W_hc", r"\mathbf{W}_{hc}", "weights from hidden state to candidate", H, H)
b_i = declare("b_i", r"\mathbf{b}_{i}", "bias of the input gate", H)
b_f = declare("b_f", r"\mathbf{b}_{f}", "bias of the forget gate", H)
b_o = declare("b_o", r"\mathbf{b}_{o}", "bias of the output gate", H)
b_c = declare("b_c", r"\mathbf{b}_{c}", "bias of the candidate", H)
p_i = declare("p_i", r"\mathbf{p}_{i}", "peephole weights of the input gate", H)
p_f = declare("p_f", r"\mathbf{p}_{f}", "peephole weights of the forget gate", H)
p_o = declare("p_o", r"\mathbf{p}_{o}", "peephole weights of the output gate", H)
t_half = declare("t_half", r"t_{1/2}", "half-life of a cell, in steps")
r_gate = declare("r_gate", r"\mathbf{r}", "reset gate", H, times=(1, T))
z_gate = declare("z_gate", r"\mathbf{z}", "update gate", H, times=(1, T))
h_tilde = declare("h_tilde", r"\tilde{\mathbf{h}}", "candidate for the state", H, times=(1, T))
a_r = declare("a_r", r"\mathbf{a}^{r}", "pre-activation of the reset gate", H, times=(1, T))
a_z = declare("a_z", r"\mathbf{a}^{z}", "pre-activation of the update gate", H, times=(1, T))
W_xr = declare("W_xr", r"\mathbf{W}_{xr}", "weights from input to reset gate", H, D)
W_xz = declare("W_xz", r"\mathbf{W}_{xz}", "weights from input to update gate", H, D)
W_hr = declare("W_hr", r"\mathbf{W}_{hr}", "weights from hidden state to reset gate", H, H)
W_hz = declare("W_hz", r"\mathbf{W}_{hz}", "weights from hidden state to update gate", H, H)
b_r = declare("b_r", r"\mathbf{b}_{r}", "bias of the reset gate", H)
b_z = declare("b_z", r"\mathbf{b}_{z}", "bias of the update gate", H)

# -- Other gated cells ---------------------------------------------------------------------------

x_fit = declare("x_fit", r"\hat{\mathbf{x}}", "input, at the size of the state", H, times=(1, T))
p_r = declare("p_r", r"\mathbf{p}_{r}", "peephole weights of the reset gate", H)
W_xf_prev = declare(
    "W_xf_prev", r"\mathbf{W}'_{xf}", "weights from the input before to forget gate", H, D
)
W_xh_prev = declare(
    "W_xh_prev", r"\mathbf{W}'_{xh}", "weights from the input before to candidate", H, D
)
t_gate = declare("t_gate", r"\mathbf{t}", "transform gate", H, times=(1, T))
k_gate = declare("k_gate", r"\mathbf{k}", "carry gate", H, times=(1, T))
W_xt = declare("W_xt", r"\mathbf{W}_{xt}", "weights from input to transform gate", H, D)
W_xk = declare("W_xk", r"\mathbf{W}_{xk}", "weights from input to carry gate", H, D)
R_h = declare("R_h", r"\mathbf{R}^{h}", "weights of the candidate of a layer", H, H, times=(1, N))
R_t = declare("R_t", r"\mathbf{R}^{t}", "weights of a transform gate", H, H, times=(1, N))
R_k = declare("R_k", r"\mathbf{R}^{k}", "weights of a carry gate", H, H, times=(1, N))
b_lh = declare("b_lh", r"\mathbf{b}^{h}", "bias of the candidate of a layer", H, times=(1, N))
b_lt = declare("b_lt", r"\mathbf{b}^{t}", "bias of a transform gate", H, times=(1, N))
b_lk = declare("b_lk", r"\mathbf{b}^{k}", "bias of a carry gate", H, times=(1, N))
radius = declare("radius", r"\varrho", "radius of a disc", times=(1, H))

# -- Variants of the LSTM ------------------------------------------------------------------------

E = size("E", "entries of a projected state")
K = size("K", "taps of a kernel, an odd number")
S = size("S", "places of a map")

g_c = function("g_c", r"g_{c}", "squashing of what enters the cell of 1997")
h_c = function("h_c", r"h_{c}", "squashing of what leaves the cell of 1997")
a_4 = declare("a_4", r"\mathbf{a}^{4}", "pre-activations of all four blocks", 4 * H, times=(1, T))
W_x4 = declare("W_x4", r"\mathbf{W}_{x4}", "weights from input to all four blocks", 4 * H, D)
W_h4 = declare("W_h4", r"\mathbf{W}_{h4}", "weights from hidden state to all blocks", 4 * H, H)
b_ih4 = declare("b_ih4", r"\mathbf{b}_{ih4}", "biases that come with the input weights", 4 * H)
b_hh4 = declare("b_hh4", r"\mathbf{b}_{hh4}", "biases that come with the recurrent weights", 4 * H)
h_proj = declare("h_proj", r"\mathbf{h}^{p}", "projected hidden state", E, times=(0, T))
W_proj = declare("W_proj", r"\mathbf{W}_{p}", "weights that project the hidden state", E, H)
W_p4 = declare("W_p4", r"\mathbf{W}_{p4}", "weights from projected state to all blocks", 4 * H, E)
c_max = declare("c_max", r"c_{\mathrm{max}}", "largest size of an entry of the cell", positive=True)
W_ii = declare("W_ii", r"\mathbf{W}_{ii}", "weights from input gate to input gate", H, H)
W_fi = declare("W_fi", r"\mathbf{W}_{fi}", "weights from forget gate to input gate", H, H)
W_oi = declare("W_oi", r"\mathbf{W}_{oi}", "weights from output gate to input gate", H, H)
W_if = declare("W_if", r"\mathbf{W}_{if}", "weights from input gate to forget gate", H, H)
W_ff = declare("W_ff", r"\mathbf{W}_{ff}", "weights from forget gate to forget gate", H, H)
W_of = declare("W_of", r"\mathbf{W}_{of}", "weights from output gate to forget gate", H, H)
W_io = declare("W_io", r"\mathbf{W}_{io}", "weights from input gate to output gate", H, H)
W_fo = declare("W_fo", r"\mathbf{W}_{fo}", "weights from forget gate to output gate", H, H)
W_oo = declare("W_oo", r"\mathbf{W}_{oo}", "weights from output gate to output gate", H, H)
span = declare("span", r"\vartheta", "steps that a unit is to remember beyond the one at hand",
               positive=True)  # fmt: skip
spans = declare("spans", r"\boldsymbol{\vartheta}", "the same for each unit", H, positive=True)
age = declare("age", r"\alpha", "steps since a cell was written", positive=True)
x_map = declare("x_map", r"\mathbf{x}^{m}", "input map: a number at each place", S, times=(1, T))
h_map = declare("h_map", r"\mathbf{h}^{m}", "hidden map", S, times=(0, T))
c_map = declare("c_map", r"\mathbf{c}^{m}", "map of cells", S, times=(0, T))
a_map = declare("a_map", r"\mathbf{a}^{m}", "map of pre-activations of a gate", S, times=(1, T))
kernel_x = declare("kernel_x", r"\mathbf{k}_{x}", "kernel from input map to gate", K)
kernel_h = declare("kernel_h", r"\mathbf{k}_{h}", "kernel from hidden map to gate", K)
p_map = declare("p_map", r"\mathbf{p}^{m}", "peephole weights of a gate, one a place", S)
b_map = declare("b_map", r"b^{m}", "bias of a gate, the same at each place")

# -- The GRU -------------------------------------------------------------------------------------

a_h = declare("a_h", r"\mathbf{a}^{h}", "what the state adds to a pre-activation", H, times=(1, T))
b_xr = declare("b_xr", r"\mathbf{b}_{xr}", "bias of the reset gate, with the input weights", H)
b_hr = declare("b_hr", r"\mathbf{b}_{hr}", "bias of the reset gate, with the recurrent weights", H)
b_xz = declare("b_xz", r"\mathbf{b}_{xz}", "bias of the update gate, with the input weights", H)
b_hz = declare("b_hz", r"\mathbf{b}_{hz}", "bias of the update gate, with the recurrent weights", H)

# -- Backpropagation through time ----------------------------------------------------------------

s = declare("s", r"\mathbf{s}", "state of any recurrence", H, times=(0, T))
m = declare("m", r"\mathbf{m}", "vector that a linear recursion carries", H, times=(0, T))
q = declare("q", r"\mathbf{q}", "vector that a linear recursion adds at a step", H, times=(1, T))
M = declare("M", r"\mathbf{M}", "matrix that a linear recursion applies", H, H, times=(1, T))
G = declare("G", r"\mathbf{G}", "gradient of one step, truncated", P, times=(1, T))
C = declare("C", "C", "bound of a term", positive=True)
kappa = declare("kappa", r"\kappa", "factor by which a bound shrinks at a step", positive=True)
eps = declare("eps", r"\varepsilon", "a small step", positive=True)

# -- Losses and their gradients ------------------------------------------------------------------

L_t = declare("L_t", "L", "loss of one step", times=(1, T))
L = declare("L", r"\mathcal{L}", "loss of the whole sequence")
L_mean = declare("L_mean", r"\overline{L}", "mean loss of a step")
eta = declare("eta", r"\eta", "learning rate", positive=True)
gamma = declare("gamma", r"\gamma", "largest slope of the activation", positive=True)

# -- Vanishing and exploding gradients -----------------------------------------------------------

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
grad_xh = declare("grad_xh", r"\mathbf{g}_{xh}", "gradient by the input weights", D * H)
grad_hh = declare("grad_hh", r"\mathbf{g}_{hh}", "gradient by the recurrent weights", H * H)
grad_hy = declare("grad_hy", r"\mathbf{g}_{hy}", "gradient by the output weights", H * O)
g_max = declare(
    "g_max", r"g_{\mathrm{max}}", "largest size that clipping lets through", positive=True
)
