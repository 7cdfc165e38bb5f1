"""The pytest plugin gives each test its own repeatable randomness and costs nothing until it is used."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

DRAWS = """
import json, pathlib
def test_a(errorflow_rng): record("a", errorflow_rng)
def test_b(errorflow_rng): record("b", errorflow_rng)
def record(name, rng): pathlib.Path(name + ".json").write_text(json.dumps(rng.random(3).tolist()))
"""


def draws(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    # In a process of its own: the session at hand has loaded NumPy before.
    pytester.runpytest_subprocess("-p", "no:xdist", *arguments).assert_outcomes(passed=2)
    return [(pytester.path / f"{name}.json").read_text() for name in "ab"]


def test_draws_repeat_in_any_order_differ_between_tests_and_follow_the_seed(
    pytester: pytest.Pytester,
) -> None:
    name = pytester.makepyfile(test_draws=DRAWS).name
    first = draws(pytester)
    assert first[0] != first[1]
    assert draws(pytester, f"{name}::test_b", f"{name}::test_a") == first
    assert set(draws(pytester, "--errorflow-seed=1")).isdisjoint(first)


def test_a_negative_seed_is_refused_in_one_sentence(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_draws=DRAWS)
    result = pytester.runpytest_subprocess("--errorflow-seed=-1")
    result.stdout.fnmatch_lines(["*--errorflow-seed is -1; allowed are integers >= 0*"])


def test_loading_the_plugin_imports_only_pytest_and_the_standard_library() -> None:
    code = """if True:
        import sys, pytest
        before = set(sys.modules)
        import _errorflow_pytest
        loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
        print(sorted(loaded - sys.stdlib_module_names))
    """
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['_errorflow_pytest']"
