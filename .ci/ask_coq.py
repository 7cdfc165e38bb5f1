"""Asking Coq: compile files in the order of what they require, and have it print statements and axioms.

Main definitions: `Trouble`, `compile_all`, `requirements`, `ask`, `read_by_itself`, `assumptions`, `recheck`.
"""

from __future__ import annotations

import graphlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import ModuleType

FORMAL = Path(__file__).resolve().parents[1] / "theory" / "formal"
FLAGS = ("-q", "-w", "-notation-overridden,-ambiguous-paths,-deprecated,-redundant-canonical-projection")
MAPPING = ("-Q", ".", "errorflow")
HEADER = (  # what is opened to read a statement by itself
    "From mathcomp Require Import all_ssreflect all_algebra complex.",
    "From errorflow Require Import vocabulary.",
    "Import Order.TTheory GRing.Theory Num.Theory.",
    "Local Open Scope ring_scope.",
    "Set Implicit Arguments. Unset Strict Implicit.",
)
PRINTED = re.compile(r"(\(R : rcfType\)(?: \((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*) : (.*)", re.DOTALL)
IMPORTS = re.compile(r"(?:From\s+\S+\s+)?(?:Require|Import|Export)\b")
MODULE = re.compile(r"Module\s+(\w+)\s*:=")
REALS = re.compile(
    r"^From (?:Coq Require.* Reals\b|Coquelicot |Interval |errorflow Require.* (?:frechet|slopes\w*|latching)\b)", re.M
)
SCOPES = re.compile(r"(?:Local\s+|Global\s+)?(?P<open>Open\s+Scope\s+\w+)")


class Trouble(Exception):
    """Something is wrong with the sources; the message is complete sentences."""


def _reader() -> ModuleType:
    """theory/kernel.py, loaded by its path: the package need not be installed."""
    path = FORMAL.with_name("kernel.py")
    spec = importlib.util.spec_from_file_location("errorflow_formal_reader", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


kernel = _reader()


def run(command: Sequence[str], folder: Path, *, errors: bool = False) -> str:
    """What the command prints in the folder, with ``errors`` also as errors; Trouble with its message if it fails."""
    environment = {key: value for key, value in os.environ.items() if key != "COQPATH"} | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Trouble((done.stderr or done.stdout).strip() or f"{command[0]} failed with code {done.returncode}.")
    return done.stdout + done.stderr if errors else done.stdout


def requirements(folder: Path, files: Iterable[str]) -> dict[str, set[str]]:
    """The project files that each file requires itself."""
    needs: dict[str, set[str]] = {file: set() for file in files}
    for line in run(["coqdep", *MAPPING, *needs], folder).splitlines():
        target, _, rest = line.partition(":")
        file = target.split()[0].removesuffix("o") if target.split() else ""
        if target.startswith(file + "o ") and file in needs:
            needs[file] = {word.removesuffix("o") for word in rest.split() if word.endswith(".vo")} & needs.keys()
    return needs


def closure(file: str, needs: Mapping[str, set[str]]) -> set[str]:
    """Every project file that the file requires, also through others."""
    found: set[str] = set()
    waiting = [file]
    while waiting:
        new = needs[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def compile_all(folder: Path, needs: Mapping[str, set[str]]) -> None:
    """Compile every file after those that it requires, as many at once as there are cores."""
    order = graphlib.TopologicalSorter(needs)
    try:
        order.prepare()
    except graphlib.CycleError as problem:
        raise Trouble(f"These files require each other: {', '.join(problem.args[1])}.") from None
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running: dict[Future[str], str] = {}
        try:
            while order.is_active():
                for file in sorted(order.get_ready()):
                    running[pool.submit(run, ["coqc", *FLAGS, *MAPPING, file], folder)] = file
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    file = running.pop(future)
                    future.result()
                    order.done(file)
        except Trouble:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


SHAPES = (  # matrices are printed with the numbers they hold, which the library leaves out: real or complex ones
    """Notation "''M[' R ]_ ( m , n )" := (matrix R m n) (at level 8, format "''M[' R ]_ ( m ,  n )") : type_scope.""",
    """Notation "''M[' R ]_ n" := (matrix R n n) (at level 8, n at level 2, format "''M[' R ]_ n") : type_scope.""",
    """Notation "''cV[' R ]_ n" := (matrix R n 1) (at level 8, n at level 2, format "''cV[' R ]_ n") : type_scope.""",
)
PRINTING = (
    "Set Printing Width 100.",
    "Set Printing Depth 10000.",
    "Unset Printing All.",
    "Unset Printing Implicit Defensive.",
)
Asked = tuple[dict[str, str], set[str]]  # the statement of each theorem, and the libraries that are loaded


def ask(folder: Path, file: str, content: bytes, theorems: Sequence[str]) -> Asked:
    """What the theorems of a compiled file state, printed as in that file."""
    module = file.removesuffix(".v")
    top = [sentence for _, depth, sentence in kernel.sentences(content.decode()) if not depth]
    own = {match[1] for match in map(MODULE.match, top) if match}
    lines = [f"{sentence}." for sentence in top if IMPORTS.match(sentence) and sentence.split()[-1] not in own]
    lines.append(f"From errorflow Require Import {module}.")
    lines += [f"{match['open']}." for match in map(SCOPES.match, top) if match]
    return _asked(folder, f"{module}_query", lines, dict.fromkeys(theorems, module))


def read_by_itself(folder: Path, stated: Mapping[str, tuple[str, str]]) -> Asked:
    """What theorems state that are compared by their text, after that text was read with the vocabulary alone.

    ``stated`` has for each theorem its module and its text, which must be what the theorem proves: so no file can give a
    word or sign of a statement another meaning.
    """
    lines = [*HEADER]
    for name, (_, text) in sorted(stated.items()):  # before any file is loaded, which could change how they are read
        binders, claim = PRINTED.fullmatch(text).groups()  # type: ignore[union-attr]  # those that match are asked
        lines.append(f"Definition read_{name} : Prop := forall {binders}, {claim}.")
    lines += [f"Require errorflow.{module}." for module in sorted({module for module, _ in stated.values()})]
    lines += [
        f"Definition proved_{name} : read_{name} := @errorflow.{module}.{name}." for name, (module, _) in stated.items()
    ]
    return _asked(folder, "read_by_itself", [*lines, *SHAPES], {name: module for name, (module, _) in stated.items()})


def _asked(folder: Path, script: str, lines: Sequence[str], modules: Mapping[str, str]) -> Asked:
    checks = [redirected(f"{name}.statement", f"Check @errorflow.{module}.{name}") for name, module in modules.items()]
    query(folder, script, [*lines, *PRINTING, redirected(f"{script}.libraries", "Print Libraries"), *checks])
    libraries = set(answer(folder, f"{script}.libraries").split()[3:])
    return {name: statement(answer(folder, f"{name}.statement")) for name in modules}, libraries


Axioms = dict[str, list[str]]  # of each theorem


def assumptions(
    folder: Path, names: Mapping[str, Sequence[str]], pool: ThreadPoolExecutor
) -> tuple[Axioms, list[Future[Axioms]]]:
    """The axioms that each theorem rests on; ``names`` has the theorems of each module. Those with axioms are told later.

    Coq takes about as long for many together as for one. So all modules that are not about Coq's real numbers are asked
    together, and where there are axioms each module by itself: its theorems rest on those at most. Only if one of them is
    not allowed the theorems are asked one by one.
    """

    def of_module(module: str) -> Axioms:
        used = together(folder, module, dict.fromkeys(names[module], module))
        if set(used) <= kernel.ALLOWED_AXIOMS.keys():
            return dict.fromkeys(names[module], used)
        return {theorem: together(folder, f"{module}.{theorem}", {theorem: module}) for theorem in names[module]}

    plain = [module for module in names if not REALS.search((folder / f"{module}.v").read_text("utf-8"))]
    later = [pool.submit(of_module, module) for module in names if module not in plain]
    if plain and together(folder, "all", {theorem: module for module in plain for theorem in names[module]}):
        return {}, later + [pool.submit(of_module, module) for module in plain]
    return {theorem: [] for module in plain for theorem in names[module]}, later


def together(folder: Path, name: str, modules: Mapping[str, str]) -> list[str]:
    """The axioms that some theorems, each with its module, rest on together.

    Nothing is imported, so that no import can shorten a name.
    """
    terms = ", ".join(f"@errorflow.{module}.{theorem}" for theorem, module in modules.items())
    lines = [*(f"Require errorflow.{module}." for module in sorted(set(modules.values())))]
    lines += [
        f"Definition all_of_them := ({terms}, tt).",
        redirected(f"{name}.axioms", "Print Assumptions all_of_them"),
    ]
    query(folder, "axioms_of_" + re.sub(r"\W", "_", name), lines)
    return axioms(answer(folder, f"{name}.axioms"))


def redirected(name: str, command: str) -> str:
    """A sentence that has a command's answer written to a file of this name."""
    return f'Redirect "queries/{name}" {command}.'


def query(folder: Path, name: str, lines: Sequence[str]) -> None:
    """Have Coq read the lines as a file of this name."""
    script = folder / "queries" / f"{name}.v"
    script.parent.mkdir(exist_ok=True)
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run(["coqc", *FLAGS, *MAPPING, str(script.relative_to(folder))], folder)


def answer(folder: Path, name: str) -> str:
    """What a query has redirected to a file of this name."""
    return folder.joinpath("queries", f"{name}.out").read_text(encoding="utf-8")


def statement(answer: str) -> str:
    """The type in Coq's answer to `Check`, without its indentation."""
    first, *others = answer.partition(":")[2].strip("\n").split("\n")
    return "\n".join([first.strip(), *(re.sub("^ {1,7}", "", line).rstrip() for line in others)]).strip()


def axioms(answer: str) -> list[str]:
    """The names in Coq's answer to `Print Assumptions`, sorted; a switched-off check is a whole line."""
    if answer.strip() == "Closed under the global context":
        return []
    lines = [line for line in answer.splitlines() if line.strip() and not line.startswith(" ")]
    found = {line.strip() if " is " in line or " relies " in line else line.split()[0].rstrip(":") for line in lines}
    found.discard("Axioms")
    if not found:
        raise Trouble(f"Print Assumptions gave an unknown answer: {answer.strip()!r}.")
    return sorted(found)


def library_versions(folder: Path, libraries: Iterable[str]) -> dict[str, str]:
    """Package -> version, of the Debian packages that hold the loaded libraries; {} where there is no dpkg."""
    if not shutil.which("dpkg-query"):
        return {}
    root = Path(run(["coqc", "-where"], folder).strip(), "user-contrib")
    outside = sorted(name for name in libraries if name.partition(".")[0] not in {"Coq", "errorflow"})
    paths = [f"{root.joinpath(*name.split('.'))}.vo" for name in outside]
    if not paths:
        return {}
    try:
        owners = run(["dpkg-query", "-S", *paths], folder).splitlines()
        names = sorted({line.partition(":")[0] for line in owners})
        table = run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *names], folder).splitlines()
    except Trouble:  # not installed from packages
        return {}
    versions = dict(line.split() for line in table)
    return {name.removeprefix("libcoq-"): re.sub(r"^\d+:|-[^-]*$", "", version) for name, version in versions.items()}


def recheck(folder: Path, files: Iterable[str], *, everything: bool) -> str:
    """Run coqchk on project files, with ``everything`` also on the libraries, down to Coq's own."""
    modules = [f"errorflow.{file.removesuffix('.v')}" for file in sorted(files)]
    if not modules:
        return "There is no file without axioms."
    wanted = modules if everything else [word for module in modules for word in ("-norec", module)]
    begin = time.perf_counter()
    summary = run(["coqchk", "-silent", "-o", *MAPPING, *wanted], folder, errors=True).strip()
    said = f"coqchk accepts {len(modules)} files{' and their libraries' if everything else ''}"
    said += f", {time.perf_counter() - begin:.0f} s"
    return f"{said}\n{summary}" if everything else said  # what is not looked into, it would list as an axiom
