"""Analysis documents for the tests of the renderings: real numbers of small nets, in the shipped schema.

Built here by plain NumPy, independently of errorflow.numerics: an Elman net that contracts, a GRU about which
the bounds leave the question open, and a rectified net that explodes and has exact zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from errorflow.reports.document import formula

VERSIONS = {"errorflow": "0.1.0", "numpy": "2.4.6", "python": "3.11.7", "scipy": "1.17.1", "sympy": "1.14.0"}
NORM_W = r"\lVert W\rVert_2"


def elman(*, layer: str = "rnn_1", steps: int = 100) -> dict[str, Any]:
    """A tanh net of 20 units drawn from [-0.2, 0.2]: vanishing is proved for all inputs."""
    rng = np.random.default_rng(3)
    W = rng.uniform(-0.2, 0.2, (20, 20))
    W *= 0.934 / np.linalg.norm(W, 2)
    logs = _profile(W, np.tanh, lambda a: 1 - np.tanh(a) ** 2, steps, rng, scale=0.7)
    top, row, radius = np.linalg.norm(W, 2), np.abs(W).sum(1).max(), np.abs(np.linalg.eigvals(W)).max()
    bounds = [
        _bound("pascanu_spectral_norm", "Spectral norm", np.log(top), 0.0, logs, decides="vanishes",
               statement=r"\lVert J(T,T-k)\rVert_2 \le (\gamma \lVert W\rVert_2)^k", value=top),
        _bound("diagonal_scaling_norm", "Diagonal scaling", np.log(0.86), np.log(1.9), logs, decides="vanishes",
               statement=r"\lVert J(T,T-k)\rVert_2 \le \kappa(L)\,(\gamma \lVert L W L^{-1}\rVert_2)^k", value=0.86),
        _bound("perron_radius", "Perron radius of |W|", np.log(1.97), np.log(2.2), logs, decides=None,
               statement=r"\lVert J(T,T-k)\rVert_2 \le \kappa\,(\gamma \rho(|W|))^k", value=1.97),
        _bound("row_sum_norm", "Row sums", np.log(row), 0.0, logs, decides=None, norm="infinity",
               statement=r"\lVert J(T,T-k)\rVert_\infty \le (\gamma \lVert W\rVert_\infty)^k", value=row),
        _bound("hochreiter_max_weight", "Largest weight", np.log(20 * np.abs(W).max()), np.log(20), logs, decides=None,
               statement=r"\left|\frac{\partial h_{u,T}}{\partial h_{v,T-k}}\right| \le n\,(\gamma n \max_{ij} |W_{ij}|)^k",
               value=20 * np.abs(W).max(), norm="max"),
        _bound("smallest_gain", "Smallest gain", np.log(0.012), 0.0, logs, decides=None, direction=">=",
               statement=r"\sigma_{\min}(J(T,T-k)) \ge (\alpha\,\sigma_{\min}(W))^k", value=0.012, scope="trajectory"),
    ]  # fmt: skip
    rate = float((logs["median"][-1] - logs["median"][10]) / (steps - 10))
    verdicts = [
        _verdict("state_jacobian", "Q1", "all_inputs", "vanishes", "symbolic, from 3 textbook rules", np.log(0.86),
                 "The diagonally scaled norm of gamma W is 0.86, and every slope of tanh lies in (0, 1].", steps,
                 decided_by="diagonal_scaling_norm", decisive=True, weakest=["theorem:diagonal_scaling"]),
        _verdict("state_jacobian", "Q1", "samples", "vanishes", "measured", rate,
                 "The measured slope of the median log norm is below zero with its whole interval.", steps,
                 decided_by="slope", interval=[rate - 0.01, rate + 0.01]),
        _verdict("total_gradient", "Q2", "samples", "bounded", "measured", 0.0,
                 "The norm of dE/dW stays between 1.9 and 3.1 for horizons of 10 to 100 steps.", steps),
        _verdict("lag_share", "Q3", "samples", "vanishes", "tested (101 cases)", rate * 0.98,
                 "Shares fall geometrically; 99 % of the summed norms lie within 24 lags.", steps),
        _verdict("error_flow", "Q4", "samples", "undecided", "measured", None,
                 "The two largest eigenvalues cross within one step: |lambda_1| - |lambda_2| = 0.003, needs > 0.01.",
                 steps, unit="per unit learning rate", given=["the loss is linear recall at lag 10"]),
    ]  # fmt: skip
    document = _document("elman", "tanh", W, {"W": [20, 20], "B": [20, 3], "b": [20]}, logs, bounds, verdicts, layer)
    document["question"]["summary"] = (
        "The influence of step T−k on step T dies out at 0.15 nats per step or faster for every input, while the "
        "gradient of the shared weights does not: it is made of the last two dozen lags."
    )
    document["constants"] |= {
        "spectral_norm(W)": _constant(top, NORM_W), "spectral_radius(W)": _constant(radius, r"\rho(W)"),
        "row_sum_norm(W)": _constant(row, r"\lVert W\rVert_\infty"),
        "smallest_singular_value(W)": _constant(0.012, r"\sigma_{\min}(W)"),
        "numerical_radius(W)": {**_constant(0.81, r"w(W)"), "upper": 0.83, "evidence": "certified"},
    }  # fmt: skip
    return document


def gru() -> dict[str, Any]:
    """A GRU of 12 units: the bounds do not decide, the samples do not either."""
    rng = np.random.default_rng(5)
    W = rng.normal(0, 1.05 / np.sqrt(12), (12, 12))
    logs = _profile(W, np.tanh, lambda a: 1 - np.tanh(a) ** 2, 60, rng, scale=0.1)
    gates = {gate: rng.normal(0, 1 / np.sqrt(12), (12, 12)) for gate in "rzn"}
    bound = _bound("block_spectral_norm", "Block norms of the gates", np.log(1.745), 0.0, logs, decides=None,
                   statement=r"\lVert J(T,T-k)\rVert_2 \le (z_+ + \gamma \lVert W_n\rVert_2 r_+ + \dots)^k", value=1.745)  # fmt: skip
    reason = r"The block bound needs a rate below 1 and has 1.745; the margin is -0.745."
    verdicts = [
        _verdict("state_jacobian", "Q1", "all_inputs", "undecided", "symbolic", None, reason, 60, decisive=True,
                 given=["the activation is tanh"]),
        _verdict("total_gradient", "Q2", "samples", "bounded", "measured", 0.0, "It stays near 4.", 60),
        _verdict("lag_share", "Q3", "samples", "mixed", "measured", -0.01, "The interval contains 0.", 60,
                 interval=[-0.03, 0.01]),
        _verdict("error_flow", "Q4", "samples", "raises", "measured", 0.42, "One descent step raises rho(W_n).", 60,
                 unit="per unit learning rate"),
    ]  # fmt: skip
    shapes = {"W": [36, 12], "B": [36, 4], "b": [36], "d": [12]}
    document = _document("gru", "tanh", gates["n"], shapes, logs, [bound], verdicts, "enc")
    document["question"]["summary"] = (
        "Undecided for all inputs: the best proved rate is 1.745 and would have to be below 1; the samples neither "
        "vanish nor explode within 60 lags."
    )
    for gate, block in gates.items():
        top = np.linalg.norm(block, 2)
        document["constants"][f"spectral_norm(W_{gate})"] = _constant(top, rf"\lVert W_{gate}\rVert_2")
        document["constants"][f"spectral_radius(W_{gate})"] = _constant(0.9 * top, rf"\rho(W_{gate})")
        eigenvalues = np.linalg.eigvals(block)
        document["eigenvalues"][f"W_{gate}"] = {"real": eigenvalues.real.tolist(), "imag": eigenvalues.imag.tolist()}
    del document["eigenvalues"]["W"]
    document["network"]["assumed"] = ["the activation is tanh", "a missing bias d is zero"]
    document["jacobian"]["update"] = [
        {"name": name, "formula": formula(source)}
        for name, source in {
            "r": r"r_t = \sigma(W_r h_{t-1} + B_r u_t + b_r)", "z": r"z_t = \sigma(W_z h_{t-1} + B_z u_t + b_z)",
            "n": r"n_t = \tanh(B_n u_t + b_n + r_t \odot (W_n h_{t-1} + d))",
            "h": r"h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}",
        }.items()
    ]  # fmt: skip
    document["jacobian"]["blocks"] = [
        {"row": "h", "column": "h", "formula": formula(
            r"\operatorname{diag}(z_t) + \operatorname{diag}((1 - z_t) \tanh'(a_{n,t}) r_t) W_n"
            r" + \operatorname{diag}((1 - z_t) \tanh'(a_{n,t}) (W_n h_{t-1} + d) \sigma'(a_{r,t})) W_r"
            r" + \operatorname{diag}((h_{t-1} - n_t) \sigma'(a_{z,t})) W_z")},
    ]  # fmt: skip
    return document


def exploding() -> dict[str, Any]:
    """A rectified net whose units switch off: it explodes, and its smallest singular values are exactly 0."""
    rng = np.random.default_rng(11)
    W = rng.normal(0, 2.4 / np.sqrt(16), (16, 16))
    logs = _profile(W, lambda a: np.maximum(a, 0), lambda a: (a > 0) * 1.0, 200, rng, scale=1.0)
    bound = _bound("pascanu_spectral_norm", "Spectral norm", np.log(4.1), 0.0, logs, decides=None,
                   statement=r"\lVert J(T,T-k)\rVert_2 \le (\gamma \lVert W\rVert_2)^k", value=4.1)  # fmt: skip
    flat = _bound("hochreiter_max_weight", "Largest weight", np.log(1e200), 0.0, logs, decides=None,
                  statement=r"\lVert J(T,T-k)\rVert_2 \le (n \max_{ij} |W_{ij}|)^k", value=1e200)  # fmt: skip
    verdict = _verdict("state_jacobian", "Q1", "samples", "explodes", "measured", 0.31,
                       "The measured slope of the median log norm is above zero with its whole interval.", 200,
                       decided_by="slope", decisive=True, interval=[0.29, 0.33])  # fmt: skip
    verdict["half_life"] = None
    document = _document("elman", "relu", W, {"W": [16, 16]}, logs, [bound, flat], [verdict], "rnn")
    document["question"]["summary"] = "On the samples the state Jacobian explodes at 0.31 nats per step."
    document["spectrum"]["exponents"][-1] = "-Infinity"
    return document


def _profile(W: Any, phi: Any, slope: Any, steps: int, rng: Any, *, scale: float) -> dict[str, list[Any]]:
    n = len(W)
    h, jacobians = np.zeros(n), []
    for _ in range(steps):
        a = W @ h + scale * rng.normal(size=n)
        h = phi(a)
        jacobians.append(slope(a)[:, None] * W)
    product, vectors = np.eye(n), rng.normal(size=(n, 64))
    vectors /= np.linalg.norm(vectors, axis=0)
    rows = []
    for k in range(steps + 1):
        sizes = np.linalg.svd(product, compute_uv=False)
        norms = np.linalg.norm(product.T @ vectors, axis=0)
        rows.append([*np.quantile(norms, [0.5, 0.05, 0.95]), sizes[0], sizes[-1] if sizes[-1] > 1e-16 * sizes[0] else 0])
        if k < steps:
            product = product @ jacobians[steps - 1 - k]
    with np.errstate(divide="ignore"):
        table = np.log(np.array(rows)).T
    keys = ("median", "q05", "q95", "largest", "smallest")
    return {key: [float(x) for x in values] for key, values in zip(keys, table, strict=True)}


def _document(cell: str, activation: str, W: Any, shapes: Any, logs: Any, bounds: Any, verdicts: Any, layer: str) -> dict[str, Any]:
    n, steps = len(W), len(logs["median"]) - 1
    lags = list(range(steps + 1))
    weights = np.exp(-0.19 * np.arange(steps + 1)) * (1 + np.arange(steps + 1) * 0.05)
    share = weights / weights.sum()
    total = np.cumsum(share)
    eigenvalues = np.linalg.eigvals(W)
    theorem = _theorem(bounds[0], steps)
    return {
        "schema_version": 1,
        "question": {"text": "Does the gradient vanish in this network?", "summary": ""},
        "network": {"cell": cell, "layer": layer, "activation": activation, "n": n, "state_dim": n, "input_dim": 3,
                    "dtype": "float32", "source": "models/speech/checkpoint-000120.safetensors", "sha256": "9f2c" * 16,
                    "tied": True, "parameters": shapes, "assumed": ["the activation is tanh"]},
        "horizon": {"steps": steps, "samples": 32, "directions": 8, "input": "white noise, standard deviation 1",
                    "input_scale": 1.0, "initial": "zero"},
        "jacobian": {
            "blocks": [{"row": "h", "column": "h", "formula": formula(r"\operatorname{diag}\left(\tanh'(a_t)\right) W")}],
            "update": [{"name": "a", "formula": formula("a_t = W h_{t-1} + B u_t + b")},
                       {"name": "h", "formula": formula(r"h_t = \tanh(a_t)")}],
            "product": formula(r"J(t,s) = J_t J_{t-1} \cdots J_{s+1}"),
        },
        "notation": [{"symbol": formula(symbol), "meaning": meaning} for symbol, meaning in {
            "k": "lag k = t − s between two steps", "J(t,s)": "state Jacobian dh_t/dh_s over the full state",
            r"\gamma": "largest absolute slope of the activation", "W": "recurrent matrix (n, n)"}.items()],
        "verdicts": verdicts,
        "constants": {},
        "bounds": bounds,
        "profile": {"lags": lags, "log_norm": {key: [_json(x) for x in values] for key, values in logs.items()},
                    "samples": 32, "directions": 8},
        "lag_shares": {"lags": lags, "share": share.tolist(), "log_share": np.log(share).tolist(), "parameter": "W",
                       "quantile_lags": {str(q): int(np.searchsorted(total, q / 100)) for q in (50, 90, 99)}},
        "spectrum": {"exponents": np.sort(-np.abs(np.random.default_rng(2).normal(0.4, 0.3, n)))[::-1].tolist(),
                     "residual": 3.1e-4, "unit": "nats per step", "method": "QR along the trajectory, 2000 steps"},
        "eigenvalues": {"W": {"real": eigenvalues.real.tolist(), "imag": eigenvalues.imag.tolist()}},
        "theorems": [theorem],
        "refutations": [], "claims": [], "systems": [], "experiments": [],
        "graph": _graph(bounds, theorem),
        "provenance": {"command": f"errorflow check models/speech/checkpoint-000120.safetensors --layer {layer} --steps {steps} --seed 0",
                       "versions": VERSIONS, "blas": "OpenBLAS 0.3.30, 1 thread", "seed": 0,
                       "hashes": {"weights": "9f2c" * 16, "document": "77ab" * 16}, "created": "2025-01-01T00:00:00Z"},
    }  # fmt: skip


def _bound(
    name: str, title: str, rate: float, constant: float, logs: Any, *, statement: str, value: float,
    decides: str | None, norm: str = "2", direction: str = "<=", scope: str = "all_inputs",
) -> dict[str, Any]:  # fmt: skip
    gaps = [constant + k * rate - x for k, x in enumerate(logs["largest"]) if np.isfinite(x)]
    hypotheses = [
        _hypothesis("slope_range", "every slope lies in [0, γ]", r"0 \le \phi' \le \gamma", "met", 1.0, "<= 1", 0.0),
        _hypothesis("contraction", "γ times the norm is below 1", r"\gamma \lVert W\rVert < 1",
                    "met" if value < 1 else "not_met", value, "< 1", 1 - value),
    ]  # fmt: skip
    return {
        "id": name, "title": title, "object": "state_jacobian", "scope": scope, "direction": direction, "norm": norm,
        "statement": formula(statement), "log_rate": float(rate), "log_constant": float(constant), "decides": decides,
        "evidence": "symbolic, from 3 textbook rules", "theorem": "theorem:" + name, "cases": len(gaps),
        "slack": float(min(gaps)) if direction == "<=" else 0.2, "hypotheses": hypotheses,
    }  # fmt: skip


def _hypothesis(
    name: str, statement: str, source: str, status: str, value: float | None, needs: str, margin: float | None
) -> dict[str, Any]:
    return {"id": name, "statement": statement, "formula": formula(source), "status": status, "value": value,
            "needs": needs, "margin": margin, "scope": "all_inputs"}  # fmt: skip


def _verdict(
    about: str, question: str, scope: str, word: str, evidence: str, rate: float | None, reason: str, steps: int, *,
    given: Any = (), decided_by: str | None = None, decisive: bool = True, interval: Any = None, weakest: Any = (),
    unit: str = "nats per step",
) -> dict[str, Any]:  # fmt: skip
    falling = rate is not None and rate < -1e-6 and unit == "nats per step"
    return {
        "object": about, "question": question, "scope": scope, "norm": "2", "verdict": word, "evidence": evidence,
        "given": list(given), "rate": None if rate is None else float(rate), "rate_interval": interval, "unit": unit,
        "half_life": float(np.log(2) / -rate) if falling and rate else None,
        "one_percent_lag": int(np.ceil(np.log(100) / -rate)) if falling and rate else None,
        "lag_range": [1, steps], "reason": reason, "decided_by": decided_by, "weakest": list(weakest),
        "decisive": decisive and not (about == "state_jacobian" and decided_by == "slope" and scope == "samples"
                                      and word == "vanishes"),
    }  # fmt: skip


def _constant(x: float, source: str) -> dict[str, Any]:
    return {"lower": float(x), "upper": float(x), "evidence": "measured", "residual": 2.2e-15, "formula": formula(source)}


def _theorem(bound: dict[str, Any], steps: int) -> dict[str, Any]:
    rate = bound["log_rate"]
    return {
        "id": bound["theorem"], "title": "The product of step Jacobians is bounded by the spectral norm",
        "grade": "symbolic, from 3 textbook rules", "weakest": ["theorem:product_norm", "source:pascanu2013"],
        "textbook_rules": ["norm of a product", "norm of a diagonal matrix", "constant product"],
        "object": "J(T, T-k)", "norm": "2", "quantifiers": "for all inputs, all T and all k from 0 to T",
        "direction": "<=", "tightness": "upper bound, attained for a scaled orthogonal W and slope γ everywhere",
        "statement": bound["statement"],
        "statement_text": "If every slope lies in [0, γ], the 2-norm of J(T, T−k) is at most (γ ‖W‖₂)^k.",
        "hypotheses": bound["hypotheses"],
        "conclusion": [
            {"scope": "all_inputs", "text": f"‖J(T, T−k)‖₂ ≤ {np.exp(rate):.4g}^k for every input; under 1 % from lag {max(1, int(-4.6 / rate))} on."},
            {"scope": "trajectory", "text": "On this trajectory the largest slope is 0.91 and the rate 0.7826."},
        ],
        "steps": [
            {"rule": "norm of a product", "formula": formula(r"\lVert J(T,T-k)\rVert \le \prod_{t=T-k+1}^{T} \lVert D_t W\rVert"), "grade": "symbolic"},
            {"rule": "norm of a diagonal matrix", "formula": formula(r"\lVert D_t\rVert_2 = \max_i |\phi'(a_{i,t})| \le \gamma"), "grade": "tested"},
            {"rule": "constant product", "formula": formula(r"\prod_{t=T-k+1}^{T} \gamma\lVert W\rVert = (\gamma \lVert W\rVert)^k"), "grade": "symbolic"},
        ],
        "tests": {"cases": steps + 1, "slack": bound["slack"], "seed": 0},
        "source": {"key": "pascanu2013", "citation": "Pascanu, Mikolov, Bengio (2013), On the difficulty of training recurrent neural networks",
                   "place": "section 2.2, equations (5) to (7)", "version": "ICML 2013", "reading": "read"},
        "formal": None, "non_vacuity": "W = 0.5 I, tanh: the hypothesis holds with margin 0.5.",
        "tightness_witness": "W = γ⁻¹ Q with Q orthogonal and all slopes γ: equality for every k.",
        "rests_on": ["rule:product", "constant:spectral_norm(W)"],
    }  # fmt: skip


def _graph(bounds: Any, theorem: Any) -> dict[str, Any]:
    def node(name: str, kind: str, label: str, grade: str) -> dict[str, str]:
        return {"id": name, "kind": kind, "label": label, "grade": grade, "own": grade}

    nodes = [
        node("verdict:Q1", "verdict", "Q1, for all inputs", "symbolic"),
        node(theorem["id"], "theorem", theorem["title"], "symbolic"),
        node("rule:product", "theorem", "Norm of a product", "symbolic"),
        node("constant:spectral_norm(W)", "constant", "Spectral norm of W", "measured"),
        node("source:pascanu2013", "source", "Pascanu, Mikolov, Bengio (2013)", "cited"),
        *(node("bound:" + b["id"], "bound", b["title"], "symbolic") for b in bounds),
    ]
    edges = [["verdict:Q1", "bound:" + bounds[0]["id"]], [theorem["id"], "rule:product"], [theorem["id"], "source:pascanu2013"],
             *(["bound:" + b["id"], theorem["id"]] for b in bounds), ["bound:" + bounds[0]["id"], "constant:spectral_norm(W)"]]  # fmt: skip
    return {"nodes": nodes, "edges": edges}


def _json(x: float) -> float | str:
    return x if np.isfinite(x) else ("-Infinity" if x < 0 else "Infinity")
