"""Slips that students make, as changes of a syntax tree.

The general slips are the operators of mutation testing: comparison, arithmetic, constant, statement. The
others concern arrays and networks: a lost axis, another reduction, another activation, validation data
in place of training data. Each slip is a function that gets a node and yields what could stand in its
place. This module knows Python's syntax; it does not know labs.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

__all__ = ["SLIPS", "Around", "Gone", "Several", "Slip"]

Change = Iterator[ast.AST]


@dataclass(frozen=True)
class Around:
    """What a slip knows about the surroundings of a node.

    Attributes:
        parameters: Parameters of the function that contains the node.
        unchanged: Those of them that the docstring of this function says are not changed.
        names: Names that the notebook defines before the answer.
    """

    parameters: tuple[str, ...]
    unchanged: tuple[str, ...]
    names: frozenset[str]


class Gone(ast.AST):
    """Stands for nothing: the node is taken out of its list."""


class Several(ast.AST):
    """Stands for several statements in place of one; `label` says in short what they are."""

    def __init__(self, *nodes: ast.AST, label: str = "") -> None:
        super().__init__()
        self.nodes, self.label = nodes, label


Slip = Callable[[ast.AST, Around], Change]


def axis(node: ast.AST, _: Around) -> Change:
    """Another axis, or none."""
    if isinstance(node, ast.keyword) and node.arg == "axis":
        yield Gone()
        others = {"0": (1, -1), "1": (0,), "-1": (0,)}
        for other in others.get(ast.unparse(node.value), (0, 1, -1)):
            yield ast.keyword("axis", ast.Constant(other))


def _table(text: str) -> dict[str, tuple[str, ...]]:
    """Read "name: other other; name: other" into a dict."""
    entries = [entry.split(":") for entry in text.split(";")]
    return {name.strip(): tuple(others.split()) for name, others in entries}


FUNCTIONS = _table(
    "sum: mean; mean: sum median; median: mean; std: var; var: std; norm: sum; max: min; min: max; argmax: argmin; "
    "argmin: argmax; nanargmin: nanargmax argmin; any: all; all: any; maximum: minimum; minimum: maximum; ceil: floor; "
    "log: log10 log2 log1p; exp: exp2 expm1; sin: cos; cos: sin; tanh: arctan; sign: abs; zeros: ones empty; ones: zeros; "
    "array_equal: allclose; concatenate: stack; normal: uniform; Adam: SGD RMSprop; L2: L1; L1: L2; "
    "GlobalAveragePooling2D: GlobalMaxPooling2D; RandomFlip: RandomRotation; predict: predict_on_batch; evaluate: predict; "
    "trainable_weights: weights non_trainable_weights; trainable_variables: variables non_trainable_variables; "
    "export: save; save: save_weights; save_weights: save"
)


def function(node: ast.AST, _: Around) -> Change:
    """Another reduction, function, optimizer or layer."""
    if isinstance(node, ast.Attribute):
        for other in FUNCTIONS.get(node.attr, ()):
            yield ast.Attribute(node.value, other, node.ctx)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        for other in {"sum": ("max", "len"), "max": ("min",), "min": ("max",), "all": ("any",), "any": ("all",)}.get(
            node.func.id, ()
        ):
            yield ast.Call(ast.Name(other), node.args, node.keywords)


UNWRAPPED = (
    *("abs", "argsort", "array", "asarray", "astype", "ceil", "clip", "convert_to_numpy", "copy", "dict", "exp", "expit"),
    *(
        "flatnonzero",
        "float",
        "int",
        "list",
        "log",
        "mean",
        "Path",
        "reshape",
        "sign",
        "sorted",
        "sqrt",
        "sum",
        "tanh",
        "unique",
    ),
)


def call_lost(node: ast.AST, _: Around) -> Change:
    """A function or method that is not called: `x` for `np.sqrt(x)`, `x.copy()` or `x.astype("float32")`."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Attribute) and node.func.attr in UNWRAPPED:
        on = node.func.value
        if (
            node.args
            and isinstance(on, ast.Name | ast.Attribute)
            and ast.unparse(on) in ("np", "keras.ops", "math", "scipy.special")
        ):
            yield node.args[0]
        elif not (isinstance(on, ast.Name) and on.id in ("np", "math")):
            yield on
    elif node.args and (isinstance(node.func, ast.Call) or (isinstance(node.func, ast.Name) and node.func.id in UNWRAPPED)):
        yield node.args[0]  # also of a layer that is called, as in Dense(1)(x)


COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}


def comparison(node: ast.AST, _: Around) -> Change:
    """Another comparison: ≤ for <, > for <."""
    if isinstance(node, ast.Compare):
        for number, operator in enumerate(node.ops):
            for other in COMPARED.get(type(operator), ()):
                ops = [other() if i == number else op for i, op in enumerate(node.ops)]
                yield ast.Compare(node.left, ops, node.comparators)


def sign(node: ast.AST, _: Around) -> Change:
    """Another sign: − for +, a minus lost."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    swapped = {ast.Add: ast.Sub, ast.Sub: ast.Add}
    if isinstance(node, ast.BinOp) and type(node.op) in swapped:
        yield ast.BinOp(node.left, swapped[type(node.op)](), node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        yield ast.BinOp(node.right, ast.Sub(), node.left)
    if isinstance(node, ast.AugAssign) and type(node.op) in swapped:
        yield ast.AugAssign(node.target, swapped[type(node.op)](), node.value)


def factor(node: ast.AST, _: Around) -> Change:
    """A factor, term or power lost; × for /, @ for *."""
    if not isinstance(node, ast.BinOp):
        return
    if isinstance(node.op, ast.Mult | ast.Div | ast.Add | ast.Sub | ast.Pow | ast.FloorDiv):
        yield node.left
    if isinstance(node.op, ast.Mult | ast.Add):
        yield node.right
    others: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
        ast.Mult: (ast.Div,),
        ast.Div: (ast.Mult, ast.FloorDiv),
        ast.MatMult: (ast.Mult,),
        ast.Pow: (ast.Mult,),
    }
    for other in others.get(type(node.op), ()):
        yield ast.BinOp(node.left, other(), node.right)
    if isinstance(node.op, ast.MatMult):
        yield ast.BinOp(node.right, ast.MatMult(), node.left)


WORDS = _table(
    "relu: linear tanh softmax; softmax: sigmoid linear relu; sigmoid: linear softmax tanh; tanh: linear; adam: sgd rmsprop; "
    "mse: mae; mae: mse; sparse_categorical_crossentropy: categorical_crossentropy mse; val_loss: loss val_accuracy; "
    "binary_crossentropy: categorical_crossentropy mse; accuracy: mse binary_accuracy; ones: zeros; "
    "float32: float64 float16 int32 uint8; float64: float32; horizontal: vertical horizontal_and_vertical"
)


def constant(node: ast.AST, _: Around) -> Change:
    """A constant that is off by one or by a power of ten, a flag the other way, another activation, loss, metric or dtype."""
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from map(ast.Constant, dict.fromkeys([value + 1, value - 1, *([value * 10] if value else [])]))
    elif isinstance(value, float):
        yield from map(ast.Constant, dict.fromkeys([value * 10, value / 10, *([1.0] if not value else [])]))
    elif isinstance(value, str):
        yield from map(ast.Constant, WORDS.get(value, ()))


def dtype(node: ast.AST, _: Around) -> Change:
    """Another type of numbers."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("zeros", "ones", "full", "arange")
    ):
        for name in () if any(keyword.arg == "dtype" for keyword in node.keywords) else ("uint8", "float16"):
            yield ast.Call(node.func, node.args, [*node.keywords, ast.keyword("dtype", ast.Constant(name))])
    if isinstance(node, ast.keyword) and node.arg == "dtype":
        for name in ("uint8", "float32"):
            yield ast.keyword("dtype", ast.Constant(name))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "astype":
        for name in ("uint8", "float16"):
            yield ast.Call(node.func, [ast.Constant(name)], [])


def statement(node: ast.AST, _: Around) -> Change:
    """A statement that is missing or there twice."""
    if isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.For | ast.If | ast.Raise):
        yield ast.Pass()
        if isinstance(node, ast.Expr | ast.AugAssign):
            yield Several(node, deepcopy(node))


def argument(node: ast.AST, around: Around) -> Change:
    """An argument that is missing, swapped with its neighbour, or another parameter in its place."""
    if isinstance(node, ast.keyword) and node.arg not in (None, "axis", "verbose"):
        yield Gone()
    if isinstance(node, ast.Call):
        for i in range(len(node.args) - 1):
            args = [*node.args[:i], node.args[i + 1], node.args[i], *node.args[i + 2 :]]
            if not any(isinstance(arg, ast.Starred) for arg in node.args[i : i + 2]):
                yield ast.Call(node.func, args, node.keywords)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in around.parameters:
        place = around.parameters.index(node.id)
        for other in (*around.parameters[max(0, place - 1) : place], *around.parameters[place + 1 : place + 2]):
            yield ast.Name(other, ast.Load())


def notebook_name(node: ast.AST, around: Around) -> Change:
    """A name of the notebook in place of an argument: `EPOCHS` for `epochs`, `X_train` for `X`."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in around.parameters:
        alike = [name for name in sorted(around.names - {node.id}) if name.lower() == node.id.lower()]
        longer = [name for name in sorted(around.names) if name.startswith(f"{node.id}_")]
        for name in (alike or longer)[:1]:
            yield ast.Name(name, ast.Load())


SPLITS = (("_valid", "_train"), ("_train", "_valid"), ("_valid", "_test"))


def split(node: ast.AST, around: Around) -> Change:
    """Data of another split: training data for validation data."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in around.parameters:
        yield from (ast.Name(name, ast.Load()) for name in _other_splits(node.id) if name in around.names)
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        yield from (ast.Attribute(node.value, name, ast.Load()) for name in _other_splits(node.attr))


def _other_splits(name: str) -> list[str]:
    base = [name.removesuffix("_valid")] if name.endswith("_valid") else []
    return [name.replace(old, new) for old, new in SPLITS if old in name] + base


def in_place(node: ast.AST, around: Around) -> Change:
    """An argument that is changed in place: `X -= m` for `X = X - m`."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and len(node.targets) == 1):
        return
    target, value = node.targets[0], node.value
    if not (isinstance(target, ast.Name) and target.id in around.parameters):
        return
    if isinstance(value.left, ast.Name) and value.left.id == target.id:
        yield ast.AugAssign(target, value.op, value.right)


def changed_argument(node: ast.AST, around: Around) -> Change:
    """An argument that is changed although the task says that it is not."""
    if not (isinstance(node, ast.Return) and node.value is not None):
        return
    for name in around.unchanged:
        result = ast.parse("result = None").body[0]
        assert isinstance(result, ast.Assign)
        result.value = node.value
        spoil = ast.parse(
            f"if hasattr({name}, 'set_weights'):\n    {name}.set_weights([w + 1 for w in {name}.get_weights()])\n"
            f"elif hasattr({name}, 'dtype') and {name}.ndim:\n    {name}[...] = {name}[::-1] + 1\n"
            f"elif isinstance({name}, list):\n    {name}.append({name}[0])\n"
            f"elif isinstance({name}, dict):\n    {name}.clear()\n"
        ).body
        yield Several(result, *spoil, ast.Return(ast.Name("result", ast.Load())), label=name)


def position(node: ast.AST, _: Around) -> Change:
    """First for last: `[0]` for `[-1]`, `[k:]` for `[:k]`."""
    if not isinstance(node, ast.Subscript):
        return
    if isinstance(node.slice, ast.Slice):
        slice_ = node.slice
        yield ast.Subscript(node.value, ast.Slice(slice_.upper, slice_.lower, slice_.step), node.ctx)
        yield node.value
    elif isinstance(node.slice, ast.Constant) and node.slice.value == 0:
        yield ast.Subscript(node.value, ast.Constant(-1), node.ctx)
    elif isinstance(node.slice, ast.UnaryOp):
        yield ast.Subscript(node.value, ast.Constant(0), node.ctx)
    elif isinstance(node.ctx, ast.Load):
        yield node.value


def condition(node: ast.AST, _: Around) -> Change:
    """A condition that is negated, always true or always false; `and` for `or`."""
    if isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        yield from node.values
    if isinstance(node, ast.If):
        yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
        yield Several(*node.body)
    if isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
        yield ast.IfExp(node.test, node.orelse, node.body)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    if isinstance(node, ast.comprehension) and node.ifs:
        yield ast.comprehension(node.target, node.iter, [], node.is_async)


def repetition(node: ast.AST, _: Around) -> Change:
    """A loop that makes one round less, one more, or only the first."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        last = len(node.args) - 1 if len(node.args) < 3 else 1
        for operation in (ast.Sub(), ast.Add()):
            args = [ast.BinOp(arg, operation, ast.Constant(1)) if i == last else arg for i, arg in enumerate(node.args)]
            yield ast.Call(node.func, args, [])
    if isinstance(node, ast.For):
        yield ast.For(node.target, node.iter, [*node.body, ast.Break()], node.orelse)


def order(node: ast.AST, _: Around) -> Change:
    """Two neighbours swapped, or one left out: layers of a list, entries of a result, statements are not swapped."""
    if isinstance(node, ast.List | ast.Tuple) and isinstance(node.ctx, ast.Load):
        elements = node.elts
        for i in range(len(elements) - 1):
            yield type(node)([*elements[:i], elements[i + 1], elements[i], *elements[i + 2 :]], ast.Load())
        if len(elements) > 1:
            for i in range(len(elements)):
                yield type(node)([*elements[:i], *elements[i + 1 :]], ast.Load())


def list_for_array(node: ast.AST, _: Around) -> Change:
    """A list where an array is meant, and a shuffle or seed that is lost."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("column_stack", "stack") and len(node.args) == 1:
            yield ast.Call(ast.Name("list"), node.args, [])
        if node.func.attr == "default_rng":
            yield ast.Call(node.func, [], [])
            yield ast.Call(node.func, [ast.Constant(0)], [])
        if node.func.attr in ("permutation", "shuffle"):
            yield ast.Call(ast.Attribute(ast.Name("np"), "arange", ast.Load()), node.args, [])


SLIPS: tuple[Slip, ...] = (
    *(
        axis,
        function,
        call_lost,
        comparison,
        sign,
        factor,
        constant,
        dtype,
        statement,
        argument,
        notebook_name,
        split,
        in_place,
    ),
    *(changed_argument, position, condition, repetition, order, list_for_array),
)
