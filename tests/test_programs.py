"""Random programs of tensor operations against the same programs in plain NumPy: see programs.py.

What no test of one operation or one feature can see: what they do to each other.  That the
comparison can fail is tested with planted bugs.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from programs import Program, check, programs

import minigrad as mg
from minigrad import core
from minigrad.core import Node, Tensor
from minigrad.ops import indexing

EXAMPLES = 4 * settings().max_examples  # of a few milliseconds each


@settings(max_examples=EXAMPLES)
@given(programs())
def test_values_gradients_errors_and_memory_are_those_of_the_program_in_numpy(program):
    check(program)


@pytest.mark.parametrize("name", ["sum", "max", "min", "prod", "cumsum", "cumprod"])
def test_an_axis_of_an_array_without_axes(name):
    program = Program()  # NumPy takes axis=0 and axis=-1 there
    program.leaf("x", ())
    program.call("y", f"np.{name}(x, axis=0)", "x")
    program.grad(["y"], ["x"], retain=False)
    check(program)


# -- the tester itself


@pytest.fixture(scope="module")
def drawn() -> list[Program]:
    """The same programs every time."""
    found: list[Program] = []

    @settings(max_examples=200, derandomize=True, database=None, phases=[Phase.generate])
    @given(programs())
    def collect(program: Program) -> None:
        found.append(program)

    collect()
    return found


Replace = Callable[..., None]  # monkeypatch.setattr


def walk_forgets_what_was_added_up(replace: Replace) -> None:
    backward = Tensor.backward

    def overwriting(self: Tensor, *args: Any, **kwargs: Any) -> None:
        for node in ancestors(self._node):
            node.grad = None
        backward(self, *args, **kwargs)

    replace(Tensor, "backward", overwriting)


def ancestors(node: Node | None) -> Iterator[Node]:
    stack = [] if node is None else [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.parents)


def with_rule(replace: Replace, fn: Any, position: int, vjp: Any) -> None:
    rule = core.RULES[fn]
    vjps = [vjp if i == position else old for i, old in enumerate(rule.vjps)]
    replace(core, "RULES", core.RULES | {fn: core.Rule(fn, vjps, rule.each, rule.broadcasts)})


def a_gradient_of_a_broadcast_operand_is_a_mean(replace: Replace) -> None:
    right = core.unbroadcast

    def mean(g: Any, shape: tuple[int, ...]) -> Any:
        return right(g, shape) * (np.prod(shape) / max(g.size, 1))

    replace(core, "unbroadcast", mean)


def a_value_written_twice_counts_twice(replace: Replace) -> None:
    replace(
        indexing, "last_writes", lambda shape, index: np.ones(np.zeros(shape)[index].shape, bool)
    )


def an_element_taken_twice_counts_once(replace: Replace) -> None:
    replace(indexing, "may_repeat", lambda index: False)


def what_was_overwritten_keeps_its_gradient(replace: Replace) -> None:
    with_rule(replace, core.indexed_update, 0, lambda g, _y, _x, _index, _value: g)


def a_value_that_was_written_gets_no_gradient(replace: Replace) -> None:
    nothing = lambda g, _y, _x, _index, value_shape: np.zeros(value_shape)  # noqa: E731
    with_rule(replace, core.indexed_update, 2, nothing)


def setting_items_writes_into_the_array(replace: Replace) -> None:
    set_item = Tensor.__setitem__

    def writing(self: Tensor, index: Any, value: Any) -> None:
        array = self._data
        set_item(self, index, value)
        array[...] = self._data
        self._data = array

    replace(Tensor, "__setitem__", writing)


def adding_in_place_writes_into_the_array(replace: Replace) -> None:
    assigned = Tensor._assigned

    def writing(self: Tensor, fn: Any, value: Any) -> Tensor:
        array = self._data
        new = assigned(self, fn, value)
        array[...] = new._data
        new._data = array
        return new

    replace(Tensor, "_assigned", writing)


def adding_in_place_changes_the_tensor(replace: Replace) -> None:
    assigned = Tensor._assigned

    def changing(self: Tensor, fn: Any, value: Any) -> Tensor:
        new = assigned(self, fn, value)
        self._data, self._node = new._data, new._node
        return self

    replace(Tensor, "_assigned", changing)


def a_leaf_is_recorded_as_it_is_set(replace: Replace) -> None:
    replace(Tensor, "_assigned", lambda self, fn, value: core.apply(fn, self, value))


def detach_does_not_detach(replace: Replace) -> None:
    replace(Tensor, "detach", lambda self: Tensor(self._data, self._node))


def no_grad_records(replace: Replace) -> None:
    replace(mg, "no_grad", mg.enable_grad)


def enable_grad_does_not_record(replace: Replace) -> None:
    replace(mg, "enable_grad", mg.no_grad)


def a_mode_ends_in_recording(replace: Replace) -> None:
    @contextlib.contextmanager
    def forgetful(mode: bool) -> Iterator[None]:
        core._recording.set(mode)
        try:
            yield
        finally:
            core._recording.set(True)

    replace(core, "_recording_set_to", forgetful)


def hooks_are_ignored(replace: Replace) -> None:
    replace(core, "hooked", lambda hook, g, create_graph: g)


def retain_grad_is_ignored(replace: Replace) -> None:
    replace(Tensor, "retain_grad", lambda self: None)


def a_constant_is_still_recorded(replace: Replace) -> None:
    switch = Tensor.requires_grad_
    replace(Tensor, "requires_grad_", lambda self, on=True: switch(self) if on else self)


def every_graph_is_retained(replace: Replace) -> None:
    walk = core.backpropagate
    replace(core, "backpropagate", lambda *a, **k: walk(*a, **k | {"retain_graph": True}))


def no_graph_is_retained(replace: Replace) -> None:
    walk = core.backpropagate
    replace(core, "backpropagate", lambda *a, **k: walk(*a, **k | {"retain_graph": False}))


def rules_see_constants_in_higher_orders(replace: Replace) -> None:
    replace(core, "in_graph", lambda node, plan: (node.output, node.args))


def arrays_are_kept_and_not_copied(replace: Replace) -> None:
    replace(core, "snapshot", lambda value: value)


def nodes_hold_themselves(replace: Replace) -> None:
    new_node = core.new_node

    def cyclic(*args: Any) -> Node:
        node = new_node(*args)
        node.done = node  # type: ignore[assignment]  # a cycle, which no count of references ends
        return node

    replace(core, "new_node", cyclic)


def a_factor_is_a_millionth_too_large(replace: Replace) -> None:
    with_rule(replace, np.multiply, 0, lambda g, _z, _x, y: g * y * 1.000001)


BUGS = [
    walk_forgets_what_was_added_up, a_gradient_of_a_broadcast_operand_is_a_mean,
    a_value_written_twice_counts_twice, an_element_taken_twice_counts_once,
    what_was_overwritten_keeps_its_gradient, a_value_that_was_written_gets_no_gradient,
    setting_items_writes_into_the_array, adding_in_place_writes_into_the_array,
    adding_in_place_changes_the_tensor, a_leaf_is_recorded_as_it_is_set, detach_does_not_detach,
    no_grad_records, enable_grad_does_not_record, a_mode_ends_in_recording, hooks_are_ignored,
    retain_grad_is_ignored, a_constant_is_still_recorded, every_graph_is_retained,
    no_graph_is_retained, rules_see_constants_in_higher_orders, arrays_are_kept_and_not_copied,
    nodes_hold_themselves, a_factor_is_a_millionth_too_large,
]  # fmt: skip


@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_caught(plant, drawn, monkeypatch):
    plant(monkeypatch.setattr)
    assert any(map(fails, drawn))


def fails(program: Program) -> bool:
    try:
        check(program)
    except (Exception, pytest.fail.Exception):
        return True
    return False
