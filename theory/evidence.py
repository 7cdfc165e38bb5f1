"""Evidence: everything that can be doubted is a node with its own grade and the nodes it rests on.

The grade shown is the minimum over the closure, together with the nodes that attain it. A node's own grade
is decided by the code that established it: no function here takes a grade. A formal proof that Coq has checked gives
*kernel-checked*; a citation gives *cited*; an elementary rule of the textbooks counts as *symbolic* and is named beside the
grade; a run of cases in this process gives *tested*; a checked symbolic reason gives *symbolic*; an enclosure with a derived
error bound gives *certified*; a float gives *measured*; an unchecked condition gives *assumed*.

Main definitions: `LADDER`, `Basis`, `KernelChecked`, `Node`, `Graph`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_args

from . import kernel

LADDER = ("kernel-checked", "symbolic", "certified", "tested", "measured", "cited", "assumed")


@dataclass(frozen=True, init=False)
class KernelChecked:
    """Established by a proof that the kernel of the Coq proof assistant has checked.

    ``expected`` has the name of each formal theorem with the statement that it must have, printed from what is typeset;
    None for a statement that is written by hand, which a reader must compare. ValueError if `errorflow.theory.kernel` has
    no such theorem (a file has changed, it rests on an axiom that is not allowed) or it states something else.
    """

    proofs: tuple[kernel.Checked, ...]
    printed: bool

    def __init__(self, expected: Mapping[str, str | None]) -> None:
        if not expected:
            raise ValueError("expected must hold at least one formal theorem, got none")
        found = kernel.load()
        for name, statement in expected.items():
            if name not in found:
                raise ValueError(
                    f"formal theorem {name!r} is not checked: {kernel.refused().get(name, 'there is none')}"
                )
            if statement is None:
                continue
            if not kernel.READ_ALONE.fullmatch(found[name].file):
                raise ValueError(
                    f"formal theorem {name!r} must stand in a file of printed statements, got {found[name].file}"
                )
            if found[name].text != " ".join(statement.split()):
                raise ValueError(f"formal theorem {name!r} must state {statement}, got {found[name].text}")
        object.__setattr__(self, "proofs", tuple(found[name] for name in expected))
        object.__setattr__(self, "printed", None not in expected.values())

    @property
    def word(self) -> str:
        """The rung of the ladder."""
        return "kernel-checked"

    @classmethod
    def of(cls, expected: Mapping[str, str | None]) -> KernelChecked | None:
        """The proof, or None if there is none."""
        try:
            return cls(expected)
        except ValueError:
            return None


@dataclass(frozen=True)
class Cited:
    """Established by a source."""

    source: str

    @property
    def word(self) -> str:
        """The rung of the ladder."""
        return "cited"


@dataclass(frozen=True)
class Textbook:
    """Established by any textbook on the subject: an elementary rule, of the trusted base; its name stands beside the
    grade of whatever rests on it.
    """

    source: str

    @property
    def word(self) -> str:
        """The rung of the ladder: the name of the rule is shown beside it."""
        return "symbolic"


@dataclass(frozen=True)
class Assumed:
    """Not established: a condition that was taken for granted."""

    statement: str

    @property
    def word(self) -> str:
        """The rung of the ladder."""
        return "assumed"


@dataclass(frozen=True, init=False)
class Symbolic:
    """Established by a symbolic check that runs when this object is made and neither raises nor returns False."""

    reason: str

    def __init__(self, reason: str, check: Callable[[], Any]) -> None:
        if check() is False:
            raise ValueError(f"check of {reason!r} must hold, got False")
        object.__setattr__(self, "reason", reason)

    @property
    def word(self) -> str:
        """The rung of the ladder."""
        return "symbolic"


@dataclass(frozen=True, init=False)
class Tested:
    """Established by cases run in this process: ValueError names the first slack that is negative or NaN."""

    cases: int
    slack: float

    def __init__(self, slacks: Iterable[float]) -> None:
        found = [float(s) for s in slacks]
        if not found:
            raise ValueError("slacks must hold at least one case, got none")
        for case, slack in enumerate(found):
            if not slack >= 0.0:  # true for NaN as well
                raise ValueError(f"case {case} of {len(found)} must have a slack of at least 0, got {slack!r}")
        object.__setattr__(self, "cases", len(found))
        object.__setattr__(self, "slack", min(found))

    @property
    def word(self) -> str:
        """The rung of the ladder."""
        return "tested"


@dataclass(frozen=True)
class Measured:
    """Established by a floating-point computation without an error bound."""

    what: str

    @property
    def word(self) -> str:
        """The rung of the ladder."""
        return "measured"


@dataclass(frozen=True)
class Certified:
    """Established by a floating-point computation whose error bound was derived: no rounding error can change it."""

    what: str

    @property
    def word(self) -> str:
        """The rung of the ladder."""
        return "certified"


Basis = KernelChecked | Cited | Textbook | Assumed | Symbolic | Certified | Tested | Measured


@dataclass(frozen=True)
class Node:
    """One thing that can be doubted, its basis (None if it only combines others), and what it rests on."""

    id: str
    kind: str
    label: str
    basis: Basis | None
    rests_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.basis is not None and type(self.basis) not in get_args(Basis):  # a subclass could claim any word
            names = ", ".join(kind.__name__ for kind in get_args(Basis))
            raise TypeError(f"basis of node {self.id!r} must be one of {names} or None, got {self.basis!r}")
        if isinstance(self.basis, Textbook) and self.kind != "rule":
            raise TypeError(f"only a rule may be taken from a textbook, got node {self.id!r} of kind {self.kind!r}")
        if not isinstance(self.rests_on, tuple):
            raise TypeError(f"rests_on of node {self.id!r} must be a tuple of ids, got {self.rests_on!r}")


@dataclass(frozen=True, init=False)
class Grade:
    """The grade of a closure: its weakest word, the nodes that attain it, the cases if it is *tested*, and the labels of
    the textbook rules in it.
    """

    word: str
    weakest: tuple[str, ...]
    cases: int
    textbook: tuple[str, ...]

    def __init__(self, closure: Iterable[Node]) -> None:
        nodes = tuple(closure)
        based = [(node.id, node.basis) for node in nodes if node.basis is not None]
        rules = sorted(node.label for node in nodes if isinstance(node.basis, Textbook))
        word = max((basis.word for _, basis in based), key=LADDER.index)
        object.__setattr__(self, "word", word)
        object.__setattr__(self, "weakest", tuple(sorted(id for id, basis in based if basis.word == word)))
        object.__setattr__(self, "cases", min((b.cases for _, b in based if isinstance(b, Tested)), default=0))
        object.__setattr__(self, "textbook", tuple(rules))

    def __str__(self) -> str:
        if self.word == "symbolic" and self.textbook:
            return f"symbolic, from {len(self.textbook)} textbook rule{'s' * (len(self.textbook) > 1)}"
        return f"tested ({self.cases} cases)" if self.word == "tested" else self.word


class Graph:
    """The nodes of one analysis; a node may rest only on nodes that are there already: no cycle can be built.

    >>> graph = Graph()
    >>> graph.add(Node("norm", "constant", "spectral norm", Measured("LAPACK")))
    >>> graph.add(Node("verdict", "verdict", "contraction", None, ("norm",)))
    >>> str(graph.grade("verdict")), graph.grade("verdict").weakest
    ('measured', ('norm',))
    """

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes by id, in order of addition; read only."""
        return MappingProxyType(self._nodes)

    def add(self, node: Node) -> None:
        """Add a node; ValueError for an id that exists, an unknown support, or a node without any."""
        if node.id in self._nodes:
            raise ValueError(f"node {node.id!r} is in the graph already")
        unknown = [support for support in node.rests_on if support not in self._nodes]
        if unknown:
            where = "itself" if unknown[0] == node.id else f"{unknown[0]!r}, which is not in the graph"
            raise ValueError(f"node {node.id!r} must rest on nodes that are there already, got {where}")
        if node.basis is None and not node.rests_on:
            raise ValueError(f"node {node.id!r} has no basis and rests on nothing")
        self._nodes[node.id] = node

    def closure(self, identifier: str) -> tuple[Node, ...]:
        """The node and everything it rests on, each once; ValueError for an unknown id."""
        if identifier not in self._nodes:
            raise ValueError(f"node must be in the graph, got {identifier!r}")
        found: dict[str, Node] = {}
        waiting = [identifier]
        while waiting:
            node = self._nodes[waiting.pop()]
            if node.id not in found:
                found[node.id] = node
                waiting += node.rests_on
        return tuple(found.values())

    def grade(self, identifier: str) -> Grade:
        """The minimum of the own grades over the closure, and the nodes that attain it."""
        return Grade(self.closure(identifier))

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """Pairs (node, node it rests on)."""
        return tuple((node.id, support) for node in self._nodes.values() for support in node.rests_on)
