"""Claim: deriving Jacobian, product and lag decomposition of an LSTM for every n and T, against SymPy on the unrolled cell.

The peer writes the LSTM of n units out over T steps and differentiates h_T entry by entry with respect to the state
before step 1 and to the recurrent weights: what our words say for every n and T, for one n and one T. It gets a minute
for each size, in a process of its own; the ratio is taken at the largest size that ends.

Run: python tests/benchmarks/deriving_an_lstm_beats_unrolled_differentiation.py
"""

import multiprocessing
import platform
import sys
import time

import sympy as sp

LIMIT = 60.0
SIZES = ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (4, 1), (4, 2), (4, 3), (4, 5), (4, 20))


def derive() -> float:
    """Seconds for the step Jacobian, the product and the decomposition by lag, symbolic in n and T, LaTeX included."""
    from errorflow.theory.cells.lstm import lstm
    from errorflow.theory.decomposition import by_lag
    from errorflow.theory.jacobian import step_jacobian
    from errorflow.theory.product import jacobian_product

    begin = time.perf_counter()
    cell = lstm()
    step_jacobian(cell).latex()
    jacobian_product(cell).latex()
    decomposition = by_lag(cell)
    for block in decomposition.local:
        decomposition.latex(block)
    return time.perf_counter() - begin


def unrolled(n: int, T: int) -> float:
    """Seconds for the derivatives of h_T of an LSTM with n units, written out over T steps."""
    begin = time.perf_counter()
    gates = ("i", "f", "g", "o")
    W = {q: sp.Matrix(n, n, lambda i, j, q=q: sp.Symbol(f"W_{q}_{i}_{j}")) for q in gates}
    start = [sp.Symbol(f"{name}_{i}") for name in "hc" for i in range(n)]
    h, c = sp.Matrix(start[:n]), sp.Matrix(start[n:])
    for t in range(T):
        a = {q: W[q] * h + sp.Matrix(n, 1, lambda i, _, q=q, t=t: sp.Symbol(f"x_{q}_{i}_{t}")) for q in gates}
        i, f, o = (a[q].applyfunc(lambda z: 1 / (1 + sp.exp(-z))) for q in ("i", "f", "o"))
        c = sp.Matrix([f[k] * c[k] + i[k] * sp.tanh(a["g"][k]) for k in range(n)])
        h = sp.Matrix([o[k] * sp.tanh(c[k]) for k in range(n)])
    for entry in h:
        for symbol in [*start, *(w for q in gates for w in W[q])]:
            entry.diff(symbol)
    return time.perf_counter() - begin


def timed(n: int, T: int, answers: "multiprocessing.Queue[float]") -> None:
    """Put the seconds of one size into the queue."""
    answers.put(unrolled(n, T))


def peer(n: int, T: int) -> float | None:
    """Seconds of the peer, or None if it takes longer than the limit."""
    answers: multiprocessing.Queue[float] = multiprocessing.Queue()
    process = multiprocessing.Process(target=timed, args=(n, T, answers))
    process.start()
    process.join(LIMIT)
    if process.is_alive():
        process.kill()
        process.join()
        return None
    return answers.get()


def main() -> None:
    """Print both times and their ratio for growing sizes."""
    sys.setrecursionlimit(100_000)
    ours = derive()
    print(f"SymPy {sp.__version__}, Python {platform.python_version()}, {platform.machine()}")
    print(f"errorflow, any n and T: {ours:.3f} s (limit 2 s)")
    assert ours < 2.0
    failed: set[int] = set()
    for n, T in SIZES:
        seconds = None if n in failed else peer(n, T)
        if seconds is None:
            failed.add(n)
            print(f"unrolled, n = {n}, T = {T:2d}: more than {LIMIT:.0f} s, ratio above {LIMIT / ours:.0f}")
        else:
            print(f"unrolled, n = {n}, T = {T:2d}: {seconds:8.3f} s, ratio {seconds / ours:.1f}")


if __name__ == "__main__":
    main()
