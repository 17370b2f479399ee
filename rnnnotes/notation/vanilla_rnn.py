"""Letters of the vanilla network."""

from rnnnotes.book.language.symbols import declare
from rnnnotes.notation.common import *
from rnnnotes.notation.functions import F, ell, f, g, softmax
from rnnnotes.notation.building_blocks import v

s = declare("s", r"\mathbf{s}", "state of any recurrence", H, times=(0, T))
a = declare("a", r"\mathbf{a}", "pre-activation of the hidden units", H, times=(1, T))
h = declare("h", r"\mathbf{h}", "hidden state", H, times=(0, T))
a_y = declare("a_y", r"\mathbf{a}^{y}", "pre-activation of the output", O, times=(1, T))
y = declare("y", r"\mathbf{y}", "output", O, times=(1, T))
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

L_t = declare("L_t", "L", "loss of one step", times=(1, T))
L = declare("L", r"\mathcal{L}", "loss of the whole sequence")
L_mean = declare("L_mean", r"\overline{L}", "mean loss of a step")
eta = declare("eta", r"\eta", "learning rate", positive=True)
