"""Mistakes in the text of minigrad/ops: every rule, helper and composite, one node of it changed.

The module is compiled with the change, and each function whose code differs is given its new code:
so it is changed wherever it is known, in the registry and in every module that imports it.
"""

import ast
import contextlib
import functools
import gc
import inspect
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from minigrad import ops

MODULES = [getattr(ops, name) for name in ops.__all__]
OTHER = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
         ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot,
         ast.IsNot: ast.Is}  # fmt: skip

CONSTANT = "a constant for a Tensor"
NOT_RUN = ast.Raise | ast.arguments  # errors have tests of their own; defaults were taken long ago


class Edit(NamedTuple):
    """A change in the text, and the new code of the functions that it changes."""

    mutator: str
    where: str
    codes: Sequence[tuple[FunctionType, CodeType]]


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What may stand in the place of `node`, each with the name of the mutator."""
    match node:
        case ast.BinOp(left, ast.Mult() | ast.Div() as op, right):
            yield "a factor dropped", left
            if isinstance(op, ast.Mult):
                yield "a factor dropped", right
                yield "operator exchanged", ast.BinOp(left, ast.Div(), right)
            else:
                yield "operands swapped", ast.BinOp(right, op, left)
        case ast.BinOp(left, ast.Add() | ast.Sub() as op, right):
            yield "a term dropped", left
            yield "a term dropped", right
            other = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
            yield "operator exchanged", ast.BinOp(left, other, right)
            if isinstance(op, ast.Sub):
                yield "operands swapped", ast.BinOp(right, op, left)
        case ast.BinOp(left, ast.Pow() | ast.MatMult() as op, right):
            yield "operands swapped", ast.BinOp(right, op, left)
        case ast.BinOp(left, ast.BitAnd() | ast.BitOr() as op, right):
            other = ast.BitOr() if isinstance(op, ast.BitAnd) else ast.BitAnd()
            yield "operator exchanged", ast.BinOp(left, other, right)
        case ast.BoolOp(op, values):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield "operator exchanged", ast.BoolOp(other, values)
        case ast.UnaryOp(ast.USub() | ast.Invert() | ast.Not(), operand):
            yield "sign", operand
        case ast.Compare(left, [op], [right]):
            yield "comparison shifted", ast.Compare(left, [OTHER[type(op)]()], [right])
        case ast.Constant(bool() as truth):
            yield "number shifted", ast.Constant(not truth)
        case ast.Constant(int() | float() as n):
            yield "number shifted", ast.Constant(n + 1)
        case ast.IfExp(test, body, orelse):
            yield "branches swapped", ast.IfExp(test, orelse, body)
        case ast.If(test, body, orelse):
            yield "branches swapped", ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.Call(fn, args, keywords):
            for i in range(len(args) - 1):
                swapped = [*args[:i], args[i + 1], args[i], *args[i + 2 :]]
                yield "operands swapped", ast.Call(fn, swapped, keywords)
            for k in keywords:
                if k.arg != "strict":
                    rest = [other for other in keywords if other is not k]
                    yield "keyword dropped", ast.Call(fn, args, rest)
        case ast.Name("g" | "x" | "y" | "z" as name, ast.Load()):  # a rule's names for arrays
            constant = f"({name}.detach() if hasattr({name}, 'detach') else {name})"
            yield CONSTANT, ast.parse(constant, mode="eval").body


def places(tree: ast.AST, inside: bool = False) -> Iterator[tuple[ast.AST, Callable[..., None]]]:
    """Every node in a function's body, but for errors and their guards; and what replaces it."""
    for field, child in ast.iter_fields(tree):
        within = inside or (isinstance(tree, ast.FunctionDef | ast.Lambda) and field == "body")
        for i, node in enumerate(child if isinstance(child, list) else [child]):
            is_guard = isinstance(node, ast.If) and isinstance(node.body[0], ast.Raise)
            is_strict = isinstance(node, ast.keyword) and node.arg == "strict"  # a guard of zip's
            if is_guard or is_strict or isinstance(node, NOT_RUN) or not isinstance(node, ast.AST):
                continue
            if within and isinstance(child, list):
                yield node, functools.partial(child.__setitem__, i)
            elif within:
                yield node, functools.partial(setattr, tree, field)
            yield from places(node, within)


def compiled(tree: ast.Module, module: ModuleType) -> list[CodeType]:
    """All code objects in `tree`, from the outside in."""
    return list(codes_in(compile(tree, str(module.__file__), "exec")))


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """A code object and all that are nested in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


def position(code: CodeType) -> Any:
    """Where in the text the code is: two lambdas on a line differ in their columns only."""
    spans = [span for span in code.co_positions() if None not in span]
    return code.co_qualname, min(s[::2] for s in spans), max(s[1::2] for s in spans)


def functions(module: ModuleType) -> Iterator[FunctionType]:
    """Every function that was made in `module`, and is in use somewhere."""
    for fn in gc.get_objects():
        if isinstance(fn, FunctionType) and fn.__code__.co_filename == module.__file__:
            yield fn


def edits(module: ModuleType) -> Iterator[Edit]:
    """Every change of one node of the module's text that changes code of its functions."""
    alive: dict[Any, list[FunctionType]] = {}
    for fn in functions(module):
        alive.setdefault(position(fn.__code__), []).append(fn)
    for statement in ast.parse(inspect.getsource(module)).body:
        alone = ast.Module([statement], type_ignores=[])
        before = compiled(alone, module)
        computes_value = any("primitive" in ast.unparse(d) for d in decorators(statement))
        for node, put in places(alone):
            for mutator, other in changes(node):
                if computes_value and mutator == CONSTANT:  # nothing there is a Tensor
                    continue
                put(ast.fix_missing_locations(ast.copy_location(other, node)))
                after = compiled(alone, module)
                put(node)
                if len(after) != len(before):
                    continue
                pairs = [
                    (fn, new)
                    for old, new in zip(before, after, strict=True)
                    if old != new
                    for fn in alive.get(position(old), [])
                ]
                if pairs and all(fn.__code__.co_freevars == new.co_freevars for fn, new in pairs):
                    text = f"{ast.unparse(node)} -> {ast.unparse(other)}"
                    yield Edit(mutator, f"{title(statement)}: {' '.join(text.split())}", pairs)


def decorators(statement: ast.stmt) -> list[ast.expr]:
    return statement.decorator_list if isinstance(statement, ast.FunctionDef) else []


def title(statement: ast.stmt) -> str:
    """What a reader knows a function by, or the rules that a call of defvjp gives."""
    if isinstance(statement, ast.FunctionDef):
        return statement.name
    text = " ".join(ast.unparse(statement).partition("lambda")[0].split())
    return text.removesuffix("each=").rstrip(" ,(")


@contextlib.contextmanager
def installed(edit: Edit) -> Iterator[None]:
    """The functions with their new code."""
    before = [fn.__code__ for fn, _ in edit.codes]
    for fn, new in edit.codes:
        fn.__code__ = new
    forget()
    try:
        yield
    finally:
        for (fn, _), code in zip(edit.codes, before, strict=True):
            fn.__code__ = code
        forget()


def forget() -> None:
    """Empty the caches of functions: what is in them may come of other code than is there now."""
    for module in MODULES:
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
