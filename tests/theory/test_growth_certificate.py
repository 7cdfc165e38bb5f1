"""The certificate of a growth rate: what is valid passes and bounds every product, what is tampered does not."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errorflow.theory.growth_certificate import Ellipsoid, GrowthCertificate, Polytope, radius_at_least

SHEARS = ([[1, 1], [0, 1]], [[1, 0], [1, 1]])
HARD = ([[1, 0], [1, 0]], [[0, 1], [0, -1]])
IDENTITY = ((1, 0), (0, 1))


def shears(**changed: Any) -> GrowthCertificate:
    """The golden ratio between 8/5 and 13/8, by the product of both and by the Euclidean norm."""
    words = changed.pop("words", ((0,), (1,)))
    parts = {"matrices": SHEARS, "lower": Fraction(8, 5), "word": (0, 1), "upper": Fraction(13, 8)}
    return GrowthCertificate(**{**parts, "norm": Ellipsoid(changed.pop("P", IDENTITY), words), **changed})


def hard(**changed: Any) -> GrowthCertificate:
    """jsr = 1 where no ellipsoid gives less than sqrt 2: the vertices (1, 1), (-1, 1) are permuted up to sign."""
    vertices = changed.pop("vertices", ((1, 1), (-1, 1)))
    coefficients = changed.pop("coefficients", (((1, 0), (-1, 0)), ((0, -1), (0, -1))))
    parts = {"matrices": HARD, "lower": 1, "word": (0,), "upper": 1}
    return GrowthCertificate(**{**parts, "norm": Polytope(vertices, coefficients), **changed})


def integer_matrices(largest: int = 5) -> st.SearchStrategy[list[list[int]]]:
    def square(n: int) -> st.SearchStrategy[list[list[int]]]:
        return st.lists(st.lists(st.integers(-3, 3), min_size=n, max_size=n), min_size=n, max_size=n)

    return st.integers(1, largest).flatmap(square)


# The radius, decided exactly


@given(rows=integer_matrices())
@settings(max_examples=60)
def test_the_radius_is_decided_on_both_sides_of_the_roots(rows: list[list[int]]) -> None:
    with mpmath.workdps(60):
        values = mpmath.eig(mpmath.matrix(rows), left=False, right=False) if len(rows) > 1 else [mpmath.mpf(rows[0][0])]
        radius = max(abs(value) for value in values)
        near = Fraction(str(radius))  # a multiple eigenvalue keeps 60/n digits
    assert radius_at_least(rows, max(near - Fraction(1, 10**9), 0))
    assert not radius_at_least(rows, near + Fraction(1, 10**9))


@pytest.mark.parametrize(
    ("rows", "radius"),
    [
        ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], 1),  # on the circle at three places
        ([[0, -2], [2, 0]], 2),
        ([[1, 1], [0, 1]], 1),  # defective
        ([[0, 1, 0, 0], [-1, 0, 1, 0], [0, 0, 0, 1], [0, 0, -1, 0]], 1),  # a pair of Jordan blocks on the circle
        ([[-3]], 3),
        ([[2, 4], [-1, -2]], 0),
        ([[Fraction(3, 5), Fraction(-4, 5)], [Fraction(4, 5), Fraction(3, 5)]], 1),
    ],
)
def test_a_radius_that_is_attained_is_found_attained(rows: list[list[int]], radius: int) -> None:
    assert radius_at_least(rows, radius)
    assert not radius_at_least(rows, radius + Fraction(1, 10**15))


@given(rows=integer_matrices(4), numerator=st.integers(0, 200))
@settings(max_examples=60)
def test_the_radius_of_a_transpose_a_negative_and_a_square_agree(rows: list[list[int]], numerator: int) -> None:
    radius = Fraction(numerator, 20)
    expected = radius_at_least(rows, radius)
    square = (np.array(rows, dtype=object) @ np.array(rows, dtype=object)).tolist()
    assert radius_at_least([list(column) for column in zip(*rows, strict=True)], radius) == expected
    assert radius_at_least([[-entry for entry in row] for row in rows], radius) == expected
    assert radius_at_least(square, radius**2) == expected


# Valid certificates


def test_the_golden_ratio_lies_between_its_certified_rates() -> None:
    found = shears()
    found.check()
    assert found.lower < (1 + 5**0.5) / 2 < found.upper
    assert found.conclusion == "the joint spectral radius of 2 matrices is at least 8/5 and at most 13/8"


def test_longer_words_prove_what_single_letters_can_not() -> None:
    # A A = 0 and A B A = A: the norm of A is 2, of the words that avoid A A at most 2 for two letters
    matrices = ([[0, 2], [0, 0]], [[0, 0], [Fraction(1, 2), 0]])
    words = ((0, 0), (0, 1), (1, 0), (1, 1))
    one = GrowthCertificate(matrices, 1, (0, 1), 1, Ellipsoid(((1, 0), (0, 1)), words))
    one.check()
    assert one.decided
    with pytest.raises(ValueError, match="positive semidefinite for the product A of the word 0, got a negative pivot"):
        replace(one, norm=Ellipsoid(((1, 0), (0, 1)), ((0,), (1,)))).check()
    uneven = ((0, 0), (0, 1), (1, 0), (1, 1, 0), (1, 1, 1))
    replace(one, norm=Ellipsoid(((1, 0), (0, 1)), uneven)).check()


def test_a_polytope_decides_what_no_ellipsoid_can() -> None:
    found = hard()
    found.check()
    assert found.decided
    assert found.conclusion == "the joint spectral radius of 2 matrices is 1"


def test_products_that_vanish_have_the_rate_zero() -> None:
    nilpotent = ([[1, -1], [1, -1]], [[3, -3], [3, -3]])
    words = tuple(product((0, 1), repeat=2))
    GrowthCertificate(nilpotent, 0, (0,), 0, Ellipsoid(IDENTITY, words)).check()
    with pytest.raises(ValueError, match="negative pivot"):
        GrowthCertificate(
            (*nilpotent, [[0, 1], [0, 0]]), 0, (0,), 0, Ellipsoid(IDENTITY, tuple(product(range(3), repeat=2)))
        ).check()


@pytest.mark.parametrize("found", [shears(), hard()], ids=["ellipsoid", "polytope"])
def test_all_products_obey_a_certificate(found: GrowthCertificate) -> None:
    matrices = [np.array(matrix, dtype=float) for matrix in found.matrices]
    for length in (1, 4, 9):
        largest = 0.0
        for word in product(range(len(matrices)), repeat=length):
            total = np.eye(2)
            for letter in word:
                total = matrices[letter] @ total
            largest = max(largest, float(np.linalg.norm(total, 2)))
        assert largest <= 2 * float(found.upper) ** length
        assert largest >= float(found.lower) ** length * (1 - 1e-12)


# Tampered certificates


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"upper": Fraction(1618, 1000)},
            r"rate\^2 P - A\^T P A must be positive semidefinite .* word 0, got a negative pivot",
        ),
        (
            {"lower": Fraction(1619, 1000)},
            r"the product of the word 0 1 must have a spectral radius of at least lower\^2",
        ),
        ({"word": (0,)}, r"the product of the word 0 must have a spectral radius of at least lower\^1"),
        ({"word": ()}, "word must not be empty"),
        ({"word": (0, 2)}, "word must have letters from 0 to 1, got 2"),
        ({"word": (-1,)}, "word must have letters from 0 to 1, got -1"),
        ({"lower": -1}, "lower must not be negative, got -1"),
        ({"upper": -2}, "upper must not be negative, got -2"),
        ({"P": ((1, 1), (0, 1))}, "P must be symmetric, got 0 and 1 in row 1, column 0"),
        ({"P": ((1, 0), (0, 0))}, "P must be positive definite"),
        ({"P": ((1, 2), (2, 1))}, "P must be positive definite"),
        ({"P": ((-1, 0), (0, -1))}, "P must be positive definite"),
        ({"P": ((1, 0, 0), (0, 1, 0), (0, 0, 1))}, "P must be 2 by 2 with n >= 1, got 3 rows"),
        ({"words": ((0,),)}, "only 1 of the 2 words of length 1 begin with one"),
        ({"words": ()}, "words must be the beginnings of all long words"),
        ({"words": ((0,), (1, 0))}, "only 3 of the 4 words of length 2 begin with one"),
        ({"words": ((0,), (1,), (1, 0))}, "words must not begin one another, got 1 and 1 0"),
        ({"words": ((0,), (0,), (1,))}, "words must not begin one another, got 0 and 0"),
        ({"words": ((),)}, "words must not be empty"),
        ({"words": ((0,), (2,))}, "words must have letters from 0 to 1, got 2"),
    ],
)
def test_a_tampered_ellipsoid_is_rejected_in_one_sentence(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        shears(**changed).check()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"upper": Fraction(999, 1000)}, "sum of absolute values of at most 999/1000, got 1 for matrix 0 and vertex 0"),
        ({"vertices": ((1, 1), (-1, -1))}, "vertices must span all 2 dimensions"),
        ({"vertices": ()}, "vertices must span all 2 dimensions"),
        ({"vertices": ((1, 1, 0), (-1, 1, 0))}, "vertices must span all 2 dimensions"),
        ({"coefficients": (((1, 0), (-1, 0)),)}, "coefficients must be 2 times 2 columns of 2 numbers"),
        ({"coefficients": (((1, 0), (-1, 0)), ((0, -1), (0,)))}, "coefficients must be 2 times 2 columns of 2 numbers"),
    ],
)
def test_a_tampered_polytope_is_rejected_in_one_sentence(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        hard(**changed).check()


@pytest.mark.parametrize(("i", "k", "row"), list(product(range(2), repeat=3)))
@pytest.mark.parametrize("by", [Fraction(1, 10**30), Fraction(-1, 10**30)])
def test_every_coefficient_matters(i: int, k: int, row: int, by: Fraction) -> None:
    coefficients = [[list(column) for column in part] for part in hard().norm.coefficients]  # type: ignore[union-attr]
    coefficients[i][k][row] += by
    with pytest.raises(ValueError, match="coefficients must"):
        hard(coefficients=coefficients, upper=2).check()


@pytest.mark.parametrize(("k", "row"), list(product(range(2), repeat=2)))
def test_every_vertex_matters(k: int, row: int) -> None:
    vertices = [[Fraction(entry) for entry in vertex] for vertex in ((1, 1), (-1, 1))]
    vertices[k][row] += Fraction(1, 10**30)
    with pytest.raises(ValueError, match="coefficients must give the image of vertex"):
        hard(vertices=vertices).check()


@pytest.mark.parametrize(("i", "row", "column"), list(product(range(2), repeat=3)))
def test_a_bound_belongs_to_its_matrices(i: int, row: int, column: int) -> None:
    changed: list[Any] = [[[Fraction(entry) for entry in line] for line in matrix] for matrix in HARD]
    changed[i][row][column] += Fraction(1, 10**30)
    with pytest.raises(ValueError, match="coefficients must give the image of vertex"):
        hard(matrices=changed).check()


def test_wrong_arguments_are_refused_in_one_sentence() -> None:
    with pytest.raises(TypeError, match=r"matrices must be an exact rational number, got 1\.0"):
        shears(matrices=([[1.0]],))
    with pytest.raises(TypeError, match="word must be made of indices of matrices, got True"):
        shears(word=(True,))
    with pytest.raises(ValueError, match="matrices must be one or more, got none"):
        shears(matrices=())
    with pytest.raises(ValueError, match=r"matrices must be 2 by 2 with n >= 1, got 1 rows of lengths \[1\]"):
        shears(matrices=(SHEARS[0], [[1]]))
    with pytest.raises(ValueError, match="radius must not be negative, got -1"):
        radius_at_least([[1]], -1)


# In and out


@pytest.mark.parametrize("found", [shears(), hard(), hard(matrices=([[Fraction(1, 3), 0], [10**400, 1]],))])
def test_json_gives_the_certificate_back(found: GrowthCertificate) -> None:
    assert GrowthCertificate.from_json(found.to_json()) == found


def test_doubles_are_written_as_hexadecimal_doubles() -> None:
    tenth = Fraction(0.1)
    found = shears(matrices=([[tenth, Fraction(1, 3)], [0, -2]],))
    assert json.loads(found.to_json())["matrices"] == [
        [["0x1.999999999999ap-4", "1/3"], ["0x0.0p+0", "-0x1.0000000000000p+1"]]
    ]


def mutilated(**changed: object) -> str:
    return json.dumps({**json.loads(shears().to_json()), **changed})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "3",
        "[" * 100_000,
        mutilated(lower=1.5),
        mutilated(lower="1e99999999"),
        mutilated(lower="1/0"),
        mutilated(upper="nan"),
        mutilated(upper="0x1.0p+9999"),
        mutilated(word=["0"]),
        mutilated(word=None),
        mutilated(matrices="abc"),
        mutilated(matrices=[]),
        mutilated(matrices=[["1"]]),
        mutilated(P=[["1", "0"], ["0"]], words=[[0.0], [1]]),
        mutilated(P=None),
    ],
)
def test_other_texts_are_refused_as_values(text: str) -> None:
    with pytest.raises(ValueError, match=r"text must|must be|must have|got"):
        GrowthCertificate.from_json(text)


def test_the_check_needs_the_standard_library_alone() -> None:
    absent = ("numpy", "scipy", "sympy", "mpmath")
    code = f"import sys; sys.modules.update(dict.fromkeys({absent}))\n"
    code += "from errorflow.theory.growth_certificate import GrowthCertificate\n"
    code += "GrowthCertificate.from_json(sys.stdin.read()).check()"

    def run(found: GrowthCertificate) -> int:
        command: Sequence[str] = [sys.executable, "-c", code]
        return subprocess.run(command, input=found.to_json(), capture_output=True, text=True, check=False).returncode

    assert run(hard()) == 0
    assert run(hard(upper=Fraction(1, 2))) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-1] + ', "lower": "1"}', "a key must occur once, got 'lower' twice"),
        (lambda text: text[:-1] + ', "author": "x"}', "certificate must have no other keys"),
        (lambda text: text.replace('"1"', '"\u0661"', 1), "must be|got"),
    ],
)
def test_repeated_and_unknown_keys_and_foreign_digits_are_refused(change, message: str) -> None:
    found = GrowthCertificate([[[1]]], 1, [0], 1, Ellipsoid([[1]], [[0]]))
    text = found.to_json()
    assert GrowthCertificate.from_json(text) == found
    assert change(text) != text
    with pytest.raises(ValueError, match=message):
        GrowthCertificate.from_json(change(text))


def test_a_number_that_no_double_holds_is_not_rounded_to_one() -> None:
    """A forgery: 2^-1100 read as 0 would make a matrix of radius above 10^1300 nilpotent."""
    matrix = [["0", "1" + "0" * 3000], ["0x1.0p-1100", "0"]]
    norm = {"P": [["1", "0"], ["0", "1"]], "words": [[0, 0]]}
    forged = json.dumps({"matrices": [matrix], "lower": "0", "word": [0], "upper": "0", **norm})
    with pytest.raises(ValueError, match="certificate must hold each double in its one normal form"):
        GrowthCertificate.from_json(forged)


def test_no_norm_of_ones_own_and_no_negative_rate_pass() -> None:
    class Believed(Ellipsoid):
        def check(self, matrices, rate) -> None:
            pass

    with pytest.raises(TypeError, match="norm must be an Ellipsoid or a Polytope, got Believed"):
        GrowthCertificate([[[5]]], 1, [0], 1, Believed([[1]], [[0]]))
    with pytest.raises(ValueError, match="rate must not be negative, got -2"):
        Ellipsoid([[1]], [[0]]).check((((Fraction(1),),),), Fraction(-2))
