"""An answer is run through the cells that its tests need: no fewer, and few more."""

from __future__ import annotations

from autograder.grading.dependencies import names, required_cells


def test_a_cell_is_needed_when_it_assigns_a_name_that_is_read_below() -> None:
    assert required_cells(["a = 1", "b = 2", "c = a + 1", "c"], [3]) == [0, 2, 3]


def test_a_name_assigned_anew_needs_only_its_last_assignment() -> None:
    assert required_cells(["m = slow()", "m.fit(1)", "m = quick()", "m.fit(2)", "m.score()"], [4]) == [2, 3, 4]


def test_calling_a_method_or_a_function_on_a_value_counts_as_changing_it() -> None:
    assert required_cells(["m = 1", "m.fit(x)", "m"], [2]) == [0, 1, 2]
    assert required_cells(["m = 1", "h = fit(m)", "m"], [2]) == [0, 1, 2]


def test_looking_at_a_value_does_not_count_as_changing_it() -> None:
    assert required_cells(["m = 1", "plotting.show(m)", "print(m)", "m"], [3]) == [0, 3]
    assert required_cells(["m = 1", "h = m.mean() + m.astype(float)", "m"], [2]) == [0, 2]


def test_calling_an_imported_function_leaves_the_module_as_it_is_but_not_its_arguments() -> None:
    cells = ["from coursekit import training", "m = 1", "training.fit(m)", "n = 1", "training.fit(n)", "training, n"]
    assert required_cells(cells, [5]) == [0, 3, 4, 5]
    assert required_cells(["import a", "a.b = 1", "a"], [2]) == [0, 1, 2]


def test_built_in_and_imported_names_may_be_handed_on() -> None:
    assert required_cells(["import numpy as np", "train(np.mean, dict)", "np, dict"], [2]) == [0, 2]


def test_what_is_assigned_inside_with_is_assigned_for_certain() -> None:
    assert required_cells(["r = slow()", "with check.explained({}):\n    r = f(x)", "r"], [2]) == [1, 2]
    assert required_cells(["r = slow()", "with open(x) as r:\n    y = r", "r"], [2]) == [0, 1, 2]


def test_parameters_and_local_variables_of_functions_are_no_names_of_the_notebook() -> None:
    source = "def f(X, y=z):\n    m = X\n    return [k + m for k in y] + w\ng = lambda q: q + v"
    assert names(source).reads == {"z", "w", "v"}


def test_names_used_inside_a_function_are_followed() -> None:
    assert required_cells(["k = 2", "def f(x):\n    return k * x", "f(1)"], [2]) == [0, 1, 2]


def test_a_conditional_assignment_keeps_the_earlier_one() -> None:
    assert required_cells(["a = 1", "if True:\n    a = 2", "a"], [2]) == [0, 1, 2]


def test_an_in_place_change_counts() -> None:
    assert required_cells(["a = [1]", "a[0] = 2", "a"], [2]) == [0, 1, 2]
    assert required_cells(["a = 1", "a += 2", "a"], [2]) == [0, 1, 2]


def test_cells_always_wanted_come_with_what_they_need() -> None:
    assert required_cells(["seed = 1", "set_up(seed)", "b = 2", "b"], [3], always=[1]) == [0, 1, 2, 3]


def test_a_cell_with_magics_is_understood() -> None:
    assert names("%matplotlib inline\nx = y").reads >= {"y"}


def test_of_a_cell_that_cannot_be_looked_at_nothing_is_known_so_all_above_it_is_needed() -> None:
    assert required_cells(["a = 1", "b = 2", "def f(:", "c = 3", "b"], [4]) == [0, 1, 2, 4]


def test_a_cell_that_python_refuses_only_after_parsing_is_understood_all_the_same() -> None:
    assert required_cells(["a = 1", "b = 2", "return a", "b"], [3]) == [1, 3]


def test_what_a_star_imports_may_be_any_name() -> None:
    assert required_cells(["pi = 3", "from math import *", "pi"], [2]) == [0, 1, 2]


def test_a_loop_makes_what_it_goes_through() -> None:
    assert names("for w in ws:\n    print(w, v)").reads == {"ws", "print", "v"}
    assert names("for w in w:\n    print(w)").reads == {"w", "print"}


def test_deleting_a_name_or_an_element_counts_as_changing_it() -> None:
    assert required_cells(["a = [1]", "del a[0]", "a"], [2]) == [0, 1, 2]
    assert required_cells(["a = [1]", "if b:\n    del a", "a"], [2]) == [0, 1, 2]


def test_a_change_in_place_needs_what_it_changes() -> None:
    assert required_cells(["w = 1", "w += 1"], [1]) == [0, 1]


def test_a_function_that_says_global_may_change_the_name() -> None:
    assert "total" in names("def add(x):\n    global total\n    total = x").changes
