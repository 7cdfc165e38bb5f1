"""The analysis document: one JSON object that holds everything a rendering needs.

`from_analysis` makes it from the dataclasses of an analysis, `validate` holds it against the shipped schema
(`schema.json`), `dumps` and `loads` are its file form. A float that is not finite is one of the strings
"Infinity", "-Infinity", "NaN"; a SymPy expression is a Formula {text, latex, mathml}.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import jsonschema
import sympy

from .answers import answers
from .backing import Backing
from .conclusion import conclusion
from .files import write_whole
from .mathml import mathml
from .order import latex
from .question import question

__all__ = ["VERSION", "dumps", "formula", "from_analysis", "from_uniform", "load", "loads", "validate", "write_whole"]

VERSION = 1
_BY_LAG = ("log_total", "log_informative", "standard_error", "log_bound", "log_jacobian", "log_share", "log_gradient")
_EMPTY: dict[str, Any] = {
    "refutations": [],
    "claims": [],
    "facts": [],
    "systems": [],
    "experiments": [],
    "eigenvalues": {},
    "hierarchy": [],
    "confrontation": None,
    "formal_proofs": None,
}


def from_analysis(analysis: object, *, provenance: Mapping[str, object]) -> dict[str, Any]:
    """The document of an analysis: a JSON-able dict with the keys of the schema, in the schema's order.

    `analysis` is a tree of dataclasses, mappings, sequences, SymPy expressions, arrays and scalars; its field
    names are the keys. `provenance` says how it was made. Raises TypeError for a value that JSON has no place
    for and ValueError if the result does not fit the schema.

    >>> from_analysis({"n": 1}, provenance={})
    Traceback (most recent call last):
    ValueError: the analysis document lacks the key 'question'
    """
    tree = _plain(analysis, "analysis")
    if not isinstance(tree, dict):
        raise TypeError(f"analysis must be a dataclass or a mapping, got {type(analysis).__name__}")
    if "question" not in tree and isinstance(tree.get("verdicts"), list):
        tree["question"] = question(tree["verdicts"])
    made = {**_EMPTY, **tree, "schema_version": VERSION, "provenance": _plain(provenance, "provenance")}
    document = {key: made[key] for key in _order(made)}
    if document["confrontation"] is not None:
        document["confrontation"] = {"answers": [], **document["confrontation"]}
    validate(document)
    if document["confrontation"] and not document["confrontation"]["answers"]:
        document["confrontation"]["answers"] = answers(document)
    return document


def from_uniform(found: object, *, provenance: Mapping[str, object]) -> dict[str, Any]:
    """The document of what holds for all inputs: a part of an analysis, with a verdict and a conclusion in one sentence.

    `found` is a tree as for `from_analysis`, whose field names are the keys of `uniform` in the schema. Raises TypeError and
    ValueError as `from_analysis` does.
    """
    tree = _plain(found, "found")
    made = {**tree, "schema_version": VERSION, "provenance": _plain(provenance, "provenance")}
    made["conclusion"] = conclusion(made)
    document = {key: made[key] for key in _order(made)}
    _hold(document, _uniform_validator())
    return document


def formula(expression: object) -> dict[str, str]:
    r"""An expression as {text, latex, mathml}; a string is read as LaTeX.

    >>> formula(sympy.Symbol(r"\gamma") ** 2)["latex"]
    '\\gamma^{2}'
    """
    if isinstance(expression, sympy.Basic) and not expression.has(sympy.Float):
        return dict(_written(expression))
    return _write(expression)


@lru_cache(maxsize=4096)  # the theorems and their proofs are the same in every document
def _written(expression: sympy.Basic) -> dict[str, str]:
    return _write(expression)


def _write(expression: object) -> dict[str, str]:
    source = expression if isinstance(expression, str) else latex(expression)
    return {"text": _words(expression), "latex": source, "mathml": mathml(expression)}


def _words(expression: object) -> str:
    sides = expression.args if isinstance(expression, sympy.Eq) else ()
    return " = ".join(map(str, sides)) or str(expression)


def validate(document: object) -> None:
    """Hold a document against the schema of version 1, and its lists against each other.

    Raises ValueError with one sentence that names the place and what is allowed there.

    >>> validate({"schema_version": 2})
    Traceback (most recent call last):
    ValueError: the analysis document has schema_version 2; this errorflow reads version 1
    """
    if not isinstance(document, dict):
        raise ValueError(f"the analysis document must be a JSON object, got {type(document).__name__}")
    version = document.get("schema_version")
    if version != VERSION or isinstance(version, bool):
        raise ValueError(
            f"the analysis document has schema_version {_short(version)}; this errorflow reads version {VERSION}"
        )
    _hold(document, _validator())
    for complaint in _inconsistencies(document):
        raise ValueError(f"the analysis document {complaint}")


def _hold(document: Mapping[str, Any], validator: jsonschema.Draft202012Validator) -> None:
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    if error is not None:
        raise ValueError(_sentence(error))


def dumps(document: Mapping[str, object]) -> str:
    """The document as text: the same content gives the same bytes, whatever the order of its keys.

    Top-level keys stand in the schema's order, all others sorted; floats have the shortest form that reads
    back as the same double; a list of scalars is one line; the text ends with a newline.

    >>> print(dumps({"b": [1.0, 0.1], "a": {"d": float("inf"), "c": -0.0}}), end="")
    {
     "a": {
      "c": 0.0,
      "d": "Infinity"
     },
     "b": [1.0, 0.1]
    }
    """
    tree = _plain(document, "document")
    assert isinstance(tree, dict)
    return _text({key: tree[key] for key in _order(tree)}, 0, top=True) + "\n"


def loads(text: str | bytes) -> dict[str, Any]:
    """The document that a text holds, checked; ValueError with one sentence for anything else.

    >>> loads('{"schema_version": 1')
    Traceback (most recent call last):
    ValueError: the analysis document is not JSON or is cut off (Expecting ',' delimiter: line 1 column 21)
    """
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        document = json.loads(decoded, parse_constant=_refuse_constant, parse_float=_finite)
    except UnicodeDecodeError:
        raise ValueError("the analysis document is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise ValueError(f"the analysis document is not JSON or is cut off ({error.msg}: {place})") from None
    except RecursionError:
        raise ValueError("the analysis document is nested too deeply") from None
    validate(document)
    return dict(document)


def load(path: str | Path) -> dict[str, Any]:
    """The document in a file, checked; the ValueError names the file."""
    try:
        return loads(Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from None


# --- to plain values ---------------------------------------------------------------------------------
def _plain(value: Any, place: str) -> Any:
    if isinstance(value, enum.Enum):
        return _plain(value.value, place)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (str, Path)):  # a file name that is not UTF-8 keeps its odd bytes as escapes
        return str(value).encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _float(float(value))
    if isinstance(value, sympy.Basic) or hasattr(value, "_errorflow_mathml"):
        return formula(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{place}.{key}") for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {key: _plain(item, f"{place}.{key}") for key, item in _fields(value)}
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(item, place) for item in value)
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{place}[{at}]") for at, item in enumerate(value)]
    if hasattr(value, "tolist"):  # arrays and their scalars, whoever made them
        return _plain(value.tolist(), place)
    raise TypeError(f"{place} is of type {type(value).__name__}, for which the document has no place")


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    """Public fields, and `evidence` where it is derived from them (an enclosure takes no grade)."""
    names = [field.name for field in dataclasses.fields(value) if not field.name.startswith("_")]
    if "evidence" not in names and hasattr(value, "evidence"):
        names.append("evidence")
    for name in names:
        yield name, getattr(value, name)


def _float(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value + 0.0  # -0.0 becomes 0.0


# --- text ------------------------------------------------------------------------------------------------
def _order(keys: Mapping[str, object]) -> list[str]:
    known = [key for key in _schema()["properties"] if key in keys]
    return known + sorted(keys.keys() - set(known))


def _text(value: object, indent: int, *, top: bool = False) -> str:
    inner, outer = "\n" + " " * (indent + 1), "\n" + " " * indent
    if isinstance(value, dict) and value:
        keys = list(value) if top else sorted(value)
        body = f",{inner}".join(f"{json.dumps(key)}: {_text(value[key], indent + 1)}" for key in keys)
        return f"{{{inner}{body}{outer}}}"
    if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        body = f",{inner}".join(_text(item, indent + 1) for item in value)
        return f"[{inner}{body}{outer}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"the analysis document holds a bare {name}; it must be the string {name!r}")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"the analysis document holds the number {digits[:40]}, which no double can hold")
    return value


# --- checks ----------------------------------------------------------------------------------------------
@cache
def _schema() -> dict[str, Any]:
    text = package_files(__package__ or "errorflow.reports").joinpath("schema.json").read_text("utf-8")
    return dict(json.loads(text))


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(_schema())


@cache
def _uniform_validator() -> jsonschema.Draft202012Validator:
    """The schema of `uniform`, whose keys that an analysis has too are described there."""
    whole = _schema()
    own = whole["$defs"]["uniform"]
    properties = {key: own["properties"].get(key, whole["properties"].get(key)) for key in own["required"]}
    return jsonschema.Draft202012Validator({**whole, "required": own["required"], "properties": properties})


def _sentence(error: jsonschema.ValidationError) -> str:
    place = error.json_path.removeprefix("$").removeprefix(".")
    where = f" at {place}" if place else ""
    rule: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == "required":
        key = next(key for key in rule if key not in instance)
        return f"the analysis document lacks the key {key!r}{where}"
    allowed = {
        "enum": lambda: "one of " + ", ".join(map(_short, rule)),
        "const": lambda: _short(rule),
        "type": lambda: _types(rule),
        "pattern": lambda: f"a match of {rule}",
        "minimum": lambda: f"at least {rule}",
        "minItems": lambda: f"at least {rule} items",
        "maxItems": lambda: f"at most {rule} items",
    }.get(str(error.validator), lambda: _short(rule))()
    return f"the analysis document has {_short(instance)}{where}; allowed is {allowed}"


def _types(names: str | list[str]) -> str:
    return " or ".join([names] if isinstance(names, str) else names)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _inconsistencies(document: Mapping[str, Any]) -> Iterator[str]:
    """What a schema cannot say: lists that belong together have one length."""
    profile, shares = document["profile"], document["lag_shares"]
    series = [(f"profile.log_norm.{key}", profile, values) for key, values in profile["log_norm"].items()]
    series += [(f"lag_shares.{key}", shares, shares[key]) for key in ("share", "log_share")]
    for name, record in shares.get("parameters", {}).items():
        series += [(f"lag_shares.parameters.{name}.{key}", shares, record[key]) for key in ("share", "log_share")]
    for place, table, values in series:
        if isinstance(values, list) and len(values) != len(table["lags"]):
            yield f"has {len(values)} values at {place} for {len(table['lags'])} lags"
    yield from _measured(document)
    yield from _unbacked(document)
    for at, block in enumerate(document.get("hierarchy", ())):
        ids = {row["id"] for row in block["rows"]}
        for link in block["links"]:
            if not ids.issuperset(link):
                yield f"has a link {link} at hierarchy[{at}] between rows that are not there"
    for name, values in document["eigenvalues"].items():
        if len(values["real"]) != len(values["imag"]):
            counts = f"{len(values['real'])} real but {len(values['imag'])} imaginary parts"
            yield f"has {counts} at eigenvalues.{name}"


def _unbacked(document: Mapping[str, Any]) -> Iterator[str]:
    """The same for the confrontation; and each sentence of the answer has nodes, and the grade that the graph gives."""
    found = document.get("confrontation") or {"answers": (), "networks": ()}
    backing = Backing(document["graph"])
    for at, sentence in enumerate(found["answers"]):
        place = f"confrontation.answers[{at}]"
        grade = backing.grade(sentence["nodes"])
        if grade is None:
            yield f"has a sentence at {place} without nodes in the graph that back it"
        elif sentence["grade"] != grade:
            yield f"has the grade {_short(sentence['grade'])} at {place}; the graph gives {_short(grade)}"
    for at, network in enumerate(found["networks"]):
        for key in ("informative", "flow"):
            for name, values in (network.get(key) or {}).items():
                absent = values is None or (
                    name == "log_gradient" and not values
                )  # not in documents of earlier versions
                if name in _BY_LAG and not absent and len(values) != len(network[key]["lags"]):
                    counts = f"{len(values)} values for {len(network[key]['lags'])} lags"
                    yield f"has {counts} at confrontation.networks[{at}].{key}.{name}"


def _measured(document: Mapping[str, Any]) -> Iterator[str]:
    """The same for the truncation error by length and for what stands beside the exponents."""
    cut, spectrum = document.get("truncation") or {"lengths": ()}, document["spectrum"]
    for key in ("log_error", "cosine"):
        for name, values in cut.get(key, {}).items():
            if isinstance(values, list) and len(values) != len(cut["lengths"]):
                yield f"has {len(values)} values at truncation.{key}.{name} for {len(cut['lengths'])} lengths"
    count, law = len(spectrum["exponents"]), spectrum.get("law")
    beside = [("law.exponents", law["exponents"])] if law else []
    beside += [("standard_error", values)] if (values := spectrum.get("standard_error")) else []
    for key, values in beside:
        if len(values) != count:
            yield f"has {len(values)} values at spectrum.{key} for {count} exponents"
