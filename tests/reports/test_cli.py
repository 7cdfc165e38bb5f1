"""The command line: verdict table, files, exit codes, and one sentence for bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from errorflow.reports import document
from errorflow.reports.cli import main

SHORT = ["--steps", "30", "--samples", "4"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def saved(folder: Path, **arrays: np.ndarray) -> Path:
    path = folder / "net.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]  # numpy types allow_pickle into **kwds
    return path


@pytest.fixture
def contraction(tmp_path: Path) -> Path:
    return saved(tmp_path, W=np.eye(3) / 2, B=np.ones((3, 1)), b=np.zeros(3))


@pytest.fixture
def expansion(tmp_path: Path) -> Path:
    return saved(tmp_path, W=2.0 * np.eye(3), B=np.ones((3, 1)), b=np.zeros(3))


def test_check_prints_one_row_per_object(contraction: Path) -> None:
    result = run("check", contraction, *SHORT)
    assert result.exit_code == 0
    for question in ("Q1", "Q2", "Q3", "Q4"):
        assert question in result.stdout
    assert "assumed: activation tanh" in result.stdout


def test_json_on_stdout_is_the_document_and_nothing_else(contraction: Path) -> None:
    result = run("check", contraction, *SHORT, "--json", "-")
    found = document.loads(result.stdout)
    assert found["network"]["n"] == 3
    assert next(v["verdict"] for v in found["verdicts"] if v["decisive"]) == "vanishes"


def test_equal_runs_give_equal_bytes_but_for_the_time_stamp(contraction: Path) -> None:
    first, second = (run("check", contraction, *SHORT, "--json", "-", "--seed", 3).stdout for _ in range(2))
    a, b = json.loads(first), json.loads(second)
    a["provenance"]["created"] = b["provenance"]["created"] = ""
    assert json.dumps(a) == json.dumps(b)


def test_out_writes_page_and_document_that_validate(contraction: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    assert run("check", contraction, *SHORT, "--out", folder).exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json"]
    assert document.load(folder / "report.json")["horizon"]["steps"] == 30


@pytest.mark.parametrize(
    ("activation", "fail_on", "code"),
    [
        ("identity", "vanish", 0),
        ("identity", "explode", 1),
        ("identity", "explode,undecided", 1),
        ("tanh", "explode", 0),
    ],
)
def test_fail_on_sets_the_exit_code(expansion: Path, activation: str, fail_on: str, code: int) -> None:
    result = run("check", expansion, *SHORT, "--activation", activation, "--fail-on", fail_on)
    assert result.exit_code == code, result.output


def test_undecided_exits_3_and_a_failing_verdict_wins(contraction: Path) -> None:
    assert run("check", contraction, "--steps", 3, "--fail-on", "undecided").exit_code == 3
    assert run("check", contraction, "--steps", 3, "--fail-on", "undecided,vanish").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--steps", "0"], "steps must be an integer of at least 1, got 0"),
        (["--samples", "0"], "samples must be an integer of at least 1, got 0"),
        (["--input-scale", "-1"], "input_scale must be a finite number of at least 0, got -1.0"),
        (["--layer", "encoder"], "no layer 'encoder'"),
        (
            ["--cell", "transformer"],
            "cell must be one of elman, gru, gru_reset_before, lstm, got 'transformer'",
        ),
        (["--activation", "sine"], "activation must be one of tanh"),
        (["--inputs", "nowhere.npy"], "'nowhere.npy' does not exist"),
    ],
)
def test_bad_arguments_give_one_sentence_and_exit_2(contraction: Path, arguments: list[str], words: str) -> None:
    result = run("check", contraction, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.output


def test_a_failed_run_writes_nothing(contraction: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("check", contraction, "--steps", 0, "--out", out).exit_code == 2
    assert not out.exists()


def test_a_file_in_place_of_the_folder_is_refused_and_kept(contraction: Path) -> None:
    before = contraction.read_bytes()
    result = run("check", contraction, *SHORT, "--out", contraction)
    assert result.exit_code == 2
    assert "--out must name a folder" in result.stderr
    assert contraction.read_bytes() == before


def test_inputs_file_sets_the_horizon(contraction: Path, tmp_path: Path) -> None:
    inputs = tmp_path / "u.npy"
    np.save(inputs, np.zeros((12, 5, 1)))
    found = document.loads(run("check", contraction, "--inputs", inputs, "--json", "-").stdout)
    assert (found["horizon"]["steps"], found["horizon"]["samples"]) == (12, 5)


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from errorflow.reports.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    heavy = "print([m for m in ('numpy', 'sympy', 'scipy', 'matplotlib', 'jinja2', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_report_needs_no_argument_and_no_download(sample: Callable[[str], dict[str, Any]]) -> None:
    found = sample("report")
    assert {v["question"] for v in found["verdicts"] if v["decisive"]} == {"Q1", "Q2", "Q3", "Q4"}
    assert not found["network"]["assumed"]
    assert found["confrontation"]["laws"]
    assert all(law["outcome"] == "holds" for law in found["confrontation"]["laws"])
    assert len(found["confrontation"]["networks"]) >= 3


def test_only_the_report_asks_for_the_confrontation(contraction: Path) -> None:
    assert document.loads(run("check", contraction, *SHORT, "--json", "-").stdout)["confrontation"] is None


def test_check_of_an_lstm_counts_the_exponents_of_its_full_state(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    bias = np.r_[np.zeros(4), np.full(4, 6.0), np.zeros(8)]  # forget gates near one
    weights = {"weight_ih_l0": rng.normal(size=(16, 2)), "weight_hh_l0": rng.normal(size=(16, 4)) / 4}
    path = saved(tmp_path, bias_ih_l0=bias, bias_hh_l0=np.zeros(16), **weights)
    printed = " ".join(run("check", path, *SHORT, "--out", tmp_path).stdout.split())
    found = document.load(tmp_path / "report.json")["spectrum"]
    assert (len(found["exponents"]), found["state_dim"]) == (8, 8)
    assert -0.1 < found["exponents"][0] < 0.05, "that of c, which a spectrum of h alone has not"
    assert "Lyapunov exponents of the full state (h, c), N = 8: largest " in printed
    assert "full state (h, c), N = 8" in (tmp_path / "report.html").read_text("utf-8")
