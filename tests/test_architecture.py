"""The architecture is a test: layers, packaging, the wheel, sizes and names.

What is imported is read from the syntax tree, so that an import inside a function or under
TYPE_CHECKING counts as well.
"""

import ast
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = PYPROJECT["tool"]["setuptools"]["packages"]
PACKAGE_DIR: dict[str, str] = PYPROJECT["tool"]["setuptools"]["package-dir"]

LAYERS = (
    "spec",
    "model",
    "checker",
    "conformance",
    "cli",
)  # each may import itself and what stands left of it
FOLDERS = {"splitproof", *(f"splitproof.{layer}" for layer in LAYERS)}  # a name in them may be a module
STANDARD_LIBRARY = sys.stdlib_module_names
LINES_MAX = 450
SAYS_NOTHING = {"common", "helper", "helpers", "misc", "util", "utils"}


def sources(layer: str) -> list[Path]:
    return sorted((ROOT / layer).rglob("*.py"))


def every_source() -> list[Path]:
    return [path for layer in LAYERS for path in sources(layer)]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# ---- layers ------------------------------------------------------------------------------------


class Import(NamedTuple):
    module: str
    where: str


def imports(path: Path) -> Iterator[Import]:
    """Every module the file imports, by its absolute name; a relative import starts with a dot."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), names=names, level=0) if module in FOLDERS:
                modules = [f"{module}.{alias.name}" for alias in names]
            case ast.ImportFrom(module=module, level=level):
                modules = ["." * level + (module or "")]
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                modules = [module]
            case _:
                continue
        for module in modules:
            yield Import(module, f"{shown(path)}:{node.lineno}")


def layer_of(module: str) -> str | None:
    """The layer a module name belongs to; None where it is not ours."""
    top, _, rest = module.partition(".")
    if top != "splitproof":
        return None
    first = rest.partition(".")[0]
    return first if first in LAYERS else "cli"  # the folder cli/ is the top package


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_import_leftwards_only(layer: str) -> None:
    may_import = LAYERS[: LAYERS.index(layer) + 1]
    wrong = [
        f"{where}: {layer}/ imports {module}, but may import only {', '.join(may_import)}"
        for path in sources(layer)
        for module, where in imports(path)
        if (target := layer_of(module)) is not None and target not in may_import
    ]
    assert not wrong, "\n".join(wrong)


def floors() -> dict[str, list[list[str]]]:
    """Of each layer that has them: its rooms as ARCHITECTURE.md orders them, a list a line."""
    document = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    found = re.findall(r"^## The floors of (\w+)/$.*?^```\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    return {layer: [line.split() for line in block.splitlines()] for layer, block in found}


def test_there_are_floors_to_enforce() -> None:
    assert set(floors()) == {"model", "checker", "conformance"}


@pytest.mark.parametrize("layer", floors())
def test_the_floors_name_each_room_of_the_layer_once(layer: str) -> None:
    named = [room for floor in floors()[layer] for room in floor]
    present = {path.stem for path in (ROOT / layer).glob("*.py")} - {"__init__"}
    present |= {path.parent.name for path in (ROOT / layer).glob("*/__init__.py")}
    assert sorted(named) == sorted(present)


@pytest.mark.parametrize("layer", floors())
def test_rooms_import_only_from_the_floors_above(layer: str) -> None:
    height = {room: number for number, floor in enumerate(floors()[layer]) for room in floor}
    wrong = [
        f"{where}: {layer}/{room} imports {module}, which ARCHITECTURE.md does not place above it"
        for path in sources(layer)
        for room in [path.relative_to(ROOT / layer).with_suffix("").parts[0]]
        for module, where in imports(path)
        for target in [room_of(layer, module)]
        if target in height and target != room and height[target] >= height.get(room, len(height))
    ]
    assert not wrong, "\n".join(wrong)


def room_of(layer: str, module: str) -> str | None:
    """The room of a layer to which a module belongs; None where it is of another layer."""
    _, inside, rest = module.partition(f"splitproof.{layer}.")
    return rest.partition(".")[0] if inside else None


def test_our_modules_are_imported_by_their_one_absolute_name() -> None:
    """`import model` would be a second copy of the module, or somebody else's package."""
    files = [*every_source(), *(ROOT / "tests").rglob("*.py")]
    wrong = [
        f"{where}: imports {module}; write splitproof.<layer> in full"
        for path in files
        for module, where in imports(path)
        if module.startswith(".") or module.partition(".")[0] in LAYERS
    ]
    assert not wrong, "\n".join(wrong)


def test_spec_needs_only_the_standard_library_and_networkx() -> None:
    wrong = [f"{where}: spec/ imports {module}" for module, where in foreign("spec") if module != "networkx"]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("layer", LAYERS)
def test_what_a_layer_imports_is_a_declared_dependency(layer: str) -> None:
    project = PYPROJECT["project"]
    extras = [extra for name, extra in project["optional-dependencies"].items() if name != "dev"]
    requirements = [requirement for group in (project["dependencies"], *extras) for requirement in group]
    declared = {canonical(re.split(r"[^\w.-]", requirement)[0]) for requirement in requirements}
    owners = packages_distributions()
    wrong = [
        f"{where}: {layer}/ imports {module}, which no dependency in pyproject.toml provides"
        for module, where in foreign(layer)
        if declared.isdisjoint(canonical(owner) for owner in owners.get(module, []))
    ]
    assert not wrong, "\n".join(wrong)


def foreign(layer: str) -> Iterator[Import]:
    for path in sources(layer):
        for module, where in imports(path):
            top = module.partition(".")[0]
            if top and top not in STANDARD_LIBRARY and top != "splitproof":
                yield Import(top, where)


def canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_importing_the_top_package_loads_nothing_heavy() -> None:
    """Every import of a lower layer runs it first."""
    code = "import sys, splitproof; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = set(python("-c", code).split())
    assert not loaded & {"networkx", "z3", "typer", "rich", "hypothesis", "pytest"}


# ---- packaging ---------------------------------------------------------------------------------


def test_every_subpackage_is_listed_in_pyproject() -> None:
    folders = sorted({shown(path.parent) for path in every_source()})
    without_init = [folder for folder in folders if not (ROOT / folder / "__init__.py").exists()]
    assert not without_init, f"folders with modules but no __init__.py: {without_init}"
    expected = {import_name(folder): folder for folder in folders}
    assert expected == PACKAGE_DIR
    assert sorted(expected) == sorted(PACKAGES)


def import_name(folder: str) -> str:
    first, _, rest = folder.partition("/")
    parts = ["splitproof", *([] if first == "cli" else [first]), *(rest.split("/") if rest else [])]
    return ".".join(parts)


def test_type_checkers_see_every_package_and_every_module_of_the_top_package() -> None:
    links = ROOT / ".typing" / "splitproof"
    folders = {layer: f"../../{layer}" for layer in LAYERS if layer != "cli"}
    inside_cli = {
        path.name: f"../../{shown(path)}"
        for path in (ROOT / "cli").iterdir()
        if path.name not in {"__pycache__", "README.md"} and not path.name.startswith(".")
    }
    expected = folders | inside_cli
    present = {path.name: path.readlink().as_posix() for path in links.iterdir()}
    remedy = [
        f"ln -sfn {expected[name]} {name}" for name in sorted(expected) if present.get(name) != expected[name]
    ]
    remedy += [f"rm {name}" for name in sorted(present.keys() - expected.keys())]
    assert not remedy, "in .typing/splitproof/ run:\n" + "\n".join(remedy)


def test_the_version_is_declared_once() -> None:
    declared = PYPROJECT["project"]["version"]
    assert version("splitproof") == declared, "the environment is stale: run make"
    assert python("-c", "import splitproof; print(splitproof.__version__)").strip() == declared


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built in a copy: setuptools packs whatever an older build left in build/."""
    copy = tmp_path_factory.mktemp("tree")
    present = [path for path in ROOT.iterdir() if path.is_file() or path.name in LAYERS]
    for path in present:
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        for file in files:
            target = copy / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    python("-m", "build", "--wheel", "--no-isolation", "--outdir", str(copy / "dist"), str(copy))
    (built,) = (copy / "dist").glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    expected = {
        f"{import_name(shown(path.parent)).replace('.', '/')}/{path.name}"
        for layer in LAYERS
        for path in (ROOT / layer).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert expected - packed == set(), (
        "missing: is the subpackage listed, and the kind of file in package-data?"
    )
    assert packed - expected == set()
    typed = {f"{package.replace('.', '/')}/py.typed" for package in PACKAGES}
    assert typed <= packed


def test_installed_beside_a_vendors_model_package_both_are_found(wheel: Path, tmp_path: Path) -> None:
    site, vendor = tmp_path / "site", tmp_path / "vendor"
    python("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    (vendor / "model").mkdir(parents=True)
    (vendor / "model" / "__init__.py").write_text("VENDOR = True\n")
    code = "import splitproof.model, model; print(splitproof.model.__file__); print(model.__file__)"
    search_path = os.pathsep.join([str(vendor), str(site)])
    ours, theirs = python("-c", code, cwd=vendor, PYTHONPATH=search_path).splitlines()
    assert Path(ours) == site / "splitproof" / "model" / "__init__.py"
    assert Path(theirs) == vendor / "model" / "__init__.py"


def test_the_installed_suite_runs_beside_a_vendors_model_package(wheel: Path, tmp_path: Path) -> None:
    site, vendor = tmp_path / "site", tmp_path / "vendor"
    python("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    (vendor / "model").mkdir(parents=True)
    (vendor / "model" / "__init__.py").write_text("VENDOR = True\n")
    (vendor / "adapter.py").write_text(
        "import model, splitproof.model\n"
        f"assert model.VENDOR and splitproof.model.__file__.startswith({str(site)!r})\n"
        "from splitproof.conformance.reference import ReferenceController\n"
    )
    search_path = os.pathsep.join([str(vendor), str(site)])
    tests = ("--pyargs", "splitproof.conformance", "-k", "test_r36 or test_g27")
    controller = ("--controller", "adapter:ReferenceController")
    told = python(
        "-m", "pytest", "-p", "no:cacheprovider", *tests, *controller, cwd=vendor, PYTHONPATH=search_path
    )
    assert "2 passed" in told
    conform = (
        "-m",
        "splitproof",
        "conform",
        "adapter:ReferenceController",
        "--profile",
        "core",
        "--examples",
        "10",
    )
    assert "test_r36" in python(*conform, cwd=vendor, PYTHONPATH=search_path)


def python(*arguments: str, cwd: Path | None = None, **environment: str) -> str:
    """What this Python prints; away from the repository, so that only what is installed is found."""
    finished = subprocess.run(
        [sys.executable, *arguments],
        check=False,  # the assertion below shows what was printed
        cwd=cwd or tempfile.gettempdir(),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


# ---- sizes, names, words -----------------------------------------------------------------------


def test_files_are_short_enough_to_read() -> None:
    lines = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in every_source()}
    too_long = {path: count for path, count in lines.items() if count > LINES_MAX}
    assert not too_long, f"more than {LINES_MAX} lines: {too_long}"


def test_modules_are_named_for_what_they_hold() -> None:
    paths = [*every_source(), *(ROOT / "tests").rglob("*.py")]
    nameless = [
        shown(path) for path in paths if SAYS_NOTHING & {path.stem, *path.relative_to(ROOT).parts[:-1]}
    ]
    assert not nameless, f"named for nothing: {nameless}"


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    places = [r"(?<![\w.~-])/(?:home|root|Users|work|workspace)/\.?\w"]
    places += [re.escape(str(path)) + r"\b" for path in (ROOT, Path.home()) if len(path.parts) > 2]
    pattern = re.compile("|".join(places))
    wrong = [
        f"{shown(path)}:{number}: {line.strip()[:100]}"
        for path in tree(ROOT)
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        )
        if pattern.search(line)
    ]
    assert not wrong, "\n".join(wrong)


def tree(folder: Path) -> Iterator[Path]:
    """The project's own files: no links, nothing that a tool made."""
    made = {"__pycache__", "build", "dist", ".coverage", "htmlcov"}
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name in made or path.suffix == ".egg-info":
            continue
        if path.is_file():
            yield path
        elif path.name == ".ci" or not path.name.startswith("."):
            yield from tree(path)
