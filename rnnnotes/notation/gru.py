"""Letters of the GRU."""

from rnnnotes.book.language.symbols import declare, means
from rnnnotes.notation.common import *
from rnnnotes.notation.functions import R, sigmoid, tanh
from rnnnotes.notation.building_blocks import u, w
from rnnnotes.notation.vanilla_rnn import L, L_t, W_hh, a, b_h, b_hh, b_ih, h

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
a_h = declare("a_h", r"\mathbf{a}^{h}", "what the state adds to a pre-activation", H, times=(1, T))
b_xr = declare("b_xr", r"\mathbf{b}_{xr}", "bias of the reset gate, with the input weights", H)
b_hr = declare("b_hr", r"\mathbf{b}_{hr}", "bias of the reset gate, with the recurrent weights", H)
b_xz = declare("b_xz", r"\mathbf{b}_{xz}", "bias of the update gate, with the input weights", H)
b_hz = declare("b_hz", r"\mathbf{b}_{hz}", "bias of the update gate, with the recurrent weights", H)

means("gru", W_xh, "weights from input to candidate")
means("gru", W_hh, "weights from hidden state to candidate")
means("gru", b_h, "bias of the candidate")
means("gru", a, "pre-activation of the candidate")
