"""The layers of the package: imports go one way only, and importing it needs NumPy alone."""

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import minigrad

ROOT = Path(minigrad.__file__).parent

# The rooms of the engine: each may import from those before it.
ROOMS = [
    "tables", "mode", "base", "messages", "lazy", "arrays", "rules", "graph", "memory",
    "recording", "writing", "dispatch", "operands", "gradients", "tensor", "making",
]  # fmt: skip


def rooms_below(room: str) -> tuple[str, ...]:
    return tuple(f"minigrad.core.{below}" for below in ROOMS[: ROOMS.index(room)])


# What a module may import of minigrad: itself aside, modules and packages, with all in them.  The
# longest name that fits a module is the one that counts.
MAY_IMPORT = {
    "minigrad": ("minigrad",),
    **{f"minigrad.core.{room}": rooms_below(room) for room in ROOMS},
    "minigrad.core": ("minigrad.core",),
    "minigrad.ops": ("minigrad.core", "minigrad.ops"),
    "minigrad.creation": ("minigrad.core", "minigrad.ops"),
    "minigrad.dtypes": ("minigrad.core",),
    "minigrad.namespace": ("minigrad.core", "minigrad.ops"),
    "minigrad.linalg": ("minigrad.core", "minigrad.namespace"),
    "minigrad.fft": ("minigrad.core", "minigrad.namespace"),
    "minigrad.einops_backend": ("minigrad.core",),
    "minigrad.distributed": ("minigrad.core", "minigrad.ops"),
    "minigrad.transforms": ("minigrad.core",),
    "minigrad.nn": ("minigrad.core", "minigrad.ops", "minigrad.nn"),
    "minigrad.nn.functional": ("minigrad.core", "minigrad.ops"),
    "minigrad.nn.init": (),
    "minigrad.nn.module": ("minigrad.core",),
    "minigrad.special": ("minigrad.core", "minigrad.ops", "minigrad.nn.functional"),
    "minigrad.optim": ("minigrad.core", "minigrad.distributed", "minigrad.optim"),
    "minigrad.testing": ("minigrad.core", "minigrad.transforms", "minigrad.testing"),
}
EVERYWHERE = sys.stdlib_module_names | {"numpy"}
OPTIONAL = ["dask", "distributed", "hypothesis", "matplotlib", "pytest", "scipy", "sklearn", "tqdm"]


class Import(NamedTuple):
    """`importer` imports `imported` (both modules), perhaps only when a function is called."""

    importer: str
    imported: str
    line: int
    in_function: str


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def imports_of(module: str, source: str, is_package: bool = False) -> Iterator[Import]:
    """Every import in `source`; of `from package import name`, the submodule where it is one."""

    def walk(node: ast.AST, function: str) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(module, alias.name, child.lineno, function)
            elif isinstance(child, ast.ImportFrom):
                package = module.split(".")[: (is_package - child.level) or None]
                above = package if child.level else []
                base = ".".join([*above, *([child.module] if child.module else [])])
                for alias in child.names:
                    submodule = f"{base}.{alias.name}"
                    imported = submodule if submodule in MODULES else base
                    yield Import(module, imported, child.lineno, function)
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from walk(child, child.name)
            else:
                yield from walk(child, function)

    yield from walk(ast.parse(source), "")


IMPORTS = [
    found
    for module, path in MODULES.items()
    for found in imports_of(module, path.read_text(), path.name == "__init__.py")
]


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def allowed(module: str) -> tuple[str, ...]:
    """What the layer of `module` may import; every module but the package itself needs a layer."""
    layers = [name for name in MAY_IMPORT if within(module, name) and name != "minigrad"]
    return MAY_IMPORT["minigrad" if module == "minigrad" else max(layers, key=len)]


def refused(found: Import) -> bool:
    """Whether an import goes against the layers."""
    if found.importer == found.imported or not within(found.imported, "minigrad"):
        return False
    return not any(within(found.imported, package) for package in allowed(found.importer))


def test_the_parser_sees_imports_of_every_form():
    source = (
        "import numpy as np, os.path\n"
        "from minigrad.ops import elementwise, nothing\n"
        "from . import init\n"
        "from ..core import Tensor\n"
        "class A:\n"
        "    def f(self):\n"
        "        if self:\n"
        "            from minigrad import nn\n"
        "try:\n"
        "    import late\n"
        "finally:\n"
        "    pass\n"
    )
    found = [(i.imported, i.line, i.in_function) for i in imports_of("minigrad.nn.layers", source)]
    assert found == [
        ("numpy", 1, ""),
        ("os.path", 1, ""),
        ("minigrad.ops.elementwise", 2, ""),
        ("minigrad.ops", 2, ""),
        ("minigrad.nn.init", 3, ""),
        ("minigrad.core", 4, ""),
        ("minigrad.nn", 8, "f"),
        ("late", 10, ""),
    ]
    (of_package,) = imports_of("minigrad.nn", "from . import init", is_package=True)
    assert of_package.imported == "minigrad.nn.init"


@pytest.mark.parametrize(
    ("importer", "imported", "expected"),
    [
        ("minigrad.core", "minigrad.ops.linalg", True),
        ("minigrad.core.graph", "minigrad.core.recording", True),
        ("minigrad.core.recording", "minigrad.core.graph", False),
        ("minigrad.core.graph", "minigrad.core", True),
        ("minigrad.ops.linalg", "minigrad.ops.elementwise", False),
        ("minigrad.ops.linalg", "minigrad.transforms", True),
        ("minigrad.transforms", "minigrad.ops", True),
        ("minigrad.nn.functional", "minigrad.nn.layers", True),
        ("minigrad.nn.layers", "minigrad.nn.functional", False),
        ("minigrad.optim.sgd", "minigrad.nn", True),
        ("minigrad.optim.sgd", "minigrad", True),
        ("minigrad.testing.numerical", "minigrad.transforms", False),
        ("minigrad.core", "numpy", False),
        ("minigrad.namespace", "minigrad.linalg", True),
        ("minigrad.linalg", "minigrad.namespace", False),
        ("minigrad.linalg", "minigrad.ops.linalg", True),
        ("minigrad.core", "minigrad.namespace", True),
    ],
)
def test_the_layers_refuse_what_goes_up(importer, imported, expected):
    assert refused(Import(importer, imported, 1, "")) == expected


def test_every_module_was_read():
    assert "minigrad.core" in MODULES
    assert {found.importer for found in IMPORTS} > {"minigrad.core", "minigrad.nn.layers"}
    assert set(MODULES) >= set(MAY_IMPORT)
    assert [module for module in MODULES if not isinstance(allowed(module), tuple)] == []


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way_only(module):
    assert [i for i in IMPORTS if i.importer == module and refused(i)] == []


def test_no_import_makes_a_circle():
    graph: dict[str, set[str]] = {}
    for found in IMPORTS:
        if within(found.imported, "minigrad") and found.imported != found.importer:
            graph.setdefault(found.importer, set()).add(found.imported)
    order = list(graphlib.TopologicalSorter(graph).static_order())  # a CycleError names the circle
    assert order.index("minigrad.core") > max(order.index(f"minigrad.core.{r}") for r in ROOMS)
    assert order[-1] == "minigrad"


def test_the_engine_names_its_rooms_in_their_order():
    listed = re.findall(r"^(\w+) {2,}\S", minigrad.core.__doc__, re.MULTILINE)
    assert listed == ROOMS


def test_the_page_on_the_engine_says_what_a_room_imports_and_how_long_it_is():
    page = (ROOT.parent / "docs" / "engine.md").read_text()
    rows = re.findall(r"^\| \[(\w+)\]\S+ \| .* \| (\d+) \| (.*)\|$", page, re.MULTILINE)
    assert [room for room, _, _ in rows] == ROOMS
    for room, lines, imports in rows:
        module = f"minigrad.core.{room}"
        found = {f.imported.removeprefix("minigrad.core.") for f in IMPORTS if f.importer == module}
        assert set(filter(None, imports.strip().split(", "))) == found & set(ROOMS), room
        assert abs(int(lines) - len(MODULES[module].read_text().splitlines())) <= 20, room


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_no_larger_than_can_be_read_at_once(room):
    lines = len(MODULES[f"minigrad.core.{room}"].read_text().splitlines())
    assert lines <= {"tensor": 800, "graph": 350}.get(room, 450)


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "lazy"])
def test_lazy_arrays_are_named_in_their_own_room_alone(room):
    assert "dask" not in MODULES[f"minigrad.core.{room}"].read_text().lower()


@pytest.mark.parametrize("module", MODULES)
def test_everything_else_is_numpy_and_the_standard_library(module):
    """But for minigrad.testing, with Hypothesis and tqdm's bar, and what other libraries ask."""
    others = {
        found.imported.partition(".")[0]
        for found in IMPORTS
        if found.importer == module and not within(found.imported, "minigrad")
    }
    optional = {"hypothesis"} if within(module, "minigrad.testing") else set()
    optional |= {"tqdm"} if module == "minigrad.testing.__main__" else set()
    optional |= {"scipy"} if module == "minigrad.ops.scipy_special" else set()
    optional |= {"einops"} if module == "minigrad.einops_backend" else set()
    assert others <= EVERYWHERE | optional


@pytest.mark.parametrize("module", MODULES)
def test_no_function_imports_minigrad(module):
    """But for the one that makes the half of minigrad.testing that needs Hypothesis when asked."""
    lazy = [
        found
        for found in IMPORTS
        if found.importer == module and found.in_function and within(found.imported, "minigrad")
    ]
    if module == "minigrad.testing":
        lazy = [found for found in lazy if found.in_function != "__getattr__"]
    assert lazy == []


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_imported_by_a_star(module):
    stars = [
        node.lineno
        for node in ast.walk(ast.parse(MODULES[module].read_text()))
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    ]
    assert stars == []


# -- what an import loads


def python(code: str) -> str:
    """What a fresh interpreter prints, running `code`; warnings are errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "statement",
    ["import minigrad", "import minigrad.testing", "from minigrad.testing import check_grads"],
)
def test_importing_loads_nothing_but_numpy(statement):
    printed = python(f"import sys; {statement}; print([m for m in {OPTIONAL} if m in sys.modules])")
    assert printed == "[]\n"


def test_the_numerical_checks_work_where_nothing_else_is_installed():
    printed = python(
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({OPTIONAL}))  # importing any of them raises\n"
        "import numpy as np, minigrad as mg, minigrad.testing\n"
        "mg.testing.check_grads(np.multiply, np.array([1.0, 2.0]), 3.0)\n"
        "wrong = mg.primitive(lambda x: x * x)\n"
        "wrong.defvjp(lambda g, _y, x: 2.001 * g * x)\n"
        "try:\n"
        "    mg.testing.check_grads(wrong, np.array([1.0, 2.0]))\n"
        "except AssertionError as error:\n"
        "    print('caught')\n"
    )
    assert printed == "caught\n"


def test_every_public_name_is_there():
    for module in (
        "minigrad",
        "minigrad.fft",
        "minigrad.linalg",
        "minigrad.nn",
        "minigrad.optim",
        "minigrad.testing",
    ):
        names = python(
            f"import {module} as m; print([n for n in m.__all__ if not hasattr(m, n)], "
            "len(m.__all__) - len(set(m.__all__)))"
        )
        assert names == "[] 0\n"


def test_importing_changes_nothing_in_numpy():
    printed = python(
        "import numpy as np\n"
        "def seen():\n"
        "    return {name: id(value) for name, value in vars(np).items()}, np.geterr()\n"
        "before = seen()\n"
        "import minigrad\n"
        "after = seen()\n"
        "print(after[1] == before[1], [n for n, i in before[0].items() if after[0][n] != i])\n"
    )
    assert printed == "True []\n"
