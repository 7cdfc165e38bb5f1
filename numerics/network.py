"""A network on arrays: a cell, its parameters, and where they came from."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..theory import activations, cells
from ..theory.activations import Activation
from ..theory.language import Cell
from .sizes import has_time, is_recurrent, sizes_of

if TYPE_CHECKING:
    from .adapters import RecurrentLayer

__all__ = ["Network", "load_network"]

Array = npt.NDArray[np.float64]
_FLOATS = (np.float16, np.float32, np.float64)


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """The map x_t = F(x_{t-1}, u_t) of ``cell`` with numbers for its parameters.

    Shapes: a matrix is ``(gates*n, n)`` or ``(gates*n, m)``, a bias ``(gates*n,)``, a scalar ``()``. With
    ``batched=True`` every parameter has an axis of networks in front. With ``untied=True`` the copies of step
    1, ..., T differ: the recurrent matrices have a time axis in front of everything (``(T, [nets,] gates*n,
    n)``), other parameters may have one. Sizes: n of a state, m of the input, ``steps`` T and ``nets`` (None
    without such an axis). Arrays are copied to float64 and are read-only; ``dtype`` keeps the type they came
    in.

    ``source``, ``layer`` and ``sha256`` say where the numbers came from, ``assumed`` what the source did not
    say.

    Raises ValueError, in one sentence, for a missing or unknown parameter, a shape that does not fit, a type
    that is not floating point, and NaN or infinity.

    >>> from errorflow.theory import cells
    >>> W = np.array([[0.5, -0.2], [0.1, 0.3]])
    >>> net = Network(cells.get("elman"), {"W": W, "B": np.eye(2), "b": np.zeros(2)})
    >>> net.n, net.m, net.state_dim, net.tied
    (2, 2, 2, True)
    """

    cell: Cell
    parameters: Mapping[str, Array]
    source: str = field(default="", kw_only=True)
    layer: str = field(default="", kw_only=True)
    sha256: str = field(default="", kw_only=True)
    dtype: str = field(default="float64", kw_only=True)
    assumed: tuple[str, ...] = field(default=(), kw_only=True)
    untied: bool = field(default=False, kw_only=True)
    batched: bool = field(default=False, kw_only=True)
    n: int = field(init=False)
    m: int = field(init=False)
    steps: int | None = field(init=False)
    nets: int | None = field(init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.cell, Cell):
            raise TypeError(f"cell must be a Cell, such as cells.get('elman'), got {self.cell!r}")
        if not isinstance(self.parameters, Mapping):
            raise TypeError(f"parameters must map names to arrays, got {type(self.parameters).__name__}")
        names = [p.name for p in self.cell.parameters]
        if set(names) != set(self.parameters):
            got = ", ".join(map(str, self.parameters)) or "none"
            raise ValueError(f"parameters of cell {self.cell.name!r} must be {', '.join(names)}, got {got}")
        given = {name: _floating(name, self.parameters[name]) for name in names}
        sizes = sizes_of(self.cell, given, untied=self.untied, batched=self.batched)
        narrow = {array.dtype.name for array in given.values()}
        if self.dtype == "float64" and len(narrow) == 1:  # the default: what the arrays themselves say
            object.__setattr__(self, "dtype", narrow.pop())
        # A proxy: a network in use must not change under the caches of those who use it.
        arrays = MappingProxyType({name: _frozen(name, array) for name, array in given.items()})
        for name, value in {"parameters": arrays, "assumed": tuple(self.assumed), **asdict(sizes)}.items():
            object.__setattr__(self, name, value)

    @property
    def input_dim(self) -> int:
        """Size of the input vector, `m`."""
        return self.m

    @property
    def state_dim(self) -> int:
        """Size of the full state, all states stacked in the order of the cell."""
        return len(self.cell.states) * self.n

    @property
    def tied(self) -> bool:
        """Whether all steps share their parameters."""
        return not self.untied

    def at(self, t: int) -> Mapping[str, Array]:
        """Parameters of step t = 1, 2, ...: without the time axis, the same mapping at every t if tied.

        Raises ValueError for t < 1 and, if untied, for t > `steps`.
        """
        if t < 1 or (self.steps is not None and t > self.steps):
            most = f" and at most {self.steps}" if self.steps else ""
            raise ValueError(f"t must be at least 1{most}, got {t}")
        if self.tied:
            return self.parameters
        return {
            p.name: array[t - 1] if has_time(p, array, untied=True, batched=self.batched) else array
            for p in self.cell.parameters
            for array in (self.parameters[p.name],)
        }

    def replace(self, **parameters: npt.ArrayLike) -> Network:
        """The same network with some parameters exchanged; what was assumed about the source stays.

        >>> net = Network(cells.get("elman"), {"W": np.eye(2), "B": np.eye(2), "b": np.zeros(2)})
        >>> net.replace(W=2 * np.eye(2)).parameters["W"][0, 0]
        np.float64(2.0)
        """
        unknown = parameters.keys() - self.parameters.keys()
        if unknown:
            names = ", ".join(self.parameters)
            raise ValueError(f"no parameter {', '.join(sorted(unknown))}; there are {names}")
        new = {name: np.asarray(value) for name, value in parameters.items()}
        wide = any(array.dtype == np.float64 for array in new.values())
        origin = self._origin() | ({"dtype": "float64"} if wide else {})
        return Network(self.cell, {**self.parameters, **new}, **origin)

    def gate(self, name: str, gate: str) -> Array:
        """The rows of one gate in a parameter, a view: ``gate("W", "i")`` is W_i (n, n)."""
        p = self.cell.parameter(name)
        if gate not in p.gates:
            gates = ", ".join(p.gates) or "none (ungated)"
            raise ValueError(f"gate of {name} must be one of {gates}, got {gate!r}")
        rows = slice(p.gates.index(gate) * self.n, (p.gates.index(gate) + 1) * self.n)
        array = self.parameters[name]
        return array[..., rows, :] if p.kind == "matrix" else array[..., rows]

    def recurrent_blocks(self) -> dict[str, Array]:
        """The recurrent matrices by name, each gate on its own: W, or W_i, W_f, W_g, W_o."""
        blocks: dict[str, Array] = {}
        for p in self.cell.parameters:
            if is_recurrent(p):
                gates = {p.block_name(gate): self.gate(p.name, gate) for gate in p.gates}
                blocks |= gates or {p.name: self.parameters[p.name]}
        return blocks

    def __repr__(self) -> str:
        sizes = [f"n={self.n}", f"m={self.m}"]
        sizes += [f"nets={self.nets}"] * self.batched + [f"steps={self.steps}"] * self.untied
        origin = f", {self.layer!r} of {self.source!r}" if self.source else ""
        return f"Network({self.cell.name}, {', '.join(sizes)}, {self.dtype}{origin})"

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial(Network, **self._origin()), (self.cell, dict(self.parameters))

    def _origin(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.kw_only}


def _floating(name: str, value: Any) -> npt.NDArray[Any]:
    """The value as an array, still of its own type; ValueError unless that is float16, float32 or float64."""
    try:
        array = np.asarray(value)
    except ValueError:
        message = f"parameter {name} must be an array of numbers, got rows of different lengths"
        raise ValueError(message) from None
    if array.dtype not in _FLOATS:
        allowed = ", ".join(kind.__name__ for kind in _FLOATS)
        raise ValueError(f"parameter {name} must have type {allowed}, got {array.dtype.name}")
    return array


def _frozen(name: str, array: npt.NDArray[Any]) -> Array:
    finite = np.isfinite(array)
    if not finite.all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"parameter {name} must be finite, got {np.count_nonzero(~finite)} entries that are NaN or "
            f"infinite, the first {array[first]} at index {first}"
        )
    copy = np.array(array, dtype=np.float64, order="C")
    copy.setflags(write=False)
    return copy


def load_network(
    source: Any,
    *,
    layer: str | None = None,
    cell: str | Cell | None = None,
    activation: str | Activation | None = None,
) -> Network:
    """The map x_t = F(x_{t-1}, u_t) of one recurrent layer of a weights file or of a live torch module.

    Files: ``.npz``, ``.safetensors``, Keras ``.h5``, ``.hdf5``, ``.weights.h5`` and ``.keras`` (needs h5py),
    PyTorch ``.pt``, ``.pth`` and ``.bin`` (needs torch); nothing in a file is ever unpickled. ``layer`` is
    needed where the file has several. ``cell``, a name or a Cell, overrides the default by shape, (n, n)
    elman, (3n, n) gru, (4n, n) lstm, and ``activation``, a name or an Activation, what the file records;
    where neither says it, it is the cell's default and listed in ``assumed``.

    Raises FileNotFoundError for a missing file, TypeError for a source of another kind, ValueError for
    everything else that is wrong with the file or does not fit, in one sentence.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "net.npz"
    >>> np.savez(path, W=np.eye(3) / 2, B=np.ones((3, 1)), b=np.zeros(3))
    >>> net = load_network(path)
    >>> net.cell.name, net.n, net.m, net.assumed
    ('elman', 3, 1, ('activation tanh: not recorded in the file',))
    """
    from . import adapters  # lazily: nobody who brings arrays needs the file formats

    if isinstance(source, (str, Path)):
        archive = adapters.read(source)
    elif hasattr(source, "state_dict") and hasattr(source, "named_modules"):
        archive = adapters.archive_of(source)
    else:
        raise TypeError(f"source must be a path or a torch module, got {type(source).__name__}")
    if layer is None:
        names = adapters.layer_names(archive, cell=cell)
        if len(names) > 1:
            every = ", ".join(names)
            raise ValueError(f"{archive.path!r} holds {len(names)} recurrent layers ({every}): name one as layer")
    (found,) = adapters.find_layers(archive, cell=cell, layer=layer)
    chosen, assumed = _with_activations(found, cell, activation)
    try:
        return Network(
            chosen,
            found.parameters,
            source=archive.path,
            layer=found.name,
            sha256=archive.sha256,
            dtype=found.dtype,
            assumed=(*found.notes, *assumed),
        )
    except ValueError as error:
        raise ValueError(f"layer {found.name!r} of {archive.path!r}: {error}") from error


def _with_activations(
    found: RecurrentLayer, cell: str | Cell | None, activation: str | Activation | None
) -> tuple[Cell, list[str]]:
    """The cell with the activations that are given, else recorded, else the default, and what was assumed."""
    if isinstance(cell, Cell):
        if activation is not None:
            raise ValueError(f"activation must be left out with a Cell, which has its own, got {activation!r}")
        return cell, []
    gated = any(p.gates for p in cells.get(found.cell).parameters)
    given = activations.get(activation) if isinstance(activation, str) else activation
    if not (given is None or isinstance(given, Activation)):
        raise TypeError(f"activation must be a name or an Activation, got {activation!r}")
    main = given or (activations.get(found.activation) if found.activation else None)
    gate = activations.get(found.gate_activation) if gated and found.gate_activation else None
    chosen = cells.get(found.cell, activation=main, gate_activation=gate)
    default = [a.name for a in chosen.activations if a not in (main, gate)]
    # Outside Keras an LSTM or GRU has no other activations than those that define it.
    if not default or (gated and found.framework != "keras"):
        return chosen, []
    plural = "s" if len(default) > 1 else ""
    return chosen, [f"activation{plural} {' and '.join(default)}: not recorded in the file"]
