"""Letters of the LSTM."""

from rnnnotes.book.language.symbols import declare
from rnnnotes.notation.common import *
from rnnnotes.notation.functions import exp, f, log, sigmoid, tanh
from rnnnotes.notation.vanilla_rnn import L, L_t, h
from rnnnotes.notation.gradients import a_unit, h_unit, lam, w_unit, x_unit

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
