"""Laws of the document: what the schema accepts, what it refuses, and its one form as text."""

import copy
import dataclasses
import json
import math
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import sympy

from errorflow.reports.document import dumps, formula, from_analysis, load, loads, validate

Document = dict[str, Any]
Sample = Callable[[str], Document]


def test_samples_fit_the_schema(document: Document) -> None:
    validate(document)


def _required(schema: Document, node: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of required keys for which the document has a value, once per place in the schema."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    for key, below in node.get("properties", {}).items():
        if key in node["required"]:
            yield (*place, key)
        yield from _required(schema, below, (*place, key))
    if isinstance(node.get("items"), dict):
        yield from _required(schema, node["items"], (*place, 0))
    if isinstance(node.get("additionalProperties"), dict):
        yield from _required(schema, node["additionalProperties"], (*place, "*"))


def _dropped(document: Document, place: tuple[Any, ...]) -> bool:
    """Drop the key at a place; False if the document has nothing there."""
    node: Any = document
    for step in place[:-1]:
        if not node or (isinstance(node, dict) and step != "*" and step not in node):
            return False
        node = next(iter(node.values())) if step == "*" else node[step]
    return node.pop(place[-1], None) is not None if isinstance(node, dict) else False


def _brief(node: Any) -> Any:
    """The document with three numbers of each list: a missing key is found before lengths are compared."""
    if isinstance(node, dict):
        return {key: _brief(item) for key, item in node.items()}
    if isinstance(node, list):
        return [_brief(item) for item in (node[:3] if node and isinstance(node[0], float) else node)]
    return node


def test_each_missing_key_is_named_in_one_sentence(sample: Sample) -> None:
    from errorflow.reports.document import _schema

    document, tried = _brief(sample("elman")), 0
    for place in _required(_schema(), _schema()):
        broken = copy.deepcopy(document)
        if not _dropped(broken, place):
            continue
        tried += 1
        with pytest.raises(ValueError, match=re.escape(str(place[-1]))) as caught:
            validate(broken)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 250
    assert tried > 120


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("verdicts", 0, "verdict"), "vanish"),
        (("verdicts", 0, "evidence"), "verified"),
        (("verdicts", 0, "evidence"), "testedish"),
        (("verdicts", 0, "scope"), "everything"),
        (("verdicts", 0, "lag_range"), [1]),
        (("verdicts", 0, "decisive"), 1),
        (("verdicts", 0, "rate"), "fast"),
        (("bounds", 0, "direction"), "<"),
        (("bounds", 0, "hypotheses", 0, "status"), "not met"),
        (("bounds", 0, "slack"), "inf"),
        (("hierarchy", 0, "rows", 0, "evidence"), "sure"),
        (("hierarchy", 0, "threshold"), "one"),
        (("hierarchy", 0, "links", 0), ["spectral_norm"]),
        (("profile", "lags", 0), -1),
        (("profile", "lags", 0), 0.5),
        (("theorems", 0, "source", "reading"), "skimmed"),
        (("graph", "edges", 0), ["a"]),
        (("network", "tied"), None),
        (("spectrum", "unit"), "bits"),
        (("spectrum", "standard_error", 0), "inf"),
        (("spectrum", "kaplan_yorke"), "none"),
        (("spectrum", "state_dim"), 1.5),
        (("spectrum", "law", "slopes"), None),
        (("spectrum", "law"), []),
        (("truncation", "shortest", "1"), -1),
        (("truncation", "lengths", 0), 0.5),
        (("truncation",), "none"),
        (("gradient_norms", "log_quantiles", "99"), None),
        (("gradient_norms",), []),
        (("lag_shares", "parameters", "W", "quantile_lags", "50"), "0"),
        (("constants",), []),
        (("question", "text"), None),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(sample: Sample, place: tuple[Any, ...], value: Any) -> None:
    document = sample("elman")
    node: Any = document
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value
    with pytest.raises(ValueError, match=r"^the analysis document has .* at .*; allowed is ") as caught:
        validate(document)
    assert str(place[0]) in str(caught.value)


def test_lists_that_belong_together_have_one_length(sample: Sample) -> None:
    document = sample("elman")
    document["profile"]["log_norm"]["median"].pop()
    with pytest.raises(ValueError, match=r"100 values at profile.log_norm.median for 101 lags"):
        validate(document)
    document = sample("elman")
    document["eigenvalues"]["W"]["imag"].append(0.0)
    with pytest.raises(ValueError, match=r"20 real but 21 imaginary parts at eigenvalues.W"):
        validate(document)
    document = sample("elman")
    document["hierarchy"][0]["links"][1] = ["spectral_radius", "norm"]
    with pytest.raises(
        ValueError, match=r"has a link \['spectral_radius', 'norm'\] at hierarchy\[0\] between rows that"
    ):
        validate(document)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (("truncation", "log_error", "q05"), "99 values at truncation.log_error.q05 for 100 lengths"),
        (("truncation", "cosine", "median"), "99 values at truncation.cosine.median for 100 lengths"),
        (("spectrum", "standard_error"), "19 values at spectrum.standard_error for 20 exponents"),
        (("spectrum", "law", "exponents"), "19 values at spectrum.law.exponents for 20 exponents"),
        (("lag_shares", "parameters", "b", "share"), "99 values at lag_shares.parameters.b.share for 100 lags"),
    ],
)
def test_what_stands_beside_lengths_and_exponents_is_as_long(
    sample: Sample, place: tuple[str, ...], sentence: str
) -> None:
    document = sample("elman")
    node: Any = document
    for step in place:
        node = node[step]
    node.pop()
    with pytest.raises(ValueError, match=re.escape(f"has {sentence}")):
        validate(document)


def test_truncation_and_norms_may_be_null_and_the_new_keys_absent(sample: Sample) -> None:
    document = sample("elman") | {"truncation": None, "gradient_norms": None}
    document["spectrum"] |= {"law": None, "kaplan_yorke": None, "entropy_rate": None, "standard_error": []}
    assert loads(dumps(document)) == document
    del document["truncation"], document["gradient_norms"], document["lag_shares"]["parameters"]
    for key in ("standard_error", "state_dim", "steps", "samples", "kaplan_yorke", "entropy_rate", "law"):
        del document["spectrum"][key]
    assert loads(dumps(document)) == document


def test_documents_of_earlier_versions_have_no_hierarchy(sample: Sample) -> None:
    document = sample("elman")
    del document["hierarchy"]
    validate(document)
    assert "hierarchy" not in loads(dumps(document))


def test_added_keys_are_allowed_everywhere(sample: Sample) -> None:
    document = sample("elman")
    for node in (
        document,
        document["network"],
        document["verdicts"][0],
        document["bounds"][0]["hypotheses"][0],
    ):
        node["added by a later version"] = {"x": 1}
    validate(document)


def _shuffled(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        items = [(key, _shuffled(item, order)) for key, item in value.items()]
        order.shuffle(items)
        return dict(items)
    return [_shuffled(item, order) for item in value] if isinstance(value, list) else value


def test_text_does_not_depend_on_the_order_of_keys(document: Document) -> None:
    assert dumps(_shuffled(document, random.Random(1))) == dumps(document)


def test_text_reads_back_as_the_same_document(document: Document) -> None:
    assert loads(dumps(document)) == json.loads(json.dumps(document))
    assert dumps(loads(dumps(document))) == dumps(document)


def test_floats_keep_every_bit() -> None:
    numbers = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -2.5e-9, 1e22, 123456789012345678]
    assert json.loads(dumps({"x": numbers}))["x"] == numbers


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not JSON or is cut off"),
        ('{"schema_version": 1, "question"', "is not JSON or is cut off"),
        ("[1]", "must be a JSON object, got list"),
        ("null", "must be a JSON object, got NoneType"),
        ('{"schema_version": 2}', "has schema_version 2; this errorflow reads version 1"),
        ('{"schema_version": true}', "has schema_version true; this errorflow reads version 1"),
        ("{}", "has schema_version null; this errorflow reads version 1"),
        ('{"x": NaN}', "holds a bare NaN; it must be the string 'NaN'"),
        ('{"x": 1e999}', "holds the number 1e999, which no double can hold"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff\xfe{}", "is not UTF-8 text"),
    ],
)
def test_what_is_no_document_is_refused_in_one_sentence(text: str | bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^the analysis document ") as caught:
        loads(text)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cut_file_is_refused_with_its_name(tmp_path: Any, sample: Sample) -> None:
    path = tmp_path / "old.json"
    whole = dumps(sample("gru"))
    path.write_text(whole, "utf-8")
    assert load(path) == loads(whole)
    for cut in (1, len(whole) // 2, len(whole) - 3):
        path.write_text(whole[:cut], "utf-8")
        with pytest.raises(ValueError, match=r"old\.json.*is not JSON or is cut off"):
            load(path)


@dataclasses.dataclass(frozen=True)
class _Enclosure:
    lower: float
    upper: float

    @property
    def evidence(self) -> str:
        return "measured"


def test_dataclasses_arrays_and_expressions_become_plain_values(sample: Sample) -> None:
    gamma = sympy.Symbol(r"\gamma")
    document = sample("elman")
    document["constants"] = {
        "x": dataclasses.make_dataclass("C", ["lower", "upper", "evidence", "residual", "formula"])(
            np.float64(-0.0), np.float32(0.5), "measured", -math.inf, gamma**2
        )
    }
    document["extra"] = [_Enclosure(1.0, math.nan), np.arange(3), (np.int64(2), True), frozenset({"b", "a"})]
    provenance = document.pop("provenance")
    made = from_analysis(document, provenance=provenance)
    constant = {"lower": 0.0, "upper": 0.5, "evidence": "measured", "residual": "-Infinity"}
    assert made["constants"]["x"] == {**constant, "formula": formula(gamma**2)}
    assert math.copysign(1, made["constants"]["x"]["lower"]) == 1
    enclosure = {"lower": 1.0, "upper": "NaN", "evidence": "measured"}
    assert made["extra"] == [enclosure, [0, 1, 2], [2, True], ["a", "b"]]
    assert formula(gamma**2)["mathml"] == "<math><msup><mi>γ</mi><mn>2</mn></msup></math>"


def test_a_value_without_a_place_is_named() -> None:
    with pytest.raises(TypeError, match=r"analysis\.a\[1\] is of type object"):
        from_analysis({"a": [1, object()]}, provenance={})


def test_a_file_name_that_is_no_text_is_kept_readable(sample: Sample) -> None:
    document = sample("elman")
    document["network"]["source"] = "weights\udcff.npz"
    text = dumps(document)
    assert r"weights\udcff.npz" in loads(text.encode())["network"]["source"]
