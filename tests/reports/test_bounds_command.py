"""`errorflow bounds`: tables, the concluding sentence, the document, the certificate, and one sentence for bad input."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from errorflow.reports.cli import main
from errorflow.reports.conclusion import against, conclusion
from errorflow.reports.document import from_uniform

RNG = np.random.default_rng(3)
SHARED = np.array([[0.5, 0.25], [0.0, 0.75]])


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["bounds", *map(str, arguments)])


def saved(folder: Path, W: np.ndarray, **arrays: np.ndarray) -> Path:
    path = folder / "net.npz"
    made = {"W": W, "B": np.ones((len(W), 1)), "b": np.zeros(len(W))} | arrays
    np.savez(path, **made)  # type: ignore[arg-type]  # numpy types allow_pickle into **kwds
    return path


@pytest.fixture
def contraction(tmp_path: Path) -> Path:
    return saved(tmp_path, SHARED)


def document(*arguments: object) -> dict[str, Any]:
    result = run(*arguments, "--json", "-")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_tables_name_every_number_with_outward_ends_and_evidence(contraction: Path) -> None:
    result = run(contraction)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "assumed: activation tanh: not recorded in the file" in lines
    assert "W: slopes in [0, 1], 1/gamma = 1" in lines
    for name in ("rho(W)", "jsr(D W)", "omega(W)", "s(W)", "||W||_2", "rho(|W|)", "||W||_inf", "n max |W|"):
        (row,) = (line for line in lines if line.startswith(f"{name} "))
        _, lower, upper, place, evidence = re.split(r" {2,}", row.strip())
        assert Fraction(lower) <= Fraction(upper)
        assert evidence in ("certified", "measured")
        assert place == (
            "above" if name == "n max |W|" else "not below" if name == "||W||_inf" and lower == "1" else "below"
        )
    assert any(re.match(r"  gamma\*spectral_norm\(W\) < 1 +0\.81\d+ +0\.18\d+ +met", line) for line in lines)


def test_the_last_sentence_is_the_bound_that_decides(contraction: Path) -> None:
    words = " ".join(run(contraction, "--activation", "tanh").stdout.split())
    last = words[words.rindex(": ||J(t, t-k)||_2") :]
    found = re.search(
        r"<= (?:([\d.]+) \* )?([\d.]+)\^k for every lag k >= 1, every state and every input \((.+)\)", last
    )
    assert found is not None
    constant, rate = Fraction(found.group(1) or 1), Fraction(found.group(2))
    assert rate < 1
    power, bound = np.eye(2), constant
    for _ in range(40):  # all slopes equal to 1 is one of the nets
        power, bound = SHARED @ power, bound * rate
        assert np.linalg.norm(power, 2) <= float(bound) * (1 + 1e-12)


def test_where_nothing_decides_the_bracket_of_the_joint_spectral_radius_is_named(tmp_path: Path) -> None:
    rotation = np.array([[0.6, -0.8], [0.8, 0.6]])  # rho = jsr = 1 up to rounding; nothing is below
    words = " ".join(run(saved(tmp_path, 3 * rotation)).stdout.split())
    assert re.search(r"undecided: gamma jsr\(D W\) (in \[2\.99\d+, 3(\.0\d*)?\]|= 3) \(\w+\)", words)
    assert "some slopes in their range make the state Jacobian grow at least like" in words


def test_the_document_alone_stands_on_stdout(contraction: Path) -> None:
    found = document(contraction)
    assert found["verdict"] == "vanishes"
    assert found["conclusion"] == conclusion(found)
    assert [row["id"] for row in found["hierarchy"][0]["rows"]][:2] == ["spectral_radius", "joint_spectral_radius"]
    assert {b["id"] for b in found["bounds"]} >= {"pascanu_spectral_norm", found["decided_by"]}
    assert found["provenance"]["hashes"]["weights"] == found["network"]["sha256"]
    assert from_uniform({k: v for k, v in found.items() if k != "provenance"}, provenance=found["provenance"]) == found


def test_equal_runs_give_equal_documents(contraction: Path) -> None:
    first, second = document(contraction), document(contraction)
    first["provenance"]["created"] = second["provenance"]["created"] = ""
    assert first == second


def test_the_document_goes_to_a_file_beside_the_table(contraction: Path, tmp_path: Path) -> None:
    result = run(contraction, "--json", tmp_path / "new" / "bounds.json")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"wrote {tmp_path / 'new' / 'bounds.json'}"
    assert json.loads((tmp_path / "new" / "bounds.json").read_text())["schema_version"] == 1


def test_a_certificate_is_written_that_rational_arithmetic_accepts(contraction: Path, tmp_path: Path) -> None:
    from errorflow.theory.certificate import Certificate

    target = tmp_path / "proof.json"
    result = run(contraction, "--certificate", target, "--json", "-")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["verdict"] == "vanishes"
    proof = Certificate.from_json(target.read_text())
    proof.check()
    shown = re.search(
        r"certificate: \|\|J\(t, t-k\)\|\|_2 <= ([\d.]+) \* ([\d.]+)\^k",
        run(contraction, "--certificate", target).stdout,
    )
    assert shown is not None
    assert proof.constant <= Fraction(shown.group(1))
    assert proof.rate <= Fraction(shown.group(2)) < 1
    assert [[float(x) for x in row] for row in proof.W] == SHARED.tolist()
    assert proof.rate < 1


@pytest.mark.parametrize(
    ("arrays", "arguments", "words"),
    [
        ({}, ["--layer", "encoder"], "no layer 'encoder'"),
        ({}, ["--activation", "sine"], "activation must be one of tanh"),
        ({}, ["--certificate", "proof.json", "--activation", "silu"], "a certificate needs slopes in [0, gamma]"),
        ({"W": np.ones((8, 2))}, ["--certificate", "proof.json"], "which cell 'lstm' does not have"),
        ({"W": np.eye(9)}, ["--certificate", "proof.json"], "of more than 8 units takes minutes, got 9 units"),
        ({"W": np.full((2, 2), np.nan)}, [], "must be finite"),
        ({}, ["--certificate", "proof.json", "--json", "proof.json"], "must name two files"),
    ],
)
def test_bad_arguments_give_one_sentence_exit_2_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrays: Mapping[str, Any], arguments: list[str], words: str
) -> None:
    W = arrays.get("W", SHARED)
    path = saved(tmp_path, W, B=np.ones((len(W), 1)), b=np.zeros(len(W)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("errorflow.numerics.uniform.CERTIFIED_UNITS", 8)
    result = run(path, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    result = run(tmp_path / "no.npz")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "there is no weights file" in result.stderr


def test_a_place_that_cannot_be_written_leaves_nothing_half_written(contraction: Path, tmp_path: Path) -> None:
    result = run(contraction, "--certificate", tmp_path / "proof.json", "--json", contraction / "bounds.json")
    assert result.exit_code == 2
    assert "cannot write" in result.stderr
    assert list(tmp_path.iterdir()) == [contraction]


def test_a_gated_cell_is_listed_by_block_without_a_threshold(tmp_path: Path) -> None:
    shapes = {"B": np.ones((6, 1)), "b": np.zeros(6), "d": np.zeros(2)}
    path = saved(tmp_path, RNG.standard_normal((6, 2)), **shapes)
    result = run(path, "--cell", "gru_reset_before")
    if result.exit_code:
        path = saved(tmp_path, RNG.standard_normal((6, 2)), **shapes)
    result = run(path)
    assert result.exit_code == 0, result.stderr
    assert "no common range of slopes, so no 1/gamma" in result.stdout
    assert "not a diagonal matrix of slopes in a known range times W" in " ".join(result.stdout.split())


# The sentence, on documents made by hand


def made(**changes: Any) -> dict[str, Any]:
    ends = {"lower": 0.0, "upper": 1.0}
    bound = {"id": "s", "scope": "all_inputs", "title": "Scaling", "direction": "<=", "evidence": "certified"}
    bound |= {
        "rate": {"lower": 0.25, "upper": 0.5},
        "constant": {"lower": 1.0, "upper": 1 / 3},
        "log_rate": -0.6931471805599453,
    }
    rows = [("joint_spectral_radius", 1 / 3, 2.0), ("diagonal_scaling_norm", 0.5, 3.0)]
    block = {"block": "W", "slopes": ends, "threshold": {"lower": 4.0, "upper": 4.0}}
    block["rows"] = [{"id": row, "lower": low, "upper": high, "evidence": "certified"} for row, low, high in rows]
    return {"given": [], "bounds": [bound], "decided_by": None, "growing": None, "hierarchy": [block]} | changes


def test_the_sentence_of_a_decided_network() -> None:
    assert conclusion(made(decided_by="s", given=["activation tanh: not recorded"])) == (
        "Assuming activation tanh (not recorded), certified: ||J(t, t-k)||_2 <= 0.333334 * 0.5^k for every lag k >= 1, "
        "every state and every input (Scaling); it halves every 1.001 steps."
    )
    lower = made()["bounds"][0] | {
        "direction": ">=",
        "rate": {"lower": 1.5, "upper": 2.0},
        "constant": {"lower": 1.0, "upper": 1.0},
    }
    assert conclusion(made(bounds=[lower], decided_by="s")).startswith(
        "Certified: the smallest singular value of J(t, t-k) is at least 1.5^k for every lag"
    )


def test_the_sentence_of_an_undecided_network() -> None:
    assert conclusion(made()) == "Undecided: gamma jsr(D W) in [0.0833333, 0.5] (certified)."
    negative = made()
    negative["hierarchy"][0]["slopes"] = {"lower": -0.25, "upper": 0.25}
    assert conclusion(negative) == (
        "Undecided: gamma s(W) in [0.125, 0.75] (certified), and slopes are negative somewhere, so that omega or jsr "
        "below 1/gamma would not suffice."
    )
    leaky = made()
    leaky["hierarchy"][0]["slopes"] = {"lower": 0.01, "upper": 0.25}
    assert conclusion(leaky).endswith("(certified), which allows slopes down to 0, outside of their range.")
    falling = made(decided_by="joint_spectral_radius", evidence="certified")
    assert conclusion(falling).startswith(
        "Certified: gamma jsr(D W) in [0.0833333, 0.5], below 1, so that ||J(t, t-k)||_2"
    )
    some = made()["bounds"][0] | {"scope": "some_slopes", "direction": ">=", "rate": {"lower": 1.25, "upper": 2.0}}
    grows = conclusion(made(bounds=[some | {"constant": {"lower": 1.0, "upper": 1.0}}], growing="s"))
    assert "certified: some slopes in their range make the state Jacobian grow at least like 1.25^k" in grows
    assert "no bound for all inputs has its hypotheses met" in conclusion(made(hierarchy=[]))


def test_a_bracket_that_touches_the_threshold_is_not_below_it() -> None:
    one = {"lower": 1 - 2**-53, "upper": 1.0}
    places = [
        against({"lower": a, "upper": b}, one)
        for a, b in ((0.0, 1 - 2**-53), (0.0, 1 - 2**-52), (1.0, 1.0), (1.0, 9.0))
    ]
    assert places == ["undecided", "below", "not below", "not below"]
    assert against({"lower": 0.0, "upper": 1.0}, None) == ""


@pytest.mark.parametrize("command", ["bounds", "check"])
def test_the_weights_are_never_overwritten(tmp_path, command) -> None:
    weights = tmp_path / "net.npz"
    np.savez(weights, weight_hh=np.eye(2) / 2, weight_ih=np.eye(2), bias_ih=np.zeros(2), bias_hh=np.zeros(2))
    before = weights.read_bytes()
    link = tmp_path / "link.npz"
    link.symlink_to(weights)
    for target in (weights, link):
        result = CliRunner().invoke(main, [command, str(weights), "--json", str(target)])
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--json must not name the weights" in result.stderr
    assert weights.read_bytes() == before


def test_two_spellings_of_one_file_are_one_file(tmp_path) -> None:
    weights = tmp_path / "net.npz"
    np.savez(weights, weight_hh=np.eye(2) / 2, weight_ih=np.eye(2), bias_ih=np.zeros(2), bias_hh=np.zeros(2))
    (tmp_path / "d").mkdir()
    options = ["--json", str(tmp_path / "d" / ".." / "one.json"), "--certificate", str(tmp_path / "one.json")]
    result = CliRunner().invoke(main, ["bounds", str(weights), *options])
    assert result.exit_code == 2
    assert "--json and --certificate must name two files" in result.stderr
    assert not (tmp_path / "one.json").exists()


def test_a_bound_whose_conditions_fail_has_no_numbers_in_the_table(tmp_path) -> None:
    """SiLU has negative slopes: the bound by the numerical radius does not apply, and says so instead of a rate."""
    weights = tmp_path / "net.npz"
    np.savez(
        weights,
        weight_hh=np.array([[2.0, 4.0], [-1.0, -2.0]]),
        weight_ih=np.eye(2),
        bias_ih=np.zeros(2),
        bias_hh=np.zeros(2),
    )
    result = CliRunner().invoke(main, ["bounds", str(weights), "--activation", "silu"])
    row = next(line for line in result.stdout.splitlines() if line.startswith("Scaled numerical radius  "))
    assert row.split() == ["Scaled", "numerical", "radius", "does", "not", "apply", "nothing"]
