"""What a Keras file's configuration says of a recurrent layer: cell, activations, reset, direction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .archive import Archive
from .recurrent import Candidate
from .refusal import Refusal, one_line

_CELLS = {
    "SimpleRNN": "elman", "SimpleRNNCell": "elman", "GRU": "gru", "GRUCell": "gru", "CuDNNGRU": "gru",
    "LSTM": "lstm", "LSTMCell": "lstm", "CuDNNLSTM": "lstm",
}  # fmt: skip
# Keras's names for the activations that exist here too, with the same parameters.
_ACTIVATIONS = {
    "tanh": "tanh", "sigmoid": "logistic", "relu": "relu", "leaky_relu": "leaky_relu(1/5)",
    "linear": "identity", "softplus": "softplus", "silu": "silu", "swish": "silu", "gelu": "gelu",
    "hard_tanh": "hard_tanh",
}  # fmt: skip
# Keras 3 names groups by class in snake case; of the classes that matter here these are not just lower case.
_SNAKE = {
    "SimpleRNN": "simple_rnn", "TimeDistributed": "time_distributed",
    "GRUCell": "gru_cell", "LSTMCell": "lstm_cell", "SimpleRNNCell": "simple_rnn_cell",
}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """The recorded part of a layer; None where the file does not say."""

    cell: str | None = None
    activation: str | None = None
    gate_activation: str | None = None
    reset_after: bool | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Entry:
    name: str
    group: str
    kind: str
    config: dict[str, Any]


def settings_of(archive: Archive, candidate: Candidate) -> Settings:
    """Settings of a layer, all None without a configuration or without an entry for it.

    Raises Refusal for an activation that is not among the project's, such as the hard sigmoid of old gates.
    """
    entry = _find(archive, candidate)
    if entry is None:
        return Settings()
    cuda = entry.kind.startswith("CuDNN")  # these layers have fixed activations and no such settings
    default = {"activation": "tanh", "recurrent_activation": "sigmoid"} if cuda else {}
    config = default | entry.config
    cell = _CELLS[entry.kind]
    backwards = "the layer reads its input backwards: lags count in its own order of steps"
    return Settings(
        cell,
        _activation(archive, candidate, config, "activation"),
        _activation(archive, candidate, config, "recurrent_activation") if cell != "elman" else None,
        config.get("reset_after", True if cuda else None) if cell == "gru" else None,
        (backwards,) if config.get("go_backwards") else (),
    )


def _activation(archive: Archive, candidate: Candidate, config: dict[str, Any], setting: str) -> str | None:
    if setting not in config:
        return None
    value = config[setting]
    if isinstance(value, dict):  # a serialized function or Activation object
        inner = value.get("config")
        value = inner if isinstance(inner, str) else value.get("registered_name") or value.get("class_name")
    name = "linear" if value is None else str(value)
    if name not in _ACTIVATIONS:
        where = f"layer {candidate.name!r} of {archive.path!r}"
        raise Refusal(f"{where} has {setting} {name!r}; supported are {', '.join(_ACTIVATIONS)}")
    return _ACTIVATIONS[name]


def _find(archive: Archive, candidate: Candidate) -> _Entry | None:
    """The entry of a layer: by its Keras 3 group, else by its name, else by the last part of its name."""
    config = archive.metadata.get("model_config")
    if not isinstance(config, dict):
        return None
    try:
        entries = list(_inside(config.get("config"), "", ""))
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise Refusal(f"model configuration of {archive.path!r} is damaged ({one_line(error)})") from error
    group = candidate.group.replace("_layer_checkpoint_dependencies", "layers").rstrip("/")
    group = group.removesuffix("/cell")
    last = candidate.name.rpartition("/")[2]
    matches = (
        [e for e in entries if e.group == group],
        [e for e in entries if e.name == candidate.name],
        [e for e in entries if e.name.rpartition("/")[2] == last],
    )
    return next((match[0] for match in matches if len(match) == 1), None)


def _inside(config: Any, name: str, group: str) -> Iterator[_Entry]:
    """Recurrent layers of a model's configuration, with the groups that Keras 3 numbers per class."""
    # The configuration of an early Sequential model is a bare list.
    layers = config.get("layers") if isinstance(config, dict) else config
    yield from _numbered(layers, name, f"{group}layers")


def _numbered(items: Any, name: str, group: str) -> Iterator[_Entry]:
    count: Counter[str] = Counter()
    for item in items if isinstance(items, list) else ():
        snake = _SNAKE.get(item["class_name"], item["class_name"].lower())
        suffix = f"_{count[snake]}" if count[snake] else ""
        count[snake] += 1
        yield from _entries(item, name, f"{group}/{snake}{suffix}")


def _entries(item: dict[str, Any], name: str, group: str) -> Iterator[_Entry]:
    kind, config = item["class_name"], item.get("config")
    own = name + (config.get("name", "") if isinstance(config, dict) else "")
    if kind in ("Sequential", "Functional", "Model"):
        yield from _inside(config, f"{own}/", f"{group}/")
    elif not isinstance(config, dict):
        return
    elif kind in _CELLS:
        yield _Entry(own, group, kind, config)
    elif kind == "Bidirectional":
        forward, backward = _directions(config)
        yield from _entries(forward, f"{own}/", f"{group}/forward_layer")
        yield from _entries(backward, f"{own}/", f"{group}/backward_layer")
    elif kind == "RNN" and config["cell"]["class_name"] in _CELLS:
        inner = config["cell"]["config"] | {"go_backwards": config.get("go_backwards")}
        yield _Entry(own, group, config["cell"]["class_name"], inner)
    elif kind == "RNN":
        yield from _numbered(config["cell"]["config"].get("cells"), f"{own}/", f"{group}/cell/cells")
    elif isinstance(config.get("layer"), dict):
        yield from _entries(config["layer"], f"{own}/", f"{group}/layer")


def _directions(config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two layers of a Bidirectional wrapper; Keras 2 records one and names both after it."""
    forward = config["layer"]
    inner = forward["config"]
    name = inner["name"].removeprefix("forward_")
    mirrored = inner | {"name": f"backward_{name}", "go_backwards": not inner.get("go_backwards", False)}
    backward = config.get("backward_layer") or forward | {"config": mirrored}
    return forward | {"config": inner | {"name": f"forward_{name}"}}, backward
