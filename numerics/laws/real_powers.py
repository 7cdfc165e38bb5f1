r"""E||W^k||_F^2 of a real Gaussian W exactly, as a polynomial in n, by Gaussian integration by parts on words.

For W with independent entries N(0, 1), E W_ij F = E dF/dW_ij. Write a for W and A for W^T, [w] for the trace of a word
w, and take out the first letter of the first trace. It pairs with every other letter, in its own trace

    [a x A y] -> [x] [y],    [a x a y] -> [x^T y],

and in another one (turned so that the letter stands first)

    [a x] [A y] -> [x y],    [a x] [a y] -> [x y^T];

by transposition the same holds with a and A exchanged. [empty word] = n. So E [a^k A^k] = E||W^k||_F^2 is a sum over
all pairings of the letters, a polynomial in n with nonnegative integers. Products of traces that are equal up to
turning and transposing a word are computed once: about 2^k of them instead of (2k-1)!! pairings.

With a variance of 1/n instead it is n for k = 1, n + 2/n for k = 2 and n + 10/n + 4/n^2 for k = 3. No closed form for
all k is known to us.

Main definition: `power_polynomial`.
"""

from __future__ import annotations

from functools import cache

LARGEST_LAG = 12  # a few tenths of a second; every further lag takes twice as long and more
Traces = tuple[str, ...]


def power_polynomial(k: int) -> tuple[int, ...]:
    """The coefficients (c_0, c_1, ...) of E||W^k||_F^2 = sum_d c_d n^d for independent N(0, 1) entries.

    >>> power_polynomial(2)  # 2 n + n^3
    (0, 2, 0, 1)
    """
    return _expectation(_sorted(["a" * k + "A" * k])) if k else (0, 1)


@cache
def _expectation(traces: Traces) -> tuple[int, ...]:
    """The polynomial in n that is the expectation of a product of traces of nonempty words."""
    if not traces:
        return (1,)
    letter, x, rest = traces[0][0], traces[0][1:], traces[1:]
    total: dict[int, int] = {}
    for product in _pairings(letter, x, rest):
        empty = sum(not word for word in product)
        for degree, coefficient in enumerate(_expectation(_sorted(product))):
            total[degree + empty] = total.get(degree + empty, 0) + coefficient
    return tuple(total.get(degree, 0) for degree in range(max(total, default=-1) + 1))


def _pairings(letter: str, x: str, rest: Traces) -> list[list[str]]:
    """What remains when the letter that was taken out pairs with each of the others in turn."""
    found = []
    for i, other in enumerate(x):
        before, after = x[:i], x[i + 1 :]
        own = [_transposed(before) + after] if other == letter else [before, after]
        found.append([*own, *rest])
    for r, word in enumerate(rest):
        for i, other in enumerate(word):
            y = word[i + 1 :] + word[:i]
            joined = x + (_transposed(y) if other == letter else y)
            found.append([joined, *rest[:r], *rest[r + 1 :]])
    return found


def _transposed(word: str) -> str:
    return word[::-1].swapcase()


def _sorted(words: list[str]) -> Traces:
    """The nonempty words in an order, each in the least of its forms that have the same trace."""
    forms = ((w[i:] + w[:i] for w in (word, _transposed(word)) for i in range(len(word))) for word in words if word)
    return tuple(sorted(min(form) for form in forms))
