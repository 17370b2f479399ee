"""The search for formulas, as people look for them."""

from pathlib import Path

import pytest

from rnnnotes.book.find import documents, finding
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.documents import ALSO_CALLED, texts_of
from rnnnotes.book.find.finding import UnknownFormulaError, find, find_named
from rnnnotes.book.find.published import load
from rnnnotes.book.find.searching import WEIGHTS, nearest, search, suggestion
from rnnnotes.book.find.tokens import words_of
from rnnnotes.book.language.nodes import Eq
from rnnnotes.book.language.symbols import SYMBOLS
from rnnnotes.book.state.formulas import formula
from rnnnotes.notation import v, w

DOCS = Path(__file__).parents[1] / "docs"


def ids(query, limit=10):
    """Ids of what is found."""
    return [hit.id for hit in search(query, limit)]


# -- Words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\mathbf{W}_{hh}", "W_hh"),
        (r"W_{hh}", "W_hh"),
        (r"\tilde{\mathbf{h}}", r"\tilde{h}"),
        (r"\frac{\partial L}{\partial W_{hh}}", r"\frac \partial L \partial W_hh"),
        ("clip_grad_norm_", "clip_grad_norm"),
        ("Forget GATE", "forget gate"),
    ],
)
def test_one_thing_has_one_word(one, other):
    """LaTeX, code and text agree on how a symbol is written."""
    assert words_of(one) == words_of(other)


def test_signs_are_words():
    """A partial can be looked for, and a bracket cannot."""
    assert words_of("∂h[t] + (σ)") == ["∂", "h", "t", "σ"]


# -- What people look for --------------------------------------------------------------------------


NEEDS = {
    "last hidden state bidirectional": "vanilla_rnn.bidirectional_output",
    "bidirectional": "vanilla_rnn.bidirectional_output",
    "bias_hh": "vanilla_rnn.two_bias_pre_activation",
    "b_hn": "gru.recurrent_part",
    "h_n": "vanilla_rnn.unrolled",
    "clip_grad_norm": "gradients.clip_by_norm",
    "clip_grad_norm_": "gradients.clip_by_norm",
    "torch.nn.utils.clip_grad_norm_": "gradients.clip_by_norm",
    "weight_ih_l0": "lstm_variants.fused_pre_activation",
    "bias_hh_l0_reverse": "vanilla_rnn.two_bias_pre_activation",
    "nn.GRU": "gru.pre_activation_reset_after",
    "torch.nn.LSTM": "lstm.cell_update",
    "reset_after": "gru.pre_activation_reset_after",
    "cuDNN": "gru.pre_activation_reset_after",
    "forget gate": "lstm.forget_gate",
    "LSTM backward numpy": "lstm.hidden_gradient",
    "vanishing gradient": "gradients.vanishing_gradient",
    "clipping gradients": "gradients.clip_by_norm",
    "softmax derivative": "building_blocks.softmax_jacobian",
    "gradient check": "bptt.finite_difference",
    r"\odot": "building_blocks.hadamard_product",
    "W_{hh}": "vanilla_rnn.elman",
    r"\frac{\partial L}{\partial W_{hh}}": "bptt.recurrent_weight_gradient",
    "⊙": "building_blocks.hadamard_product",
    "cho 2014": "gru.hidden_state",
    "the chain rule": "bptt.step_jacobian",
    "i_gate": "lstm.cell_update",
    "weights from hidden state to output": "vanilla_rnn.output_pre_activation",
    "np.diag": "bptt.step_jacobian",
    "lstm-backward-df": "lstm.forget_gate_gradient",
    "bptt.step_jacobian": "bptt.step_jacobian",
}
"""What is looked for, in words, code, LaTeX, sources and keywords, and what settles it."""


@pytest.mark.parametrize(("query", "wanted"), NEEDS.items(), ids=NEEDS)
def test_what_people_look_for_is_found(query, wanted):
    """Words of titles, docstrings, reasons and meanings; symbols; LaTeX; names of libraries."""
    assert wanted in ids(query)


@pytest.mark.parametrize("target", ALSO_CALLED)
def test_other_names_are_those_of_what_there_is(target):
    """Each stands for a symbol or a formula of the book, and each finds it."""
    symbols = {symbol.name for symbol in SYMBOLS}
    meant = [id for id, stated in find_all().items()
             if target in (id, *(symbol.name for symbol in stated.symbols))]  # fmt: skip

    assert target in symbols or target in find_all()
    for name in ALSO_CALLED[target].split():
        assert {*meant} <= {*ids(name, limit=len(find_all()))}


# -- Rank ------------------------------------------------------------------------------------------


def test_a_title_comes_before_a_mention():
    """Who looks for the forget gate wants its equation, not all that reads it."""
    first, *others = ids("forget gate", limit=50)

    assert first == "lstm.forget_gate"
    assert others.index("lstm.forget_gate_pre_activation") < others.index("lstm.cell_update")


def test_all_words_come_before_some():
    """A formula that holds half of the words is found, one that holds fewer is not."""
    found = ids("exploding gradients clipping norm", limit=50)

    assert {"gradients.clip_by_norm", "gradients.no_explosion"} <= {*found}
    assert "gradients.matrix_power" not in found


def test_the_reason_says_where_which_words_stand():
    """They are those of the query, in its order."""
    first, second = search("power of the recurrent weights", limit=2)

    assert first.reason == "title (power, of, the, recurrent, weights)"
    assert second.reason == "keyword (power), title (of, the, recurrent, weights)"


def test_a_name_comes_before_words():
    """A keyword that is given whole finds all that have it, and these first."""
    hits = search("gru-reset-gate")

    assert {hit.id for hit in hits[:2]} == {"gru.reset_gate", "gru.reset_gate_pre_activation"}
    assert [hit.reason for hit in hits[:2]] == ["named gru-reset-gate"] * 2
    assert not hits[2].reason.startswith("named")


def test_a_slip_finds_what_is_meant():
    """A word that no formula holds stands for one that is nearly the same."""
    assert ids("bidirektional") == ids("bidirectional")


def test_a_word_that_is_nowhere_does_not_count():
    """The others still find what they mean."""
    assert ids("keras xyzzy forget gate")[:1] == ids("keras forget gate")[:1]
    assert ids("xyzzy") == ids("") == ids("???") == []


def test_the_limit_holds():
    """No more than are wanted."""
    assert len(ids("gradient", limit=3)) == 3


# -- What is searched ------------------------------------------------------------------------------


def test_each_place_is_searched():
    """A place that has no weight would stop the search, one that is empty would find nothing."""
    keywords = load(DOCS / "published-ids.toml").keywords
    every = [texts_of(stated, keywords(stated.id)) for stated in find_all().values()]

    assert all(list(texts) == list(every[0]) for texts in every)
    assert {*every[0]} == {*WEIGHTS}
    assert all(any(texts[place].strip() for texts in every) for place in WEIGHTS)


def test_a_formula_of_ones_own_is_found(registry):
    """Once it is stated, and no longer than that."""

    @formula(Eq(v, 2 * w), source="elman1990")
    def doubled(w):
        """Zyxglorp of a vector."""
        return 2 * w

    assert ids("zyxglorp") == ["test_searching.py:doubled"]
    del registry["test_searching.py:doubled"]
    assert ids("zyxglorp") == []


# -- Names -----------------------------------------------------------------------------------------


@pytest.fixture
def renamed(empty_cache, tmp_path, monkeypatch):
    """A file of ids in which one was renamed and one withdrawn."""
    path = tmp_path / "published-ids.toml"
    path.write_text(
        'ids = []\n[renamed]\n"bptt.old_name" = "bptt.step_jacobian"\n'
        '[withdrawn]\n"bptt.gone" = "it was the same as bptt.step_jacobian"\n'
    )
    for module in (documents, finding):
        monkeypatch.setattr(module, "data_file", lambda name: path)


def test_an_old_id_finds_what_it_is_now(renamed):
    """An id is for ever."""
    assert ids("bptt.old_name")[0] == "bptt.step_jacobian"
    assert find_named("bptt.old_name") is find("bptt.step_jacobian")


def test_a_withdrawn_id_says_why(renamed):
    """It leads to what is to be used in its place."""
    with pytest.raises(UnknownFormulaError, match=r"'bptt\.gone' is withdrawn: it was the same"):
        find_named("bptt.gone")


def test_a_keyword_of_one_formula_names_it():
    """Also the id does, and a function is the same after both."""
    assert find_named("lstm-backward-df") is find("lstm.forget_gate_gradient")
    assert find_named("bptt.step_jacobian") is find("bptt.step_jacobian")


def test_a_keyword_of_several_names_none():
    """They are told, so that one can be chosen."""
    with pytest.raises(
        UnknownFormulaError, match=r"'gru-reset-gate' is a keyword of several: gru\.reset_gate_"
    ):
        find_named("gru-reset-gate")


def test_an_unknown_id_suggests_what_a_search_finds():
    """A name that is spelled otherwise is near, and so is one of the same words."""
    assert nearest("bptt.step_jacobain")[0] == "bptt.step_jacobian"
    assert "gradients.clip_by_norm" in nearest("torch.clip_grad_norm_")
    with pytest.raises(UnknownFormulaError, match=r"'lstm\.cell_updat'; the nearest are lstm\.c"):
        find_named("lstm.cell_updat")


def test_what_is_near_nothing_has_no_suggestion():
    """The list of all is what is left."""
    assert nearest("xyzzyq") == []
    assert suggestion("xyzzyq") == "`rnnnotes list` shows all"
