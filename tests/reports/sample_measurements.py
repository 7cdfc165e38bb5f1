r"""Exponents, lag shares, truncation errors and gradient norms of the sample documents, from runs of plain NumPy.

Every part delta_k h_{T-k-1}^T of the gradient is a matrix here, exponents come from QR, and the law from a bisection on the
sample of squared slopes: nothing is shared with errorflow.numerics.
"""

import math
from typing import Any

import numpy as np

from errorflow.reports.document import formula

Json = dict[str, Any]
SAMPLES, DIRECTIONS, BLOCKS = 8, 4, 10
SCALES = {"elman": 0.7, "gru": 0.1, "exploding": 1.0}  # of the inputs
PERCENT = ("5", "25", "50", "75", "90", "95", "99")


def measurements(name: str, W: Any, rng: np.random.Generator, steps: int) -> Json:
    """The keys lag_shares, truncation, gradient_norms and spectrum of a sample; the law only where the cell has one."""
    linear = name == "exploding"
    states, inputs, slopes = trajectory(W, steps, rng, SCALES[name], rectified=linear)
    parts = {key: part for key, part in gradient(W, states, inputs, slopes, rng).items() if key == "W" or not linear}
    shares = {key: share(np.linalg.norm(part, axis=(-2, -1))) for key, part in parts.items()}
    jacobians = slopes[..., None] * W
    found = exponents(jacobians)
    with np.errstate(divide="ignore"):
        volume = np.linalg.slogdet(W)[1] + np.log(np.abs(slopes)).sum(-1).mean()
    found["residual"] = float(abs(sum(found["exponents"]) - volume)) if math.isfinite(volume) else None
    found["law"] = None if name == "gru" else law(W, slopes)
    return {
        "lag_shares": {"lags": list(range(steps)), "parameter": "W", "parameters": shares, **shares["W"]},
        "truncation": truncation(parts["W"]),
        "gradient_norms": norms(np.linalg.norm(parts["W"].sum(0), axis=(-2, -1)).ravel()),
        "spectrum": {key: strings(entry) for key, entry in found.items()},
    }


def trajectory(W: Any, steps: int, rng: np.random.Generator, scale: float, *, rectified: bool) -> tuple[Any, Any, Any]:
    """States (T + 1, samples, n), inputs (T, samples, 3) and slopes (T, samples, n) of a driven net."""
    n = len(W)
    B, inputs = rng.normal(size=(n, 3)) / math.sqrt(3), scale * rng.normal(size=(steps, SAMPLES, 3))
    states, slopes = [np.zeros((SAMPLES, n))], []
    for u in inputs:
        a = states[-1] @ W.T + u @ B.T + (0.3 if rectified else 0.0)
        states.append(np.maximum(a, 0) if rectified else np.tanh(a))
        slopes.append((a > 0) * 1.0 if rectified else 1 / np.cosh(a) ** 2)
        if rectified:  # a growing state would leave the range of the inputs
            states[-1] /= 1 + np.linalg.norm(states[-1], axis=1, keepdims=True)
    return np.array(states), inputs, np.array(slopes)


def gradient(W: Any, states: Any, inputs: Any, slopes: Any, rng: np.random.Generator) -> dict[str, Any]:
    """The lag-k part of the gradient of every parameter: (T, samples, directions, rows, columns)."""
    flow = rng.normal(size=(SAMPLES, DIRECTIONS, len(W)))
    flow /= np.linalg.norm(flow, axis=-1, keepdims=True)
    parts: dict[str, list[Any]] = {"W": [], "B": [], "b": []}
    for t in reversed(range(len(slopes))):
        delta = flow * slopes[t][:, None]
        parts["W"].append(delta[..., None] * states[t][:, None, None])
        parts["B"].append(delta[..., None] * inputs[t][:, None, None])
        parts["b"].append(delta[..., None])
        flow = delta @ W
    return {name: np.array(part) for name, part in parts.items()}


def share(sizes: Any) -> Json:
    """The mean share of each lag over the series, and the lags that hold 50, 90 and 99 %."""
    mean = (sizes / sizes.sum(0)).mean(axis=(1, 2))
    quantiles = {str(q): int(np.searchsorted(np.cumsum(mean), q / 100)) for q in (50, 90, 99)}
    return {"share": mean.tolist(), "log_share": strings(logs(mean)), "quantile_lags": quantiles}


def truncation(parts: Any) -> Json:
    """What is left out after K = 1..T steps, summed from the far end so that small tails keep their digits."""
    kept, left = np.cumsum(parts, axis=0), np.zeros_like(parts)
    left[:-1] = np.cumsum(parts[:0:-1], axis=0)[::-1]
    whole = np.linalg.norm(kept[-1], axis=(-2, -1))
    error = (np.linalg.norm(left, axis=(-2, -1)) / whole).reshape(len(parts), -1)
    cosine = (kept * kept[-1]).sum((-2, -1)) / (np.linalg.norm(kept, axis=(-2, -1)) * whole)
    median = np.median(error, axis=1)
    shortest = {q: next(k for k in range(1, len(parts) + 1) if (median[k - 1 :] < float(q) / 100).all())
                for q in ("10", "1", "0.1")}  # fmt: skip
    return {
        "parameter": "W", "lengths": list(range(1, len(parts) + 1)), "shortest": shortest, "series": SAMPLES * DIRECTIONS,
        "log_error": {name: strings(logs(values)) for name, values in quantiles(error).items()},
        "cosine": {name: strings(values) for name, values in quantiles(cosine.reshape(len(parts), -1)).items()},
    }  # fmt: skip


def quantiles(table: Any) -> Json:
    """Median, 5 % and 95 % by row."""
    return dict(zip(("median", "q05", "q95"), np.quantile(table, (0.5, 0.05, 0.95), axis=1), strict=True))


def norms(sizes: Any) -> Json:
    """Quantiles of the norms, and the mean factor of clipping there."""
    found = {q: float(np.quantile(sizes, float(q) / 100)) for q in PERCENT}
    scale = {q: float(np.minimum(1, x / sizes).mean()) for q, x in found.items()}
    return {"parameter": "W", "series": len(sizes), "log_quantiles": {q: math.log(x) for q, x in found.items()},
            "log_mean_scale": {q: math.log(x) for q, x in scale.items()}}  # fmt: skip


def exponents(jacobians: Any) -> Json:
    """QR along the trajectories (T, samples, N, N); a direction that is lost once stays lost."""
    steps, samples, size = jacobians.shape[:3]
    frames, rows = np.broadcast_to(np.eye(size), (samples, size, size)), []
    dead = np.zeros((samples, size), dtype=bool)
    for J in jacobians:
        frames, triangle = np.linalg.qr(J @ frames)
        pivots = np.abs(np.diagonal(triangle, axis1=1, axis2=2))
        dead |= pivots < 1e-13 * np.abs(J).max(axis=(1, 2))[:, None]
        rows.append(np.where(dead, -np.inf, np.log(np.where(dead, 1, pivots))))
    local = np.array([block.mean(0) for block in np.array_split(np.array(rows), BLOCKS)]).reshape(-1, size)
    mean = local.mean(0)
    order = np.argsort(-mean, kind="stable")
    with np.errstate(invalid="ignore"):
        error = local.std(0, ddof=1) / math.sqrt(len(local))
    mean, error = mean[order], error[order]
    sums = np.cumsum(mean)
    k = int((sums >= 0).sum())
    return {
        "exponents": mean, "standard_error": error, "unit": "nats per step", "method": "QR of a tangent frame at every step",
        "residual": None, "state_dim": size, "steps": steps, "samples": samples, "law": None,
        "kaplan_yorke": float(k) if k in (0, size) else float(k + sums[k - 1] / -mean[k]),
        "entropy_rate": float(mean[mean > 0].sum()),
    }  # fmt: skip


def law(W: Any, slopes: Any) -> Json:
    """lambda(u) = 1/2 log(g^2 u / w) with E[w a / (1 + w a)] = u at u = (i - 1/2)/n, a the squared slopes of the run."""
    n, known = len(W), slopes[slopes != 0]
    square, alive, log_a = n * float((W**2).mean()), len(known) / slopes.size, 2 * np.log(np.abs(known))
    curve = []
    for u in (np.arange(n) + 0.5) / n:
        low, high = -50.0, 50.0  # log w
        while high - low > 1e-12:
            middle = (low + high) / 2
            reached = alive * np.mean(1 / (1 + np.exp(-middle - log_a)))
            low, high = (middle, high) if reached < u else (low, middle)
        curve.append(0.5 * (math.log(square * u) - low) if alive > u else -math.inf)
    return {"exponents": strings(curve), "gain": math.sqrt(square), "slopes": "measured along the trajectory"}


def random_spectrum(size: int, *, gain: float, steps: int) -> Json:
    """The spectrum of a random tanh net without inputs, with the law beside it."""
    rng = np.random.default_rng(23)
    W, h, slopes = rng.normal(0, gain / math.sqrt(size), (size, size)), rng.normal(size=(1, size)), []
    for _ in range(100 + steps):
        a = h @ W.T
        h = np.tanh(a)
        slopes.append(1 / np.cosh(a) ** 2)
    last = np.array(slopes[-steps:])
    return {key: strings(entry) for key, entry in (exponents(last[..., None] * W) | {"law": law(W, last)}).items()}


def with_cell_state(document: Json, *, units: int = 16, steps: int = 200) -> Json:
    """A document about an LSTM with a forget bias of 2: the exponents are those of (h, c)."""
    rng = np.random.default_rng(17)
    U, b = rng.normal(0, 1.2 / math.sqrt(units), (4, units, units)), np.array([0.0, 2.0, 0.0, 0.0])
    h = c = np.zeros((SAMPLES, units))
    jacobians = []
    for _ in range(steps):
        a = np.einsum("gij,sj->gsi", U, h) + b[:, None, None] + 0.5 * rng.normal(size=(4, SAMPLES, units))
        (i, f, o), g = 1 / (1 + np.exp(-a[:3])), np.tanh(a[3])
        sloped = [g * i * (1 - i), c * f * (1 - f), i * (1 - g * g)]
        from_h = sum(s[..., None] * u for s, u in zip(sloped, (U[0], U[1], U[3]), strict=True))
        c = f * c + i * g
        out = o * (1 - np.tanh(c) ** 2)
        h = o * np.tanh(c)
        upper = [(h * (1 - o))[..., None] * U[2] + out[..., None] * from_h, (out * f)[..., None] * np.eye(units)]
        jacobians.append(np.block([upper, [from_h, f[..., None] * np.eye(units)]]))
    found = exponents(np.array(jacobians))
    found["residual"] = float(abs(sum(found["exponents"]) - np.linalg.slogdet(np.array(jacobians))[1].mean()))
    document["network"] |= {"cell": "lstm", "n": units, "state_dim": 2 * units}
    document["spectrum"] = {key: strings(entry) for key, entry in found.items()}
    blocks = [{"row": row, "column": column} for row in "hc" for column in "hc"]
    document["jacobian"]["blocks"] = [block | {"formula": formula(rf"J_{{{block['row']}}}")} for block in blocks]
    return document


def logs(values: Any) -> Any:
    """Natural logs, minus infinity for zero."""
    with np.errstate(divide="ignore"):
        return np.log(values)


def strings(entry: Any) -> Any:
    """Arrays as the document holds them."""
    if not isinstance(entry, np.ndarray | list):
        return entry
    names = {math.inf: "Infinity", -math.inf: "-Infinity"}
    return [x if math.isfinite(x) else names.get(x, "NaN") for x in map(float, entry)]
