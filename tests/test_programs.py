"""Random programs of tensors against the same programs in plain NumPy: see programs.py.

What no test of one operation or one feature can see: what they do to each other.  That the
comparison can fail, and for each kind of mistake, is tested with planted bugs.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from programs import Program, check, programs

import minigrad as mg
from minigrad import core
from minigrad.core import Node, Tensor

EXAMPLES = 4 * settings().max_examples  # of a few milliseconds each


@settings(max_examples=EXAMPLES)
@given(programs())
def test_a_program_on_tensors_is_the_program_in_numpy(program):
    check(program)


@pytest.mark.parametrize("name", ["sum", "max", "min", "prod", "cumsum", "cumprod"])
def test_an_axis_of_an_array_without_axes(name):
    program = Program()  # NumPy takes axis=0 and axis=-1 there
    program.tensor("x", (), leaf=True)
    assert program.gives("y", f"y = np.{name}(x, axis=0)")
    program.grad(["y"], ["x"], retain=False)
    check(program)


# -- the tester itself: mistakes are planted in the engine, and the comparison must find each


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


class Planter:
    """Puts mistakes in the place of what minigrad does, until the test ends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.replace = monkeypatch.setattr
        self.replace_item = monkeypatch.setitem
        self.modules = [m for n, m in sys.modules.items() if n.partition(".")[0] == "minigrad"]

    def found(self, name: str) -> Any:
        """What minigrad calls by that name."""
        engine = [m for m in self.modules if m.__name__.startswith("minigrad.core")]
        return next(vars(m)[name] for m in (*engine, *self.modules) if name in vars(m))

    def plant(self, name: str, new: Any) -> None:
        """Replace what minigrad calls by that name, in each of its modules."""
        old = self.found(name)
        for module in self.modules:
            for alias, value in list(vars(module).items()):
                if value is old:
                    self.replace(module, alias, new)

    def rule(self, fn: Any, position: int, vjp: Any) -> None:
        """Replace the vjp of `fn` by the argument at `position`."""
        rule = core.RULES[fn]
        vjps = [vjp if i == position else old for i, old in enumerate(rule.vjps)]
        self.replace_item(core.RULES, fn, core.Rule(fn, vjps, rule.each, rule.broadcasts))


# what is differentiated


def walk_forgets_what_was_added_up(engine: Planter) -> None:
    backward = Tensor.backward

    def overwriting(self: Tensor, *args: Any, **kwargs: Any) -> None:
        for node in ancestors(self._node):
            node.grad = None
        backward(self, *args, **kwargs)

    engine.replace(Tensor, "backward", overwriting)


def ancestors(node: Node | None) -> Iterator[Node]:
    stack = [] if node is None else [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.parents)


def a_gradient_of_a_broadcast_operand_is_a_mean(engine: Planter) -> None:
    right = engine.found("unbroadcast")

    def mean(g: Any, shape: tuple[int, ...]) -> Any:
        return right(g, shape) * (np.prod(shape) / max(g.size, 1))

    engine.plant("unbroadcast", mean)


def an_element_taken_twice_counts_once(engine: Planter) -> None:
    engine.plant("may_repeat", lambda index: False)


def a_factor_is_a_millionth_too_large(engine: Planter) -> None:
    engine.rule(np.multiply, 0, lambda g, _z, _x, y: g * y * 1.000001)


def detach_does_not_detach(engine: Planter) -> None:
    engine.replace(Tensor, "detach", lambda self: Tensor(self._array, self._node))


def no_grad_records(engine: Planter) -> None:
    engine.replace(mg, "no_grad", mg.enable_grad)


def enable_grad_does_not_record(engine: Planter) -> None:
    engine.replace(mg, "enable_grad", mg.no_grad)


def a_mode_ends_in_recording(engine: Planter) -> None:
    mode_of = engine.found("_recording")

    @contextlib.contextmanager
    def forgetful(mode: bool) -> Iterator[None]:
        mode_of.set(mode)
        try:
            yield
        finally:
            mode_of.set(True)

    engine.plant("_recording_set_to", forgetful)


def hooks_are_ignored(engine: Planter) -> None:
    engine.plant("hooked", lambda hook, g, create_graph: g)


def retain_grad_is_ignored(engine: Planter) -> None:
    engine.replace(Tensor, "retain_grad", lambda self: None)


def a_constant_is_still_recorded(engine: Planter) -> None:
    switch = Tensor.requires_grad_
    engine.replace(Tensor, "requires_grad_", lambda self, on=True: switch(self) if on else self)


def every_graph_is_retained(engine: Planter) -> None:
    walk = engine.found("backpropagate")
    engine.plant("backpropagate", lambda *a, **k: walk(*a, **k | {"retain_graph": True}))


def no_graph_is_retained(engine: Planter) -> None:
    walk = engine.found("backpropagate")
    engine.plant("backpropagate", lambda *a, **k: walk(*a, **k | {"retain_graph": False}))


def rules_see_constants_in_higher_orders(engine: Planter) -> None:
    engine.plant("in_graph", lambda node, plan: (node.output, node.args))


def arrays_are_kept_and_not_copied(engine: Planter) -> None:
    engine.plant("snapshot", lambda value: value)


def nodes_hold_themselves(engine: Planter) -> None:
    new_node = engine.found("new_node")

    def cyclic(*args: Any) -> Node:
        node = new_node(*args)
        node.done = node  # type: ignore[assignment]  # a cycle, which no count of references ends
        return node

    engine.plant("new_node", cyclic)


# what is written


def a_value_written_twice_counts_twice(engine: Planter) -> None:
    engine.plant("last_writes", lambda shape, index: np.ones(np.zeros(shape)[index].shape, bool))


def what_was_overwritten_keeps_its_gradient(engine: Planter) -> None:
    update = engine.found("indexed_update")
    engine.rule(update, 0, lambda g, _y, _x, _index, _value, where=None: g)


def a_value_that_was_written_gets_no_gradient(engine: Planter) -> None:
    update = engine.found("indexed_update")
    engine.rule(update, 2, lambda g, _y, _x, _index, v_shape, where=None: np.zeros(v_shape))


def a_write_changes_the_array(engine: Planter) -> None:
    become = engine.found("become")

    def writing(root: Tensor, new: Tensor) -> None:
        array = root._held
        become(root, new)
        array[...] = root._held

    engine.plant("become", writing)


def a_write_gives_the_array_that_was_written(engine: Planter) -> None:
    """Of `x[...] = y` the array of y, which x and y then share."""
    write = engine.found("write")

    def sharing(target: Tensor, index: Any, value: Any) -> None:
        write(target, index, value)
        whole = index is ... and not target._view and np.shape(value) == target.shape
        if whole and type(value) is Tensor and value.dtype == target.dtype:
            target._held, target._place = value._array, value._node

    engine.plant("write", sharing)


def nothing_refuses_a_write_to_a_leaf(engine: Planter) -> None:
    engine.plant("is_leaf", lambda t: False)


def a_leaf_that_is_written_to_is_another_one(engine: Planter) -> None:
    become = engine.found("become")

    def renewing(root: Tensor, new: Tensor) -> None:
        was_leaf = root._place is not None and root.is_leaf
        become(root, new)
        if was_leaf:
            root._place = found_node(root._held)

    found_node = engine.found("new_node")
    engine.plant("become", renewing)


def what_is_written_outside_the_graph_keeps_its_gradient(engine: Planter) -> None:
    become = engine.found("become")

    def keeping(root: Tensor, new: Tensor) -> None:
        place = root._place
        become(root, new)
        root._place = root._place or place

    engine.plant("become", keeping)


def a_write_to_data_is_recorded(engine: Planter) -> None:
    is_outside = engine.found("is_outside")
    # A leaf would refuse it.
    engine.plant("is_outside", lambda t: is_outside(t) and t._view[0].is_leaf)


# what has more than one name


def an_operator_in_place_gives_a_new_tensor(engine: Planter) -> None:
    engine.replace(Tensor, "__iadd__", Tensor.__add__)


def an_operator_in_place_changes_a_number(engine: Planter) -> None:
    multiply = Tensor.__imul__

    def changing(self: Tensor, other: Any) -> Tensor:
        if self._view == () and np.ndim(other) == 0:
            self._view = None
        return multiply(self, other)

    engine.replace(Tensor, "__imul__", changing)


def a_view_is_not_taken_again(engine: Planter) -> None:
    engine.plant("fresh", as_it_was(engine.found("fresh")))


def as_it_was(fresh: Any) -> Any:
    """In place of `fresh`: a view whose root was written to is one no more."""

    def cut(view: Tensor) -> None:
        array, place = view._held, view._place
        fresh(view)
        if view._held is not array:
            view._held, view._place, view._view = array, place, None

    return cut


def a_view_keeps_its_place_in_the_graph(engine: Planter) -> None:
    fresh = engine.found("fresh")

    def numbers_alone(view: Tensor) -> None:
        place = view._place
        fresh(view)
        view._place = place

    engine.plant("fresh", numbers_alone)


def a_view_is_seen_by_itself_alone(engine: Planter) -> None:
    """What is written through it does not reach the root."""
    write = engine.found("write")

    def cutting(target: Tensor, index: Any, value: Any) -> None:
        if target._view:
            target._held, target._place, target._view = target._array, target._node, None
        write(target, index, value)

    engine.plant("write", cutting)


def a_write_through_a_view_does_not_reach_the_others(engine: Planter) -> None:
    fresh, write = engine.found("fresh"), engine.found("write")
    cut, writing = as_it_was(fresh), []

    def only_while_writing(view: Tensor) -> None:
        (fresh if writing else cut)(view)

    def marking(target: Tensor, index: Any, value: Any) -> None:
        writing.append(target)
        write(target, index, value)
        if target._view:
            fresh(target)
        writing.clear()

    engine.plant("fresh", only_while_writing)
    engine.plant("write", marking)


def reshape_copies(engine: Planter) -> None:
    reshape = Tensor.reshape
    engine.replace(Tensor, "reshape", lambda self, *a, **k: reshape(self, *a, **k).copy())


def flatten_gives_a_view(engine: Planter) -> None:
    engine.replace(Tensor, "flatten", lambda self: self.reshape(-1))


def a_copy_keeps_the_order_of_the_axes(engine: Planter) -> None:
    engine.replace(Tensor, "copy", np.copy)


def the_gradient_of_a_view_is_a_millionth_too_large(engine: Planter) -> None:
    back = engine.found("put_back")
    engine.plant("put_back", lambda g, where: 1.000001 * back(g, where))


def an_element_seen_twice_counts_once(engine: Planter) -> None:
    """By a sliding window, or what was broadcast."""
    outside = engine.found("among_zeros")

    def once(g: Any, where: Any) -> Any:
        laid_out = engine.found("laid_out")
        whole = laid_out(np.zeros(where.whole_shape, where.whole_dtype), where.whole)
        writeable, where.writeable = where.writeable, True
        where.of(whole)[...] = g
        where.writeable = writeable
        return whole

    engine.replace(outside, "forward", once)
    engine.replace(core.RULES[outside], "forward", once)


def imaginary_parts_have_the_other_sign(engine: Planter) -> None:
    engine.plant("mirrored", lambda g, where: g)


BUGS = [
    walk_forgets_what_was_added_up, a_gradient_of_a_broadcast_operand_is_a_mean,
    an_element_taken_twice_counts_once, a_factor_is_a_millionth_too_large, detach_does_not_detach,
    no_grad_records, enable_grad_does_not_record, a_mode_ends_in_recording, hooks_are_ignored,
    retain_grad_is_ignored, a_constant_is_still_recorded, every_graph_is_retained,
    no_graph_is_retained, rules_see_constants_in_higher_orders, arrays_are_kept_and_not_copied,
    nodes_hold_themselves, a_value_written_twice_counts_twice,
    what_was_overwritten_keeps_its_gradient, a_value_that_was_written_gets_no_gradient,
    a_write_changes_the_array, a_write_gives_the_array_that_was_written,
    nothing_refuses_a_write_to_a_leaf, a_leaf_that_is_written_to_is_another_one,
    what_is_written_outside_the_graph_keeps_its_gradient, a_write_to_data_is_recorded,
    an_operator_in_place_gives_a_new_tensor, an_operator_in_place_changes_a_number,
    a_view_is_not_taken_again, a_view_keeps_its_place_in_the_graph,
    a_view_is_seen_by_itself_alone, a_write_through_a_view_does_not_reach_the_others,
    reshape_copies, flatten_gives_a_view, a_copy_keeps_the_order_of_the_axes,
    the_gradient_of_a_view_is_a_millionth_too_large, an_element_seen_twice_counts_once,
    imaginary_parts_have_the_other_sign,
]  # fmt: skip


@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant, drawn):
    with pytest.MonkeyPatch.context() as patch:
        plant(Planter(patch))
        found = next(filter(differs, drawn), None)
    assert found
    assert not differs(found)  # without the mistake


def differs(program: Program) -> bool:
    """Whether the comparison says so; a mistake that breaks in another way was planted badly."""
    try:
        check(program)
    except AssertionError:
        return True
    return False
