"""The certificate of uniform vanishing in exact rationals: what is valid passes, what is not does not, and JSON keeps both."""

import copy
import hashlib
import json
import math
import re
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from errorflow.theory.certificate import Certificate, crabb, semidefinite_fault

NOT_SEMIDEFINITE = (
    r"the block matrix \[\[P, A\^T\], \[A, 2I - P\]\] must be positive semidefinite, got a (negative|zero) pivot"
)


# Exact elimination


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 5), rank=st.integers(0, 5))
@settings(max_examples=60)
def test_elimination_agrees_with_the_principal_minors(seed: int, n: int, rank: int) -> None:
    rng = np.random.default_rng(seed)
    B = rng.integers(-2, 3, size=(n, rank))
    M = sp.Matrix(B @ B.T) / 6
    if seed % 2:
        i, j = rng.integers(0, n, size=2)
        M[i, j] = M[j, i] = M[i, j] + sp.Rational(int(rng.integers(-1, 2)), 7)
    minors = [
        M.extract(units, units).det() for units in ([i for i in range(n) if code >> i & 1] for code in range(1, 2**n))
    ]
    rows = [[Fraction(int(M[i, j].p), int(M[i, j].q)) for j in range(i + 1)] for i in range(n)]
    assert (semidefinite_fault(rows) is None) == all(minor >= 0 for minor in minors)


def test_elimination_names_what_it_finds() -> None:
    def fault(*rows: list[int]) -> str | None:
        return semidefinite_fault([[Fraction(x) for x in row] for row in rows])

    assert fault([0], [0, 0]) is None
    assert fault([1], [1, 1], [0, 0, 0]) is None
    assert fault([-1]) == "a negative pivot in row 1 of 1"
    assert fault([1], [2, 3]) == "a negative pivot in row 2 of 2"
    assert fault([1], [1, 1], [1, 2, 5]) == "a zero pivot with an entry beside it in row 2 of 3"


# Exact certificates


@pytest.mark.parametrize("k", [1, 2, 3, 8])
def test_the_factor_two_is_attained(k: int) -> None:
    found = crabb(k)
    found.check()
    assert (found.rate, found.constant, found.bound(k)) == (1, 2, 2)
    W = sp.Matrix(found.W)
    power = W**k
    assert {x for row in found.W for x in row} <= {0, 1, 2}
    assert [x for x in power if x != 0] == [2]
    with pytest.raises(ValueError, match=NOT_SEMIDEFINITE):
        replace(found, rate=Fraction(10**9 - 1, 10**9)).check()


@pytest.mark.parametrize("k", [2, 3, 6])
def test_two_parallel_paths_are_a_crabb_matrix_beside_a_jordan_block(k: int) -> None:
    W = np.array([[float(x) for x in row] for row in crabb(k).W])
    half = math.sqrt(0.5)
    rotation = np.eye(2 * k)
    for first in range(1, 2 * k - 1, 2):
        rotation[first : first + 2, first : first + 2] = [[half, half], [half, -half]]
    turned = rotation @ W @ rotation.T
    chain, rest = [0, *range(1, 2 * k - 1, 2), 2 * k - 1], [*range(2, 2 * k - 1, 2)]
    weights = [math.sqrt(2), *[1.0] * (k - 2), math.sqrt(2)]
    assert np.allclose(turned[np.ix_(chain, chain)], np.diag(weights, 1))
    assert np.allclose(turned[np.ix_(rest, rest)], np.eye(k - 1, k=1))
    assert np.allclose(turned[np.ix_(chain, rest)], 0)
    assert np.allclose(turned[np.ix_(rest, chain)], 0)


def test_slopes_outside_the_range_are_not_covered() -> None:
    valid = Certificate(W=[[1, 1], [-1, -1]], gamma=1, L=[1, 1], rate=1, P=[[1, 1], [1, 1]])
    valid.check()
    outside = sp.diag(sp.Rational(-1, 10), 1) * sp.Matrix(valid.W)
    assert max(abs(x) for x in outside.eigenvals()) == sp.Rational(11, 10)
    assert (outside**40).norm() > valid.bound(40)


def test_untied_copies_are_not_covered() -> None:
    first = crabb(1)
    first.check()
    second = Certificate(W=[[0, 0], [2, 0]], gamma=1, L=[1, 1], rate=1, P=[[2, 0], [0, 0]])
    second.check()
    assert (sp.Matrix(first.W) * sp.Matrix(second.W)) ** 5 == sp.diag(4**5, 0)


# Wrong arguments


def test_certificates_are_exact_and_of_one_size() -> None:
    parts = {"W": [[0, 2], [0, 0]], "gamma": 1, "L": [1, 1], "rate": 1, "P": [[0, 0], [0, 2]]}
    for name, value in (("gamma", 1.0), ("rate", 0.5), ("L", [1, 1.0]), ("W", [[0, 2.0], [0, 0]]), ("P", [[0.0]])):
        with pytest.raises(TypeError, match=f"{name} must be an exact rational number, got .* \\(float\\)"):
            Certificate(**parts | {name: value})
    for name, value, message in (
        ("W", [[1, 2]], "W must be 1 by 1 with n >= 1, got 1 rows of lengths [2]"),
        ("P", [[1]], "P must be 2 by 2 with n >= 1, got 1 rows of lengths [1]"),
        ("L", [1], "L must have 2 entries, got 1"),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            Certificate(**parts | {name: value})
    with pytest.raises(ValueError, match="lag must be at least 0, got -1"):
        Certificate(**parts).bound(-1)
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        crabb(0)


# Exchange as JSON

HALF = Certificate(
    W=[[Fraction(1, 2), Fraction(-3, 2**60)], [0, Fraction(-5, 2)]],
    gamma=Fraction(1, 4),
    L=[1, Fraction(3, 7)],
    rate=Fraction(22, 7),
    P=[[1, Fraction(1, 9)], [Fraction(1, 9), 1]],
)
THIRD = replace(HALF, W=[[Fraction(1, 3), 10**400], [Fraction(1, 2**1100), -1]])  # no doubles


def psd(block: list[list[Fraction]]) -> bool:
    """L D L^T elimination of a symmetric matrix of fractions, written down once more."""
    M = [row[:] for row in block]
    for k in range(len(M)):
        if M[k][k] < 0 or (M[k][k] == 0 and any(M[i][k] for i in range(k, len(M)))):
            return False
        for i in range(k + 1, len(M)):
            share = M[i][k] / M[k][k] if M[k][k] else Fraction(0)
            M[i] = [x - share * y for x, y in zip(M[i], M[k], strict=True)]
    return True


def checked(text: str) -> bool:
    """A checker of its own, from the sentence "[[P, A^T], [A, 2 I - P]] >= 0 with A = (gamma/rate) L W L^-1"."""
    found = json.loads(text)
    n, weights = found["n"], found["W"]
    rows = [[Fraction(float.fromhex(x)) for x in row] for row in weights["doubles"]] if "doubles" in weights else None
    W = rows or [[Fraction(x) for x in row] for row in weights["rationals"]]
    P, L = [[Fraction(x) for x in row] for row in found["P"]], [Fraction(x) for x in found["L"]]
    factor = Fraction(found["gamma"]) / Fraction(found["rate"])
    A = [[factor * L[i] * W[i][j] / L[j] for j in range(n)] for i in range(n)]
    top = [P[i] + [A[j][i] for j in range(n)] for i in range(n)]
    bottom = [A[i] + [2 * (i == j) - P[i][j] for j in range(n)] for i in range(n)]
    positive = factor > 0 and Fraction(found["rate"]) > 0 and min(L) > 0
    return positive and all(P[i][j] == P[j][i] for i in range(n) for j in range(n)) and psd(top + bottom)


@pytest.mark.parametrize("certificate", [crabb(1), crabb(4), HALF, THIRD, replace(crabb(2), rate=Fraction(9, 10))])
def test_json_gives_the_same_certificate_back_and_an_independent_checker_agrees(certificate: Certificate) -> None:
    text = certificate.to_json()
    assert text == certificate.to_json()
    again = Certificate.from_json(text)
    assert again == certificate == Certificate.from_json(json.loads(text))
    assert hash(again) == hash(certificate)
    try:
        certificate.check()
        valid = True
    except ValueError:
        valid = False
    assert checked(text) == valid


def test_json_is_of_strings_lists_and_one_integer() -> None:
    found = json.loads(HALF.to_json())
    assert list(found) == ["n", "W", "gamma", "L", "rate", "P"]
    assert found["n"] == 2
    assert (found["gamma"], found["L"], found["rate"]) == ("1/4", ["1", "3/7"], "22/7")
    assert found["W"]["doubles"][0][0] == "0x1.0000000000000p-1" == (0.5).hex()
    doubles = np.array([[0.5, -3 / 2**60], [0.0, -2.5]], dtype="<f8")
    assert found["W"]["sha256"] == hashlib.sha256(doubles.tobytes()).hexdigest()
    assert list(json.loads(THIRD.to_json())["W"]) == ["rationals"]


def edited(**changes: Any) -> dict[str, Any]:
    """The object of a valid certificate with some parts replaced; None removes a key."""
    found = copy.deepcopy(json.loads(HALF.to_json()))
    for key, value in changes.items():
        found[key] = value
        if value is None:
            del found[key]
    return found


RATIONAL = "must be a rational number as a string 'p/q' of at most 4000 digits each, got "
DOUBLES = json.loads(HALF.to_json())["W"]
FAULTS: list[tuple[object, str]] = [
    ("", "a certificate must be valid JSON, got a text with a fault in line 1: Expecting value"),
    ("{} {}", "a certificate must be valid JSON, got a text with a fault in line 1: Extra data"),
    ("[" * 100_000, "a certificate must be valid JSON without deep nesting"),
    ('{"a":' * 100_000, "a certificate must be valid JSON without deep nesting"),
    ("[]", "a certificate must be a JSON object with the keys n, W, gamma, L, rate, P, got a list"),
    ("null", "a certificate must be a JSON object with the keys n, W, gamma, L, rate, P, got None"),
    (17, "a certificate must be a JSON object with the keys n, W, gamma, L, rate, P, got 17"),
    (b"{}", "a certificate must be a JSON object with the keys n, W, gamma, L, rate, P, got a bytes"),
    ('{"n": 1, "n": 1}', "a key must occur once, got 'n' twice"),
    ('{"n": NaN}', "a certificate must hold no floating-point number, got NaN"),
    ('{"n": -Infinity}', "a certificate must hold no floating-point number, got -Infinity"),
    ('{"n": 2.0}', "a certificate must hold no floating-point number, got 2.0"),
    ('{"n": ' + "9" * 5000 + "}", "n must be an integer from 1 to 1000000, got one of 5000 digits"),
    (edited(gamma=None), "a certificate must have the key gamma, which is missing"),
    (edited(mood="good"), "a certificate must have no other keys than n, W, gamma, L, rate, P, got 'mood'"),
    (edited(n=True), "n must be an integer from 1 to 1000000, got True"),
    (edited(n="2"), "n must be an integer from 1 to 1000000, got '2'"),
    (edited(n=0), "n must be an integer from 1 to 1000000, got 0"),
    (edited(n=3), "P must have n = 3 entries, got 2"),
    (edited(n=10**200), "n must be an integer from 1 to 1000000, got an integer of 665 bits"),
    (edited(gamma=0.25), f"gamma {RATIONAL}0.25"),
    (edited(gamma=1), f"gamma {RATIONAL}1"),
    (edited(gamma=["1"]), f"gamma {RATIONAL}a list"),
    (edited(rate="1e3"), f"rate {RATIONAL}'1e3'"),
    (edited(rate="nan"), f"rate {RATIONAL}'nan'"),
    (edited(rate=" 1"), f"rate {RATIONAL}' 1'"),
    (edited(rate="+1"), f"rate {RATIONAL}'+1'"),
    (edited(rate="1_0"), f"rate {RATIONAL}'1_0'"),
    (edited(rate="01"), f"rate {RATIONAL}'01'"),
    (edited(rate="\u0661"), f"rate {RATIONAL}'\u0661'"),
    (edited(rate="1/0"), f"rate {RATIONAL}'1/0'"),
    (edited(rate="1/-2"), f"rate {RATIONAL}'1/-2'"),
    (edited(rate="__import__('os')"), f"rate {RATIONAL}\"__import__('os')\""),
    (edited(rate="1\n"), f"rate {RATIONAL}'1\\n'"),
    (edited(rate="1" * 10**6), f"rate {RATIONAL}'{'1' * 40}...'"),
    (edited(rate="1" * 4002), f"rate {RATIONAL}'{'1' * 40}...'"),
    (edited(rate="2/4"), "rate must be in lowest terms, got '2/4'"),
    (edited(rate="-0"), "rate must be in lowest terms, got '-0'"),
    (edited(rate="3/1"), "rate must be in lowest terms, got '3/1'"),
    (edited(L="11"), "L must be a list, got '11'"),
    (edited(L=["1"]), "L must have n = 2 entries, got 1"),
    (edited(L=["1", None]), f"L {RATIONAL}None"),
    (edited(P=[["1", "0"], ["0"]]), "P must have n = 2 entries, got 1"),
    (edited(P={"0": "1"}), "P must be a list, got a dict"),
    (edited(W=[["1", "0"], ["0", "1"]]), "W must be a JSON object with the keys sha256, doubles, got a list"),
    (edited(W={"doubles": DOUBLES["doubles"]}), "W must have the key sha256, which is missing"),
    (edited(W={**DOUBLES, "rationals": []}), "W must have no other keys than rationals, got 'sha256'"),
    (edited(W={**DOUBLES, "sha256": "0" * 64}), f"sha256 must be the digest of the doubles of W, got '{'0' * 40}...'"),
    (edited(W={**DOUBLES, "sha256": None}), "sha256 must be the digest of the doubles of W, got None"),
    (edited(W={"rationals": [["1", "0"]]}), "W must have n = 2 entries, got 1"),
    (edited(W={**DOUBLES, "doubles": [["0x1p+0"] * 2] * 2}), "W must hold doubles as hexadecimal strings such as"),
    (edited(W={**DOUBLES, "doubles": [["nan"] * 2] * 2}), "W must hold doubles as hexadecimal strings such as"),
    (edited(W={**DOUBLES, "doubles": [[0.5, 0.5]] * 2}), "W must hold doubles as hexadecimal strings such as"),
    (
        edited(W={**DOUBLES, "doubles": [["0x1.0p+9999"] * 2] * 2}),
        "W must hold doubles, got '0x1.0p+9999', which is too large",
    ),
    (edited(W={**DOUBLES, "doubles": [["0x1.0p+0"] * 2] * 2}), "W must hold each double in its one normal form"),
    (
        edited(W={**DOUBLES, "doubles": [["-0x0.0p+0"] * 2] * 2}),
        "W must hold each double in its one normal form, '0x0.0p+0'",
    ),
]


@pytest.mark.parametrize(("document", "message"), FAULTS)
def test_what_is_not_of_the_format_is_refused_in_one_sentence(document: Any, message: str) -> None:
    pattern = "^" + re.escape(message)
    texts = [document, json.dumps(document)] if isinstance(document, dict) else [document]
    for text in texts:  # in a text, a float is refused where it is parsed
        with pytest.raises(ValueError, match=f"{pattern}|^a certificate must hold no floating-point number") as refused:
            Certificate.from_json(text)
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) < 200


@given(data=st.data())
@settings(max_examples=60)
def test_a_changed_document_is_refused_or_another_certificate_never_a_crash(data: st.DataObject) -> None:
    original = HALF.to_json()
    text = list(original)
    for _ in range(data.draw(st.integers(1, 3))):
        i = data.draw(st.integers(0, len(text) - 1))
        text[i] = data.draw(st.sampled_from(["", "0", "9", '"', ",", "[", "}", "-", "/", "e", ".", "\x00", "\ud800"]))
    try:
        found = Certificate.from_json("".join(text))
    except ValueError:
        return
    assert found != HALF or json.loads("".join(text)) == json.loads(original)


def test_a_number_too_long_for_the_format_is_not_written() -> None:
    with pytest.raises(ValueError, match="rate must have at most 4000 digits to be written"):
        replace(HALF, rate=Fraction(1, 10**5000)).to_json()
    long = replace(HALF, rate=Fraction(10**3990 + 1, 10**3990))
    assert Certificate.from_json(long.to_json()) == long
