"""Claim: the full Lyapunov spectrum of 256 units costs at most 1.6 times the bare matrix products W Q of its steps.

And: at least 3 times less than the obvious NumPy QR and 2.5 times less than JAX's and PyTorch's QR loops, at 256 and 512
units; at least 30 times less than pynamicalsys at 256; 64 networks of 8 units in one call at least 10 times less than a
Python loop of the obvious QR; and no exponent is off by more than 1e-12, measured against exact products.

A random tanh network h_t = tanh(W h_{t-1}), W_ij ~ N(0, g^2/n), is given; every method takes the step and the slopes itself
and goes on to all n exponents. Compilation (JAX, numba) is not timed; CPU time with one thread, the median of interleaved
rounds. A slow peer is timed for fewer steps and compared per step. The errors are those of the finite-T exponents of given
Jacobians, the same doubles for all methods, T = 1600/n, from the method's own first frame. At 256 units, where exact
products would take too long, the log-determinant residual takes their place, T = 50: |sum_i lambda_i - log|det W| - mean_t
sum_i log slope_ti|. A peer that is not installed is named and left out; `pip install ".[bench]"` installs all.

Run: python tests/benchmarks/lyapunov_spectrum_costs_at_most_1_6_of_its_products.py [--steps T] [--sizes N ...]
     [--rounds R] [--seed S] [--markdown] [--plot FILE.svg]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from lyapunov_exact import Product, dyadic, network_factors, sampled_network, tanh_slopes, true_error
from lyapunov_peers import (
    FLOOR,
    GRAM_SCHMIDT,
    JAX,
    METHODS,
    OBVIOUS,
    OURS,
    TORCH,
    Array,
    Method,
    Ready,
    ours,
    trajectory,
)
from matplotlib.figure import Figure
from threadpoolctl import threadpool_info, threadpool_limits

from errorflow.numerics.lyapunov import lyapunov_spectrum

GAIN, GRADED = 1.5, (10.0, 20.0)  # a chaotic network, and two whose slopes range over many decades
NETS, SMALL, LARGE, LARGEST = 64, 8, 256, 512
EXACT, RESIDUAL_STEPS, ERROR = (8, 16), 50, 1e-12
ALONG = "errorflow, of the network"
Case = tuple[int, float]
Values = dict[tuple[str, Case], float]  # of a method and a case


def interleaved(methods: Mapping[str, Ready], rounds: int) -> dict[str, float]:
    """The median CPU seconds of each, all methods in each round, every round starting with another one."""
    names = list(methods)
    spent: dict[str, list[float]] = {name: [] for name in names}
    for first in range(rounds):
        for at in range(len(names)):
            name = names[(first + at) % len(names)]
            begin, wall = time.process_time(), time.perf_counter()
            methods[name]()
            spent[name].append(time.process_time() - begin)
            if spent[name][-1] > 1.2 * (time.perf_counter() - wall) + 0.02:
                print(f"{name} ran in more than one thread", file=sys.stderr)
    return {name: statistics.median(seconds) for name, seconds in spent.items()}


def timed(methods: Sequence[Method], cases: Sequence[Case], args: argparse.Namespace) -> Values:
    """CPU seconds per step; the graded networks take a fifth of the steps."""
    found: Values = {}
    for n, gain in cases:
        W, h = sampled_network(n, gain, seed=args.seed)
        length = args.steps if gain == GAIN else max(1, args.steps // 5)
        steps = {each.name: each.steps(n, length) for each in methods}
        ready = {each.name: each.network(W, h, steps[each.name]) for each in methods}
        spent = interleaved(ready, args.rounds)
        for each in methods:
            found[each.name, (n, gain)] = spent[each.name] / (steps[each.name] + each.begins)
    return found


def many(args: argparse.Namespace) -> tuple[dict[str, float], float]:
    """CPU seconds for many small networks, and the largest difference between one call and single calls."""
    pairs = [sampled_network(SMALL, GAIN, seed=args.seed + 1 + i) for i in range(NETS)]
    W, h = np.array([W for W, _ in pairs]), np.array([h for _, h in pairs])

    def loop(method: Callable[[Array, Array, int], Ready]) -> Ready:
        return lambda: np.array([method(*pair, args.steps)() for pair in pairs])

    ready = {"one call": ours(W, h, args.steps), "our loop": loop(ours), "obvious loop": loop(OBVIOUS.network)}
    return interleaved(ready, args.rounds), float(np.abs(ready["one call"]() - ready["our loop"]()).max())


def true_errors(methods: Sequence[Method], cases: Sequence[Case], seed: int) -> Values:
    """The true errors of the exponents of given Jacobians; of ours also of a network, along its own states."""
    found: Values = {}
    for n, gain in cases:
        W, h = sampled_network(n, gain, seed=seed)
        steps = 1600 // n
        jacobians = tanh_slopes(W, h, steps)[:, :, None] * W
        product = Product.of(dyadic(J) for J in jacobians)
        exact = product.exponents(np.eye(n))
        for each in methods:
            own = exact if each.start is np.eye else product.exponents(each.start(n))
            found[each.name, (n, gain)] = true_error(each.jacobians(jacobians), own)
        orbit = trajectory(W, h, steps)
        along = Product.of(network_factors(W, orbit.states[:, :, 0])).exponents(np.eye(n))
        found[ALONG, (n, gain)] = true_error(lyapunov_spectrum(orbit, count=n).exponents, along)
    return found


def residuals(methods: Sequence[Method], cases: Sequence[Case], seed: int) -> Values:
    """The log-determinant residuals of the exponents of given Jacobians."""
    found: Values = {}
    for n, gain in cases:
        W, h = sampled_network(n, gain, seed=seed)
        slopes = tanh_slopes(W, h, RESIDUAL_STEPS)
        total = np.linalg.slogdet(W)[1] + np.log(slopes).sum() / RESIDUAL_STEPS
        for each in methods:
            exponents = each.jacobians(slopes[:, :, None] * W)
            lost = not np.isfinite(exponents).all()
            found[each.name, (n, gain)] = np.inf if lost else float(abs(np.sum(exponents) - total))
    return found


# --- claims, tables, plot --------------------------------------------------------------------------------
def claims(seconds: Values, together: Mapping[str, float], wrong: Values) -> list[tuple[str, float | None, bool]]:
    """What is claimed, the figure measured in this run (None: its size or peer did not run) and whether it holds."""

    def ratio(method: Method, n: int) -> float | None:
        other, own = seconds.get((method.name, (n, GAIN))), seconds.get((OURS.name, (n, GAIN)))
        return None if other is None or own is None else other / own

    floor = ratio(FLOOR, LARGE)
    rows: list[tuple[str, float | None, float, int]] = [
        (f"{LARGE} units: at most 1.6 times the bare products", floor and 1 / floor, 1.6, -1)
    ]
    peers = [(each, limit, n) for each, limit in ((OBVIOUS, 3), (JAX, 2.5), (TORCH, 2.5)) for n in (LARGE, LARGEST)]
    rows += [
        (f"{n} units: at least {limit} times faster than {each.name}", ratio(each, n), limit, 1)
        for each, limit, n in [*peers, (GRAM_SCHMIDT, 30, LARGE)]
    ]
    several = together["obvious loop"] / together["one call"]
    rows.append((f"{NETS} networks of {SMALL} units: at least 10 times faster than a Python loop", several, 10, 1))
    worst = max(value for (name, case), value in wrong.items() if name in (OURS.name, ALONG) and case[0] in EXACT)
    rows.append((f"largest true error at most {ERROR:.0e} nats per step", worst, ERROR, -1))
    return [(text, value, value is None or value * sign >= limit * sign) for text, value, limit, sign in rows]


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool) -> str:
    if markdown:
        lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)
    widths = [max(len(line[i]) for line in [head, *rows]) for i in range(len(head))]
    first, *others = widths
    return "\n".join(
        "  ".join([line[0].ljust(first), *(cell.rjust(w) for cell, w in zip(line[1:], others, strict=True))])
        for line in [head, *rows]
    )


def label(case: Case) -> str:
    return f"n = {case[0]}, g = {case[1]:g}"


def times_table(seconds: Values, names: Sequence[str], cases: Sequence[Case], *, markdown: bool) -> str:
    head = ["ms per step (times errorflow)", *map(label, cases)]
    rows = []
    for name in names:
        cells = [f"{seconds[name, c] * 1e3:.3g} ({seconds[name, c] / seconds[OURS.name, c]:.2f})" for c in cases]
        rows.append([name, *cells])
    return table(head, rows, markdown=markdown)


def errors_table(wrong: Values, names: Sequence[str], cases: Sequence[Case], *, markdown: bool) -> str:
    head = ["error, nats per step", *(label(c) + (", residual" if c[0] == LARGE else "") for c in cases)]
    rows = [[name, *(f"{wrong[name, c]:.0e}" if (name, c) in wrong else "" for c in cases)] for name in names]
    return table(head, rows, markdown=markdown)


def draw(path: Path, seconds: Values, wrong: Values, names: Sequence[str], plain: Sequence[int], seed: int) -> None:
    """CPU time per step over n, and the errors beside."""
    colors = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7F7F7F", "#8B4513")
    marks, dashes = (
        ".osD^vP*x",
        ("-", "-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (5, 2, 1, 2))),
    )
    styles = {name: style for name, *style in zip([FLOOR.name, *names], colors, marks, dashes, strict=False)}
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.3))
    for name in [FLOOR.name, *names]:
        if (name, (plain[0], GAIN)) in seconds:
            color, mark, dash = styles[name]
            left.plot(
                plain, [seconds[name, (n, GAIN)] * 1e3 for n in plain], color=color, marker=mark, ls=dash, label=name
            )
    left.set(xscale="log", yscale="log", xlabel="units n", ylabel="CPU time per step [ms], one thread")
    left.set_xticks(plain, [str(n) for n in plain], minor=False)
    left.minorticks_off()
    cases = sorted({case for _, case in wrong})
    for at, name in enumerate(names):
        color, mark, _ = styles[name]
        heights = np.clip([wrong.get((name, case), np.nan) for case in cases], 1e-16, 1e4)
        places = np.arange(len(cases)) + 0.8 * (at / (len(names) - 1) - 0.5)  # side by side
        right.plot(places, heights, color=color, marker=mark, ls="", fillstyle="none", label=name)
    for edge in range(1, len(cases)):
        right.axvline(edge - 0.5, color="#cccccc", lw=0.6)
    extra = [[item] for item in (right.lines[names.index(ALONG)], ALONG)]
    right.set_xticks(range(len(cases)), [f"n = {n}\ng = {gain:g}" for n, gain in cases], fontsize=8)
    right.set(yscale="log", ylim=(3e-17, 3e4), ylabel="largest error [nats per step]")
    right.annotate("an exponent is lost", (0.01, 1e4), xycoords=("axes fraction", "data"), fontsize=7.5, va="center")
    right.set_title("true error; at 256 units the log-determinant residual", fontsize=9)
    left.set_title(f"full spectrum of a random tanh network, g = {GAIN}", fontsize=9)
    figure.legend(
        *(a + b for a, b in zip(left.get_legend_handles_labels(), extra, strict=True)),
        loc="outside lower center",
        ncols=4,
        fontsize=8,
    )
    about = {
        "Title": "Full Lyapunov spectra: time per step and error",
        "Description": f"Left: CPU time per step over n for {len(names)} methods and the bare product. Right: their errors.",
        "Date": None,
    }
    beside = path.with_name(path.name + ".part")
    with mpl.rc_context({"svg.hashsalt": f"lyapunov {seed}", "svg.fonttype": "path"}):
        figure.savefig(beside, format="svg", metadata=about)
    beside.replace(path)


def machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    blas = {f"{each['internal_api']} {each['version']}" for each in threadpool_info() if each["user_api"] == "blas"}
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(sorted(blas))}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Times full Lyapunov spectra against peers and measures their errors.")
    parser.add_argument("--steps", type=int, default=1000, metavar="T")
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, LARGE, LARGEST], metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="R")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--markdown", action="store_true", help="tables for a page")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["NUMBA_NUM_THREADS"] = "1"
    methods = [each for each in METHODS if each.version]
    names = [each.name for each in methods]
    plain = [(n, GAIN) for n in args.sizes]
    graded = [(LARGE, gain) for gain in GRADED if LARGE in args.sizes]
    exact = [(n, gain) for n in EXACT for gain in (GAIN, *GRADED)]
    summed = [case for case in plain if case[0] == LARGE] + graded
    print(f"{machine()}, one thread, seed {args.seed}, T = {args.steps}, median of {args.rounds} rounds")
    for each in METHODS:
        few = each.most and ", ".join(f"{each.steps(n, args.steps)} at n = {n}" for n in args.sizes)
        print(f"- {each.name}: {each.version or 'not installed'}{f'; steps: {few}' if few and each.version else ''}")
    with threadpool_limits(limits=1), np.errstate(divide="ignore", invalid="ignore"):
        wrong = true_errors(methods, exact, args.seed) | residuals(methods, summed, args.seed)
        together, difference = many(args)
        seconds = timed([FLOOR, *methods], plain + graded, args)
    found = claims(seconds, together, wrong)
    print(f"\n{times_table(seconds, [FLOOR.name, *names], plain + graded, markdown=args.markdown)}\n")
    rows = [[name, f"{value:.3g}", f"{value / together['one call']:.1f}"] for name, value in together.items()]
    print(table([f"{NETS} networks, n = {SMALL}", "CPU s", "ratio"], rows, markdown=args.markdown))
    print(f"\nOne call and single calls differ by {difference:.0e} nats per step.\n")
    print(f"{errors_table(wrong, [OURS.name, ALONG, *names[1:]], exact + summed, markdown=args.markdown)}\n")
    for text, value, holds in found:
        verdict = "not run" if value is None else f"{'holds' if holds else 'FAILS'}, {value:.3g}"
        print(f"- {text}: {verdict}")
    if args.plot:
        draw(args.plot, seconds, wrong, [OURS.name, ALONG, *names[1:]], args.sizes, args.seed)
    return 0 if all(holds for _, _, holds in found) else 1


if __name__ == "__main__":
    sys.exit(main())
