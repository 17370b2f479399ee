"""Letters of the variants of the LSTM."""

from rnnnotes.book.language.symbols import declare, function, size
from rnnnotes.notation.common import *
from rnnnotes.notation.functions import exp, log, sigmoid, tanh
from rnnnotes.notation.building_blocks import u
from rnnnotes.notation.vanilla_rnn import b_hh, b_ih, h
from rnnnotes.notation.bptt import C
from rnnnotes.notation.lstm import (
    W_hc,
    W_hf,
    W_hi,
    W_ho,
    W_xc,
    W_xf,
    W_xi,
    W_xo,
    a_c,
    a_f,
    a_i,
    a_o,
    b_c,
    b_f,
    b_i,
    b_o,
    c,
    c_tilde,
    f_gate,
    i_gate,
    o_gate,
    p_f,
    p_i,
    p_o,
)

E = size("E", "entries of a projected state")
K = size("K", "taps of a kernel, an odd number")
S = size("S", "places of a map")

g_c = function("g_c", r"g_{c}", "squashing of what enters the cell of 1997")
h_c = function("h_c", r"h_{c}", "squashing of what leaves the cell of 1997")
a_4 = declare("a_4", r"\mathbf{a}^{4}", "pre-activations of all four blocks", 4 * H, times=(1, T))
W_x4 = declare("W_x4", r"\mathbf{W}_{x4}", "weights from input to all four blocks", 4 * H, D)
W_h4 = declare("W_h4", r"\mathbf{W}_{h4}", "weights from hidden state to all four blocks", 4 * H, H)
b_ih4 = declare("b_ih4", r"\mathbf{b}_{ih4}", "biases that come with the input weights", 4 * H)
b_hh4 = declare("b_hh4", r"\mathbf{b}_{hh4}", "biases that come with the recurrent weights", 4 * H)
h_proj = declare("h_proj", r"\mathbf{h}^{p}", "projected hidden state", E, times=(0, T))
W_proj = declare("W_proj", r"\mathbf{W}_{p}", "weights that project the hidden state", E, H)
W_p4 = declare(
    "W_p4", r"\mathbf{W}_{p4}", "weights from projected state to all four blocks", 4 * H, E
)
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
spans = declare(
    "spans",
    r"\boldsymbol{\vartheta}",
    "steps that each unit is to remember beyond the one at hand",
    H,
    positive=True,
)
age = declare("age", r"\alpha", "steps since a cell was written", positive=True)
x_map = declare("x_map", r"\mathbf{x}^{m}", "input map: a number at each place", S, times=(1, T))
h_map = declare("h_map", r"\mathbf{h}^{m}", "hidden map", S, times=(0, T))
c_map = declare("c_map", r"\mathbf{c}^{m}", "map of cells", S, times=(0, T))
a_map = declare("a_map", r"\mathbf{a}^{m}", "map of pre-activations of a gate", S, times=(1, T))
kernel_x = declare("kernel_x", r"\mathbf{k}_{x}", "kernel from input map to gate", K)
kernel_h = declare("kernel_h", r"\mathbf{k}_{h}", "kernel from hidden map to gate", K)
p_map = declare("p_map", r"\mathbf{p}^{m}", "peephole weights of a gate, one a place", S)
b_map = declare("b_map", r"b^{m}", "bias of a gate, the same at each place")
