"""The SymPy program of a formula: a reader's own check of every line, which shares no code."""

import inspect
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from rnnnotes.book.cite import sympyhelpers, sympytext
from rnnnotes.book.cite.citing import cite
from rnnnotes.book.cite.sympytext import sympy_text
from rnnnotes.book.find.chapters import find_all
from rnnnotes.book.find.finding import find
from rnnnotes.book.language.nodes import Diag, Function, Order, Relation, wrap
from rnnnotes.book.state.formulas import Line
from rnnnotes.notation import W_hh, W_xh, a, eps, f, h, k, kappa, psi, t, v, w

BOOK = list(find_all())

OTHER = {"H": 3, "T": 4, "D": 2, "O": 5, "B": 7, "P": 6, "N": 5, "E": 7, "K": 3, "S": 7,
         "V": 6, "Y": 7, "Z": 5, "T_x": 4, "d_k": 3, "d_a": 2}  # fmt: skip
"""Sizes that differ from one another wherever they meet, and from those of the programs."""


def run(program, capsys):
    """What a program says, and its status."""
    try:
        exec(program, {"__name__": "empty"})
    except SystemExit as end:
        return f"{capsys.readouterr().out}{'' if end.code == 1 else end.code}", 1
    return capsys.readouterr().out, 0


def resized(program, sizes):
    """The same program with other numbers in the line that assigns the sizes."""

    def assign(found):
        names = found[1].split(", ")
        return f"{found[1]} = {', '.join(str(sizes[name]) for name in names)}"

    return re.sub(r"^([A-Z](?:, [A-Z])*) = [\d, ]+$", assign, program, count=1, flags=re.MULTILINE)


# -- What holds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", BOOK)
def test_every_line_holds_at_sizes_that_nobody_chose_for_it(id, capsys):
    """Another evaluator, another way to differentiate, other sizes: the lines still agree.

    A formula with conditions keeps its three steps, as few points fulfil them at every step
    of a longer sequence.
    """
    stated = find(id)
    sizes = {**OTHER, "T": 3} if stated.where else OTHER
    said, status = run(resized(cite(stated, "sympy"), sizes), capsys)
    verdicts = [line for line in said.splitlines() if not line.startswith("passed over")]

    assert status == 0, said
    assert len(verdicts) == max(1, len(stated.derivation))
    for verdict, line in zip(verdicts, stated.derivation, strict=False):
        assert f" {line.sign} line " in verdict
        assert re.search(r": (equal|holds) (at \d+ random points|for all numbers)", verdict)


def arguments_of(stated):
    """What each parameter of the code stands for."""
    return {name: stated.argument(name) for name in inspect.signature(stated.code).parameters}


FLAT = [id for id in BOOK if all(len(getattr(value, "shape", ())) <= 2
                                 for value in arguments_of(find(id)).values())]  # fmt: skip
"""Formulas whose code takes no arrays of three axes, which SymPy does not have."""


@pytest.mark.parametrize("id", FLAT)
def test_the_code_computes_what_the_program_says(id):
    """Definitions have no lines to compare, so NumPy code is the other witness to them."""
    stated = find(id)
    bound = arguments_of(stated)
    arrays = {n: value for n, value in bound.items()
              if not isinstance(value, Function | sp.Symbol)}  # fmt: skip
    right = stated.statement.right
    asked = replace(
        stated,
        statement=Relation(right, "=", right),
        derivation=tuple(Line("=", value, "an argument") for value in (right, *arrays.values())),
    )
    scope = {"__name__": "empty"}
    program, _, call = sympy_text(asked).rpartition("\n\n\ncheck(")
    exec(program, scope)
    choices = eval(call.splitlines()[2].strip().rstrip(","), scope)
    for at in (choices[0], choices[-1]):
        scope["numbers"].clear()
        scope["numbers"]["point"] = 1
        arguments = {
            name: of_numpy(scope, scope[f"line_{place}"](**at), value.shape, at)
            for place, (name, value) in enumerate(arrays.items(), start=2)
        }
        arguments |= {name: function(scope, value, at) for name, value in bound.items()
                      if isinstance(value, Function)}  # fmt: skip
        arguments |= {name: whole(scope, value, at) for name, value in bound.items()
                      if isinstance(value, sp.Symbol)}  # fmt: skip
        computed = np.asarray(stated.code(**arguments), dtype=float)
        wanted = of_numpy(scope, scope["line_1"](**at), None, at).reshape(computed.shape)

        np.testing.assert_allclose(computed, wanted, rtol=1e-8, atol=1e-10)


def whole(scope, value, at):
    """Number of an expression in sizes and indices."""
    names = {symbol: at.get(str(symbol), scope.get(str(symbol))) for symbol in value.free_symbols}
    return int(value.subs(names))


def of_numpy(scope, value, shape, at):
    """Numbers of an expression of the program, in the shape of the code."""
    entries = [float(scope["number"](entry)) for entry in scope["flat"](value)]
    if shape is None:
        return np.array(entries)
    array = np.array(entries).reshape([whole(scope, size, at) for size in shape])
    return array if shape else float(array)


def function(scope, value, at):
    """Function of the program, for arrays of NumPy."""
    known = {"tanh": sp.tanh, "exp": sp.exp, "log": sp.log}
    apply = scope.get(value.name) or known[value.name]
    if value.index:
        apply = apply(*(whole(scope, i, at) for i in value.index))
    for _ in range(value.order):
        apply = scope.get("prime", PRIME)(apply)

    def numbers(result):
        return [float(scope["number"](entry)) for entry in scope["flat"](result)]

    def applied(*arguments):
        if value.elementwise:
            (array,) = arguments
            results = [numbers(apply(sp.Float(float(entry), 30)))[0] for entry in np.ravel(array)]
            return np.reshape(results, np.shape(array))
        columns = [sp.Matrix(np.ravel(array).tolist()) for array in arguments]
        result = apply(*columns)
        found = np.array(numbers(result))
        return found if isinstance(result, sp.MatrixBase) else found[0]

    return applied


def PRIME(function):  # noqa: N802 -- stands in for the helper of that name
    """Derivative, where a program does not need it."""
    x = sp.Dummy()
    return lambda value: function(x).diff(x).subs(x, value)


def test_what_has_no_code_as_a_witness_is_compared_in_lines():
    """Theorems are left out above, and one definition that a theorem writes out in its lines."""
    (definition,) = (find(id) for id in set(BOOK) - set(FLAT) if find(id).is_definition)

    assert definition.id == "bptt.truncated_gradient"
    assert find("bptt.truncation_bias_bound") in definition.used_by


# -- What does not hold ----------------------------------------------------------------------------


def mutant(id, *lines):
    """A formula with other last lines; its program knows nothing of what a proof would say."""
    stated = find(id)
    return replace(stated, derivation=tuple(Line(sign, value, "a slip") for sign, value in lines))


JACOBIAN = "bptt.step_jacobian"
WRONG = {
    "a wrong sign": (JACOBIAN, ("=", -(Diag(f.prime(a[t])) @ W_hh))),
    "a transpose": (JACOBIAN, ("=", Diag(f.prime(a[t])) @ W_hh.T)),
    "factors in another order": (JACOBIAN, ("=", W_hh @ Diag(f.prime(a[t])))),
    "a wrong index": (JACOBIAN, ("=", Diag(f.prime(a[t - 1])) @ W_hh)),
    "the slope at the state": (JACOBIAN, ("=", Diag(f.prime(h[t])) @ W_hh)),
    "a bound that is too small": ("gradients.vanishing_gradient", ("<=", kappa ** (t - k + 1))),
    "an order that is too high": (
        "bptt.finite_difference",
        ("=", (psi(v + eps * w) - psi(v - eps * w)) / (2 * eps) + Order(eps, 3)),
    ),
    "an order that is lost": (
        "bptt.finite_difference",
        ("=", (psi(v + eps * w) - psi(v - eps * w)) / (2 * eps) + Order(eps, 2)),
        ("=", (psi(v + eps * w) - psi(v - eps * w)) / (2 * eps)),
    ),
    "an order of one side alone": (
        "bptt.finite_difference", ("=", (psi(v + eps * w) - psi(v)) / eps + Order(eps, 2)),
    ),
    "a tie under a strict sign": ("building_blocks.tanh_slope_bound", ("<", wrap(1))),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_line_is_told_apart(kind, capsys):
    """A program that agrees with everything would be no opinion."""
    id, *lines = WRONG[kind]
    said, status = run(sympy_text(mutant(id, *lines)), capsys)

    assert status == 1
    assert re.search(r": (NOT EQUAL|DOES NOT HOLD), as in .* and ", said)


def test_a_wrong_line_names_the_place_and_the_right_ones_stay(capsys):
    """Line 2 is wrong and line 1 is not; two numbers and the index show it."""
    stated = find(JACOBIAN)
    first, *_ = stated.derivation
    wrong = replace(stated, derivation=(first, Line("=", W_hh @ Diag(f.prime(a[t])), "a slip")))
    said, status = run(sympy_text(wrong), capsys)

    assert status == 1
    assert re.search(r"^left side = line 1: equal at 3 random points", said)
    assert re.search(r"\nline 1 = line 2: NOT EQUAL, as in \S+ and \S+ at t=1, with H=2", said)


def test_sides_of_different_shapes_are_not_equal(capsys):
    """At sizes that differ, a row is not a column, and a transpose not its matrix."""
    stated = find("building_blocks.linear_map")
    wrong = replace(
        stated, statement=Relation(W_xh, "=", W_xh), derivation=(Line("=", W_xh.T, "a slip"),)
    )
    said, status = run(sympy_text(wrong), capsys)

    assert (said, status) == ("NOT EQUAL: the shapes (2, 3) and (3, 2) differ", 1)


def test_conditions_that_no_point_fulfils_leave_it_undecided(capsys):
    """Silence is no agreement."""
    stated = find("gradients.vanishing_gradient")
    wrong = replace(stated, where=(Relation(kappa, "<", 0),))
    said, status = run(sympy_text(wrong), capsys)

    assert (said, status) == ("UNDECIDED: 0 of 1000 random points fulfil the conditions", 1)


def test_a_condition_on_any_number_binds_the_unknown_function(capsys):
    """Without the bound of the slope, the bound of the gradient is not true."""
    stated = find("gradients.vanishing_gradient")
    _, *others = stated.where
    said, status = run(sympy_text(replace(stated, where=tuple(others))), capsys)

    assert "for u in ANYWHERE" in sympy_text(stated)
    assert status == 1
    assert "DOES NOT HOLD" in said


def test_sizes_without_a_value_of_the_indices_say_so(capsys):
    """A sequence of one step has no step before its last."""
    said, status = run(resized(sympy_text(find("bptt.state_gradient")), dict.fromkeys("HTDO", 1)),
                       capsys)  # fmt: skip

    assert (said, status) == ("UNDECIDED: at these sizes the indices have no value", 1)


# -- What a reader gets ----------------------------------------------------------------------------


BLOCKED = "import sys; sys.modules['rnnnotes'] = sys.modules['numpy'] = None\n"


@pytest.mark.parametrize("right", [True, False])
def test_it_runs_in_an_empty_file_with_sympy_alone(right, tmp_path):
    """A Python that finds neither this package nor NumPy, and the status that a shell sees."""
    stated = find(JACOBIAN)
    if not right:
        stated = mutant(JACOBIAN, ("=", W_hh))
    (tmp_path / "empty.py").write_text(cite(stated, "sympy"), encoding="utf-8")
    command = BLOCKED + "exec(open('empty.py', encoding='utf-8').read())"
    ended = subprocess.run(
        [sys.executable, "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert ended.returncode == (0 if right else 1)
    assert ("NOT EQUAL" in ended.stdout) is not right
    assert not ended.stderr


def test_a_value_at_one_time_is_supposed_at_that_time_alone(capsys):
    """A program that supposed it at every time would compare ones, and find no fault."""
    scope = {"__name__": "empty"}
    exec(cite(find("sequences.factorisation"), "sympy"), scope)
    first, second = map(scope["P_prefix"], (0, 1))

    assert scope["defined"][first] == (1, 0)
    assert second not in scope["defined"]


def test_sizes_are_assigned_in_one_line_at_the_top():
    """Small, and no two alike, before anything that uses them."""
    program = cite(find("bptt.step_jacobian"), "sympy")

    assert "\n# Sizes: change them, and run again.\nH, T, D = 2, 3, 4\n" in program
    assert program.index("H, T, D = ") < program.index("def ")


def test_a_kernel_has_a_middle_tap():
    """An even number of taps would have none, and more taps than places would not fit."""
    assert "\nT, K, S = 3, 5, 6\n" in cite(find("lstm_variants.convolutional_gate"), "sympy")


def test_lines_conditions_and_ranges_come_along():
    """Where they are missing, a reader compares something else."""
    program = cite(find("gradients.vanishing_gradient"), "sympy")

    assert "# where gamma ‖W_hh‖ ≤ kappa\n" in program
    assert "# for k = 0..t\n" in program
    assert "yield (gamma * norm(W_hh), '<=', kappa)" in program
    assert "for t in range(1, T + 1) for k in range(0, t + 1)" in program
    assert "\n# ≤ kappa^(t-k)\n#     the condition on the weights\ndef line_2(t, k):" in program
    assert "+ big_o(eps ** 2)" in cite(find("bptt.finite_difference"), "sympy")


def test_the_checker_has_no_part_in_it():
    """Two opinions that share a mistake are one: the writer reads the language alone."""
    modules = {name.rpartition(".")[2] for name in re.findall(
        r"rnnnotes\.[\w.]+", inspect.getsource(sympytext))}  # fmt: skip

    assert not modules & {
        "checking",
        "codeproof",
        "draws",
        "entries",
        "everysize",
        "proof",
        "world",
    }
    assert not re.search(r"^(from|import) rnnnotes", inspect.getsource(sympyhelpers),
                         re.MULTILINE)  # fmt: skip


def test_a_derivative_by_what_is_no_symbol_is_refused():
    """It would be zero, and agree with another zero."""
    with pytest.raises(TypeError, match="a derivative is by symbols"):
        sympyhelpers.jacobian(sp.Symbol("a"), sp.Symbol("b") + 1)


def test_what_names_collide_with_is_refused_here():
    """A symbol, a function, a size and a helper of one name could not stand in one file."""
    from rnnnotes.book.language.symbols import FUNCTIONS, INDICES, SIZES, SYMBOLS

    names = [*map(str, SIZES), *map(str, INDICES), *FUNCTIONS,
             *(symbol.name for symbol in SYMBOLS), *sympytext.HELPERS]  # fmt: skip

    assert len(names) == len(set(names))
