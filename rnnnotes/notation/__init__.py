"""The notation of the book: every symbol, once.

A symbol's name is the name of the argument in the code, its shape is the shape in the
docstring, and its place in this file is its place in the notation table.

Vectors are columns, and a matrix acts from the left.  A weight is named for where it comes
from and where it goes: `W_xh` takes an input to a hidden state.  A state at time `t` is
written ``h[t]``; its times are declared with it.
"""

from rnnnotes.notation.common import *
from rnnnotes.notation.functions import *
from rnnnotes.notation.building_blocks import *
from rnnnotes.notation.vanilla_rnn import *
from rnnnotes.notation.bptt import *
from rnnnotes.notation.gradients import *
from rnnnotes.notation.lstm import *
from rnnnotes.notation.lstm_variants import *
from rnnnotes.notation.gru import *
from rnnnotes.notation.gated_cells import *
from rnnnotes.notation.comparison import *
from rnnnotes.notation.sequences import *
from rnnnotes.notation.attention import *
