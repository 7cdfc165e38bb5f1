"""Laws of the repository: what is installed is what is here, what is told runs, nothing heavy loads early."""

import ast
import doctest
import importlib
import importlib.metadata
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOLDERS = {"theory": "errorflow.theory", "numerics": "errorflow.numerics", "reports": "errorflow.reports"}
FOLDERS |= {"tests/kit": "errorflow.testing"}
SOURCES = {  # import name -> file, of every module of the package
    ".".join([name, *path.relative_to(ROOT / folder).with_suffix("").parts]).removesuffix(".__init__"): path
    for folder, name in FOLDERS.items()
    for path in sorted((ROOT / folder).rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text()) for name, path in SOURCES.items()}


def tracked() -> list[Path]:
    """The files that git has or would add, relative to the root."""
    command = [
        "git",
        "-C",
        ROOT,
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip("not a git checkout")
    return [Path(name) for name in run.stdout.split("\0") if name and (ROOT / name).exists()]


def modules_after(code: str) -> set[str]:
    """The first names of all modules that a new interpreter has loaded after running the code."""
    code += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


# What is installed is what is here


def test_every_folder_with_modules_is_a_listed_package() -> None:
    folders = {name if path.stem == "__init__" else name.rpartition(".")[0] for name, path in SOURCES.items()}
    assert sorted(PROJECT["tool"]["setuptools"]["packages"]) == sorted(folders)
    assert not [name for name in folders if SOURCES.get(name, Path()).name != "__init__.py"]


@pytest.mark.peer("index")
def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(tmp_path: Path) -> None:
    files = tracked()
    for path in files:
        target = tmp_path / "tree" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / path).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, tmp_path / "tree"]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {"_errorflow_pytest.py"}
    for folder, name in FOLDERS.items():
        inside = [path.relative_to(folder) for path in files if path.is_relative_to(folder)]
        expected |= {f"{name.replace('.', '/')}/{path.as_posix()}" for path in inside}
    assert shipped == expected


def test_the_installed_version_is_the_newest_of_the_changelog() -> None:
    version = PROJECT["project"]["version"]
    assert importlib.metadata.version("errorflow") == version
    assert re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0] == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()


# What is told runs


def docstrings(tree: ast.Module) -> Iterator[tuple[str, int, str]]:
    """(name, line, text) of every docstring, also of those that doctest's own finder passes over."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node, clean=False)
            if text:
                yield getattr(node, "name", "module"), node.body[0].lineno - 1, text


@pytest.mark.parametrize("name", SOURCES)
def test_examples_in_docstrings_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    report: list[str] = []
    for owner, line, text in docstrings(TREES[name]):
        where = str(SOURCES[name].relative_to(ROOT))
        case = doctest.DocTestParser().get_doctest(text, dict(vars(module)), f"{name}.{owner}", where, line)
        runner.run(case, out=report.append)
    assert not report, "".join(report)


def readme_blocks(language: str) -> str:
    readme = (ROOT / "README.md").read_text()
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL))


def test_the_readme_has_no_block_that_nothing_runs() -> None:
    languages = re.findall(r"^```(\S*)\n.*?^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert set(languages) <= {"sh", "pycon"}


def test_examples_in_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    case = doctest.DocTestParser().get_doctest(readme_blocks("pycon"), {}, "README", "README.md", 0)
    assert case.examples
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(case, out=report.append)
    assert not report, "".join(report)


def test_the_readme_tells_how_to_install_run_and_test() -> None:
    def told(name: str) -> str:
        command = ["bash", ROOT / ".ci/readme-command", name]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert re.search(r"pip install .*errorflow report", told("report"), re.DOTALL)
    assert re.search(r'pip install .*"\.\[test\]".*-m pytest', told("test"), re.DOTALL)


def test_every_command_line_in_the_readme_exists() -> None:
    import click

    from errorflow.reports.cli import main

    calls = re.findall(r"\berrorflow ([a-z].*)", readme_blocks("sh"))
    assert calls
    for call in calls:
        name, *arguments = shlex.split(call, comments=True)
        command = main.get_command(click.Context(main), name)
        assert command is not None, f"errorflow has no command {name!r}"
        allowed = {option for parameter in command.params for option in parameter.opts}
        unknown = {argument for argument in arguments if argument.startswith("--")} - allowed
        assert not unknown, f"errorflow {name} has no option {unknown}"


def test_every_cited_key_is_in_the_bibliography() -> None:
    bibliography = ROOT / "theory/references.bib"
    known = set(re.findall(r"^@\w+\{([^,\s]+),", bibliography.read_text(), re.MULTILINE))
    texts = [path.read_text() for path in (*SOURCES.values(), ROOT / "README.md")]
    cited = {key for text in texts for key in re.findall(r"\[@([\w:-]+)", text)}
    assert cited <= known, f"not in references.bib: {sorted(cited - known)}"


# Only code that derives its error bound may say "certified"


def callers(*names: str) -> set[str]:
    """The modules that call a function of one of these names."""
    found = set()
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in names:
                found.add(module)
    return found


def test_only_constants_certify_and_each_module_that_does_derives_its_bound() -> None:
    certifying = callers("certified", "enclose_certified")
    assert certifying
    assert all(name.startswith("errorflow.numerics.constants.") for name in certifying), certifying
    for name in certifying - {"errorflow.numerics.constants.matrix"}:
        derivation = ast.get_docstring(TREES[name]) or ""
        assert re.search(r"<=|>=|exact", derivation), f"{name} certifies numbers: its docstring must derive the bound"
    assert callers("_with_evidence") <= {"errorflow.numerics.enclosure"}
    assert callers("Certified") == {"errorflow.numerics.records"}


# Nothing heavy is loaded early, nothing unsafe at all


def test_importing_all_of_theory_loads_no_floating_point_library() -> None:
    imports = [f"import {name}" for name in SOURCES if name.startswith("errorflow.theory")]
    assert not modules_after("\n".join(imports)) & {"numpy", "scipy", "matplotlib", "torch", "h5py"}


def test_the_help_text_loads_no_mathematics() -> None:
    code = "from errorflow.reports.cli import main; main(['--help'], standalone_mode=False)"
    assert not modules_after(code) & {"sympy", "mpmath", "numpy", "scipy", "matplotlib", "jinja2", "torch"}


def imports(tree: ast.Module) -> Iterator[tuple[int, int, str]]:
    """(line, level, module) of every import statement; level 0 is absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, 0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.level, node.module or ""


@pytest.mark.parametrize("name", SOURCES)
def test_modules_import_each_other_relatively(name: str) -> None:
    ours = {"errorflow", "theory", "numerics", "reports", "kit", "tests"}
    absolute = [(line, what) for line, level, what in imports(TREES[name]) if level == 0]
    assert not [(line, what) for line, what in absolute if what.partition(".")[0] in ours]


UNPICKLERS = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
SWITCHES = {"numpy": ("allow_pickle", False), "torch": ("weights_only", True)}


def unsafe_reads(tree: ast.Module) -> list[str]:
    """The places that could run code found in a data file; to name an unpickler's errors is harmless."""
    found = []
    libraries = {}  # local name -> library
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            libraries |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names if not alias.name.endswith("Error")}
            if (names and node.module in UNPICKLERS) or ("load" in names and node.module in SWITCHES):
                found.append(f"line {node.lineno}: from {node.module} import")
    calls = {node.func: node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name)):
                library, used = libraries.get(name), f"line {node.lineno}: {name}.{node.attr}"
                if library in UNPICKLERS and not node.attr.endswith("Error"):
                    found.append(used)
                elif library in SWITCHES and node.attr == "load":
                    switch, safe = SWITCHES[library]
                    keywords = calls[node].keywords if node in calls else []
                    given = {word.arg: getattr(word.value, "value", None) for word in keywords}
                    if given.get(switch) is not safe:
                        found.append(f"{used} without {switch}={safe}")
    return found


@pytest.mark.parametrize("name", SOURCES)
def test_no_module_runs_code_from_a_data_file(name: str) -> None:
    assert not unsafe_reads(TREES[name])


@pytest.mark.parametrize(
    "planted",
    [
        "import pickle; pickle.loads(data)",
        "import pickle as p\nclass Mine(p.Unpickler): pass",
        "from pickle import load",
        "from numpy import load",
        "import numpy as np; np.load(path)",
        "import numpy as np; np.load(path, allow_pickle=True)",
        "import numpy as np; read = np.load",
        "import torch; torch.load(path)",
        "import torch as t; t.load(path, weights_only=flag)",
    ],
)
def test_the_search_for_unsafe_reads_finds_what_is_planted(planted: str) -> None:
    assert unsafe_reads(ast.parse(planted))


def test_the_search_for_unsafe_reads_passes_what_is_safe() -> None:
    safe = """if True:
        import numpy as np, pickle, torch
        try:
            np.load(path, allow_pickle=False), torch.load(path, weights_only=True)
        except pickle.UnpicklingError:
            pass
    """
    assert not unsafe_reads(ast.parse(safe))


def test_every_library_that_the_package_imports_is_a_declared_dependency() -> None:
    extras = PROJECT["project"]["optional-dependencies"].values()
    lists = [PROJECT["project"]["dependencies"], *extras]
    declared = {re.split(r"[^\w-]", text)[0] for texts in lists for text in texts}
    imported = {name.partition(".")[0] for tree in TREES.values() for _, level, name in imports(tree) if not level}
    parts = {"markupsafe": "jinja2"}  # belongs to
    libraries = {parts.get(name, name.lower()) for name in imported - sys.stdlib_module_names}
    assert libraries <= declared, f"not in pyproject.toml: {sorted(libraries - declared)}"


def test_no_source_file_is_longer_than_400_lines() -> None:
    suffixes = {".py", ".html", ".css", ".js", ".toml", ".v"}
    sources = [path for path in tracked() if path.suffix in suffixes or path.parts[0] == ".ci"]
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in sources}
    assert not {name: length for name, length in lengths.items() if length > 400}


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda path: path.name)
def test_optional_peers_are_marked_not_skipped_by_hand(path: Path) -> None:
    # The run with ERRORFLOW_REQUIRE selects by the marker.
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    assert not [node.lineno for node in calls if node.attr == "importorskip"]
