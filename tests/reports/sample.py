"""Analysis documents for the tests of the renderings: real numbers of small nets; `sample_measurements` completes them.

Built here by plain NumPy, independently of errorflow.numerics: an Elman net that contracts, a GRU about which
the bounds leave the question open, and a rectified net that explodes and has exact zeros.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy

from errorflow.reports.document import formula

Json = dict[str, Any]
SYMBOLIC = "symbolic, from 3 textbook rules"
NORM = r"\lVert J(T,T-k)\rVert_2"
SLOPE = "The measured slope has one sign on its whole interval."


def elman(*, layer: str = "rnn_1", steps: int = 100) -> Json:
    """A tanh net of 20 units drawn from [-0.2, 0.2]: vanishing is proved for all inputs."""
    W, rng = network("elman")
    logs = profile(W, np.tanh, lambda a: 1 - np.tanh(a) ** 2, steps, rng, 0.7)
    row, weight = np.abs(W).sum(1).max(), np.abs(W).max()
    bounds = [
        bound("pascanu_spectral_norm", "Spectral norm", NORM + r" \le (\gamma \lVert W\rVert_2)^k", 0.934, logs),
        bound("diagonal_scaling_norm", "Diagonal scaling", NORM + r" \le \kappa(L) s(W)^k", 0.86, logs, C=1.9),
        bound("perron_radius", "Perron radius of |W|", NORM + r" \le \kappa \rho(|W|)^k", 1.97, logs, C=2.2),
        bound("row_sum_norm", "Row sums", r"\lVert J\rVert_\infty \le \lVert W\rVert_\infty^k", row, logs),
        bound(
            "hochreiter_max_weight",
            "Largest weight",
            NORM + r" \le (n \max_{ij} |W_{ij}|)^k",
            20 * weight,
            logs,
        ),
        bound(
            "smallest_gain",
            "Smallest gain",
            r"\sigma_{\min}(J) \ge \sigma_{\min}(W)^k",
            0.012,
            logs,
            sign=">=",
        ),
    ]
    bounds[3]["norm"] = "infinity"
    rate = float(logs["median"][-1] - logs["median"][10]) / (steps - 10)
    reason = "the diagonally scaled norm is 0.86, needs < 1, and every slope lies in (0, 1]"
    crossing = "the two largest eigenvalues cross: |lambda_1| - |lambda_2| = 0.003, needs > 0.01"
    verdicts = [
        verdict("state_jacobian", "all_inputs", "vanishes", math.log(0.86), reason, steps, SYMBOLIC),
        verdict("state_jacobian", "samples", "vanishes", rate, SLOPE, steps),
        verdict("total_gradient", "samples", "bounded", -1.8e-10, "it stays between 1.9 and 3.1", steps),
        verdict("lag_share", "samples", "vanishes", rate, "shares fall", steps, "tested (101 cases)"),
        verdict("error_flow", "samples", "undecided", None, crossing, 10),
    ]
    verdicts[0] |= {"decided_by": "diagonal_scaling_norm", "weakest": ["theorem:pascanu_spectral_norm"]}
    verdicts[1] |= {"decided_by": "slope", "decisive": False, "rate_interval": [rate - 0.01, rate + 0.01]}
    verdicts[4]["given"] = ["the loss is linear recall at lag 10"]
    document = assemble("elman", "tanh", W, {"W": [20, 20], "B": [20, 3], "b": [20]}, logs, bounds, verdicts)
    document["network"]["layer"] = layer
    document["constants"] = {
        "spectral_norm(W)": constant(0.934, r"\lVert W\rVert_2"),
        "spectral_radius(W)": constant(float(np.abs(np.linalg.eigvals(W)).max()), r"\rho(W)"),
        "numerical_radius(W)": constant(0.81, "w(W)") | {"upper": 0.83, "evidence": "certified"},
    }
    return document


def gru() -> Json:
    """A GRU of 12 units: the bounds do not decide, the samples do not either."""
    W, rng = network("gru")
    logs = profile(W, np.tanh, lambda a: 1 - np.tanh(a) ** 2, 60, rng, 0.1)
    entries = r" & ".join(rf"\sup|z_t| + \lVert W_n\rVert_2 \sup|r_t \tanh'(a_{{n,t}})| + {i}" for i in range(8))
    statement = NORM + r" \le \left(\rho\left(\left[\begin{matrix}" + entries + r"\end{matrix}\right]\right)\right)^k"
    bounds = [bound("block_spectral_norm", "Block norms of the gates", statement, 1.745, logs)]
    bounds.append(bounds[0] | {"scope": "trajectory", "log_rate": 0.2})
    bounds.append(bounds[0] | {"scope": "samples"})
    undecided = "the block bound needs a rate < 1 and has 1.745; the margin is -0.745"
    verdicts = [
        verdict("state_jacobian", "all_inputs", "undecided", None, undecided, 60, SYMBOLIC),
        verdict("total_gradient", "samples", "bounded", 0.0, "it stays near 4", 60),
        verdict("lag_share", "samples", "mixed", -0.01, "the interval contains 0", 60),
        verdict("error_flow", "samples", "raises", 0.42, "one descent step raises rho(W_n)", 10),
    ]
    verdicts[0]["given"] = ["the activation is tanh"]
    shapes = {"W": [36, 12], "B": [36, 4], "b": [36], "d": [12]}
    document = assemble("gru", "tanh", W, shapes, logs, bounds, verdicts)
    document["network"]["assumed"] = ["the activation is tanh", "a missing bias d is zero"]
    document["eigenvalues"] = {}
    for gate in "rzn":
        block = rng.normal(0, 1 / math.sqrt(12), (12, 12))
        document["eigenvalues"][f"W_{gate}"] = eigenvalues(block)
        top = float(np.linalg.norm(block, 2))
        document["constants"][f"spectral_norm(W_{gate})"] = constant(top, rf"\lVert W_{gate}\rVert_2")
        document["constants"][f"spectral_radius(W_{gate})"] = constant(0.9 * top, rf"\rho(W_{gate})")
        least = constant(0.0029123, rf"\sigma_{{\min}}\left(W_{gate}\right)")  # a row wider than a narrow screen
        document["constants"][f"smallest_singular_value(W_{gate})"] = least
    update = {
        "r_t": r"\sigma(W_r h_{t-1} + B_r u_t + b_r)",
        "z_t": r"\sigma(W_z h_{t-1} + B_z u_t + b_z)",
        "n_t": r"\tanh(B_n u_t + b_n + r_t \odot (W_n h_{t-1} + d))",
        "h_t": r"h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}",
    }
    document["jacobian"]["update"] = [{"name": name, "formula": formula(tex)} for name, tex in update.items()]
    block_hh = (
        r"\operatorname{diag}(z_t) + \operatorname{diag}((1 - z_t) \tanh'(a_{n,t}) r_t) W_n"
        r" + \operatorname{diag}((1 - z_t) \tanh'(a_{n,t}) (W_n h_{t-1} + d) \sigma'(a_{r,t})) W_r"
        r" + \operatorname{diag}((h_{t-1} - n_t) \sigma'(a_{z,t})) W_z"
    )
    document["jacobian"]["blocks"] = [{"row": "h", "column": "h", "formula": formula(block_hh)}]
    return document


def exploding() -> Json:
    """A rectified net whose units switch off: it explodes, and its smallest singular values are exactly 0."""
    W, rng = network("exploding")
    logs = profile(W, lambda a: np.maximum(a, 0), lambda a: (a > 0) * 1.0, 200, rng, 1.0)
    bounds = [
        bound("pascanu_spectral_norm", "Spectral norm", NORM + r" \le \lVert W\rVert_2^k", 4.1, logs),
        bound("hochreiter_max_weight", "Largest weight", NORM + r" \le (n \max |W_{ij}|)^k", 1e200, logs),
    ]
    verdicts = [verdict("state_jacobian", "samples", "explodes", 0.31, SLOPE, 200)]
    verdicts[0] |= {"decided_by": "slope", "rate_interval": [0.29, 0.33]}
    return assemble("elman", "relu", W, {"W": [16, 16]}, logs, bounds, verdicts)


def network(name: str) -> tuple[Any, np.random.Generator]:
    """The recurrent matrix of a sample, and the randomness that drives it."""
    rng = np.random.default_rng({"elman": 3, "gru": 5, "exploding": 11}[name])
    if name == "gru":
        return rng.normal(0, 1.05 / math.sqrt(12), (12, 12)), rng
    if name == "exploding":
        return rng.normal(0, 2.4 / 4, (16, 16)), rng
    W = rng.uniform(-0.2, 0.2, (20, 20))
    return W * (0.934 / np.linalg.norm(W, 2)), rng


def profile(W: Any, phi: Callable[..., Any], slope: Callable[..., Any], steps: int, rng: Any, scale: float) -> Json:
    """Natural logs of norms by lag along one driven trajectory."""
    n, jacobians = len(W), []
    h = np.zeros(n)
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
        smallest = sizes[-1] if sizes[-1] > 1e-16 * sizes[0] else 0
        rows.append([*np.quantile(norms, [0.5, 0.05, 0.95]), sizes[0], smallest])
        if k < steps:
            product = product @ jacobians[steps - 1 - k]
    with np.errstate(divide="ignore"):
        table = np.log(np.array(rows)).T.tolist()
    return dict(zip(("median", "q05", "q95", "largest", "smallest"), table, strict=True))


def bound(name: str, title: str, statement: str, value: float, logs: Json, *, C: float = 1, sign: str = "<=") -> Json:
    """A bound C value^k with two hypotheses, the second one met if the value is below 1."""
    gaps = [math.log(C) + k * math.log(value) - x for k, x in enumerate(logs["largest"]) if math.isfinite(x)]
    met = "met" if value < 1 else "not_met"
    conditions = [
        ("slope_range", "every slope lies in [0, 1]", r"0 \le \phi' \le 1", "met", 1.0, "<= 1", 0.0),
        ("contraction", "gamma W < 1", r"\gamma W < 1", met, value, "< 1", 1 - value),
    ]
    keys = ("id", "statement", "formula", "status", "value", "needs", "margin")
    hypotheses = [dict(zip(keys, row, strict=True)) for row in conditions]
    for hypothesis in hypotheses:
        hypothesis["formula"] = formula(hypothesis["formula"])
    return {
        "id": name, "title": title, "object": "state_jacobian", "scope": "all_inputs", "direction": sign,
        "norm": "2", "statement": formula(statement), "log_rate": math.log(value),
        "log_constant": math.log(C),
        "decides": "vanishes" if value < 1 and sign == "<=" else None, "evidence": SYMBOLIC,
        "theorem": "pascanu_spectral_norm", "cases": len(gaps), "slack": abs(min(gaps)),
        "hypotheses": hypotheses,
    }  # fmt: skip


def verdict(
    about: str, scope: str, word: str, rate: float | None, reason: str, last: int, evidence: str = "measured"
) -> Json:
    """A decisive verdict over the lags 1 to `last`."""
    falls = rate is not None and rate < -1e-6
    objects = ("state_jacobian", "total_gradient", "lag_share", "error_flow")
    return {
        "object": about, "question": f"Q{1 + objects.index(about)}", "scope": scope, "norm": "2",
        "verdict": word,
        "evidence": evidence, "given": [], "rate": rate, "rate_interval": None,
        "unit": "per unit learning rate" if about == "error_flow" else "nats per step",
        "half_life": math.log(2) / -rate if falls and rate else None,
        "one_percent_lag": math.ceil(math.log(100) / -rate) if falls and rate else None, "lag_range": [1,
        last],
        "reason": reason, "decided_by": None, "weakest": [], "decisive": True,
    }  # fmt: skip


def constant(x: float, tex: str) -> Json:
    """A measured number."""
    return {"lower": x, "upper": x, "evidence": "measured", "residual": 2.2e-15, "formula": formula(tex)}


def eigenvalues(W: Any) -> Json:
    """Eigenvalues as the document holds them."""
    found = np.linalg.eigvals(W)
    return {"real": found.real.tolist(), "imag": found.imag.tolist()}


def theorem(about: Json, steps: int) -> Json:
    """A theorem card with everything on it."""
    norms = r"\prod_{t=T-k+1}^{T} \lVert D_t W\rVert_2"
    proof = [
        ("one step", "norm of a diagonal matrix", r"\lVert D_t\rVert_2 = \max_i |\phi'(a_{i,t})|"),
        ("conclusion", "norm of a product", rf"{NORM} \le {norms}"),
        ("conclusion", "slopes are at most gamma", rf"{norms} \le (\gamma \lVert W\rVert_2)^k"),
    ]
    given = [
        ("slopes are at most gamma", "max_abs(D_i) <= gamma, for all i", r"w_{\max}(D_i) \le \gamma"),
        ("lag", "1 <= k", r"1 \le k"),
    ]
    both = [
        hypothesis | {"scope": scope} for scope in ("all_inputs", "trajectory") for hypothesis in about["hypotheses"]
    ]
    return {
        "id": "pascanu_spectral_norm", "title": "Vanishing from the spectral norm", "grade": SYMBOLIC,
        "weakest": ["theorem:pascanu_spectral_norm", "source:pascanu2013"],
        "textbook_rules": ["norm of a product", "norm of a diagonal matrix"], "applies": True,
        "given": [{"name": name, "statement": f"{name}: {text}", "formula": formula(tex)} for name, text, tex in given],
        "object": "state_jacobian", "norm": "2", "quantifiers": "for all inputs and all T >= k >= 0",
        "direction": "<=", "tightness": "tight", "statement": about["statement"],
        "statement_text": "The spectral norm bounds the state Jacobian", "hypotheses": both,
        "conclusion": [{"scope": scope, "text": "at most 0.934^k"} for scope in ("all_inputs", "trajectory")],
        "steps": [{"lemma": lemma, "rule": rule, "formula": formula(tex), "grade": "symbolic (textbook rule)"}
                  for lemma, rule, tex in proof],
        "tests": {"cases": steps + 1, "slack": about["slack"], "seed": 0},
        "source": {"key": "pascanu2013", "citation": "Pascanu, Mikolov, Bengio (2013)",
        "place": "section 2.2",
                   "version": "ICML 2013", "reading": "read"},
        "formal": None, "non_vacuity": "W = I/2, tanh", "tightness_witness": "a scaled orthogonal W",
        "rests_on": ["source:pascanu2013", "rule:norm of a product"],
    }  # fmt: skip


def theorems(bounds: list[Json], steps: int) -> list[Json]:
    """Two theorems about the cell, of which one rests on a cited rule, and one about another cell."""
    first = theorem(bounds[0], steps)
    cited = {"grade": "cited", "weakest": ["rule:Ando's theorem"], "title": "Vanishing from the numerical radius"}
    third = {"id": "block_comparison", "title": "Blocks of a gated cell", "applies": False, "hypotheses": []}
    alone = {"name": "rate is positive", "statement": "rate is positive: 0 < r", "formula": formula("0 < r")}
    return [first, first | cited | {"id": bounds[-1]["id"], "given": [first["given"][0], alone]}, first | third]


def refutation() -> Json:
    """A false claim of a text, with a counterexample whose two numbers differ in the sixth digit."""
    premise = {"words": "spectral radius of W", "formula": formula(sympy.Lt(0, 1, evaluate=False))}
    W = sympy.ImmutableMatrix([[2, 4], [-1, -2]])
    example = {"W": W, "slopes": sympy.ImmutableMatrix([[1, sympy.Rational(1, 100)]]), "repeats": sympy.Integer(4)}
    return {
        "id": "radius_alone", "title": "A spectral radius below one is enough",
        "claim": "If rho(W) < 1/gamma, then ||J(T, T-k)||_2 tends to zero", "claimant": "a common belief about tanh",
        "source": source(reading="recalled"), "version": "for the reading with the largest eigenvalue",
        "status": "refuted", "grade": "symbolic",
        "example": {name: formula(content) for name, content in example.items()}, "premises": [premise],
        "what": "spectral radius of the Euler step", "found": 1.0000125, "claimed": 1.0,
        "relation": formula(sympy.Le(sympy.sqrt(40001) / 200, 1, evaluate=False)),
        "truth": "the largest singular value below 1/gamma suffices", "theorem": "pascanu_spectral_norm",
        "snippet": "import numpy as np\n\nprint(np.sqrt(40001) / 200 < 1)\n", "rests_on": ["refutation:radius_alone"],
    }  # fmt: skip


def source(**changes: str) -> Json:
    """A source with a short form."""
    citation = "Pascanu, Razvan; Mikolov, Tomas; Bengio, Yoshua (2013). On the difficulty of training. ICML."
    return {"key": "pascanu2013", "citation": citation, "place": "eq. (5)", "version": "ICML 2013", "reading": "read",
            **changes}  # fmt: skip


def fact() -> Json:
    """A fact about numbers, with a condition."""
    w = sympy.Symbol("w", real=True)
    statement = sympy.Lt(sympy.Abs(w) / 4, 1, evaluate=False)
    return {
        "id": "logistic_gain", "words": "A weight below 4 makes the error flow shrink", "formula": formula(statement),
        "given": [formula(sympy.Abs(w) < 4)], "grade": "symbolic", "source": source(), "rests_on": ["fact:logistic_gain"],
    }  # fmt: skip


def claims() -> list[Json]:
    """One claim of every status; the first one has no source."""
    reason = "gamma W < 1: the left side is 1.745"
    rows = [
        ("holds", "A norm below 1/gamma is enough", reason, "theorem", "pascanu_spectral_norm"),
        ("hypothesis_not_met", "Small weights vanish", reason, "theorem", "pascanu_spectral_norm"),
        ("undecided", "Latching needs attraction", reason, "theorem", "smallest_gain"),
        ("not_applicable", "Gates keep the error flow", "the cell has another form", "theorem", "block_comparison"),
        ("refuted", "rho(W) < 1 is enough", "spectral radius: 15.4, not < 1", "refutation", "radius_alone"),
        ("refuted", "The radius decides", "spectral radius: 15.4, not < 1", "refutation", "radius_alone"),
    ]
    keys = ("status", "sentence", "reason", "judge", "judged_by")
    common = {"source": source(), "grade": SYMBOLIC, "place": "eq. (5)", "version": "ICML 2013"}
    listed = [{"id": f"claim_{at}", **common, **dict(zip(keys, row, strict=True))} for at, row in enumerate(rows)]
    listed[0]["source"] = None
    return listed


def graph(bounds: list[Json]) -> Json:
    """Verdict on bounds, bounds on the theorem, the theorem on its source."""
    nodes = [
        ("verdict:state_jacobian:all_inputs", "verdict", "state Jacobian, for all inputs", "symbolic", ""),
        ("theorem:pascanu_spectral_norm", "theorem", "Vanishing from the spectral norm", "cited", "symbolic"),
        ("source:pascanu2013", "source", "Pascanu, Mikolov, Bengio (2013)", "cited", "cited"),
        ("rule:norm of a product", "rule", "norm of a product", "symbolic, from 1 textbook rule", "symbolic"),
        ("rule:Ando's theorem", "rule", "Ando's theorem", "cited", "cited"),
        ("refutation:radius_alone", "refutation", "A spectral radius below one is enough", "symbolic", "symbolic"),
        ("fact:logistic_gain", "fact", "A weight below 4 makes the error flow shrink", "symbolic", "symbolic"),
    ]
    names = [f"bound:{b['id']}:{b['scope']}" for b in bounds]
    nodes += [(name, "bound", b["title"], "symbolic", "") for name, b in zip(names, bounds, strict=True)]
    edges = [["theorem:pascanu_spectral_norm", "source:pascanu2013"], [nodes[0][0], names[0]]]
    edges += [["theorem:pascanu_spectral_norm", rule[0]] for rule in nodes[3:5]]
    edges += [[name, "theorem:pascanu_spectral_norm"] for name in names]
    keys = ("id", "kind", "label", "grade", "own")
    return {"nodes": [dict(zip(keys, node, strict=True)) for node in nodes], "edges": edges}


def assemble(
    cell: str, activation: str, W: Any, shapes: Json, logs: Json, bounds: list[Json], verdicts: list[Json]
) -> Json:
    """The document around profile, bounds and verdicts."""
    n, lags = len(W), list(range(len(logs["median"])))
    steps = lags[-1]
    jacobian = {
        "blocks": [{"row": "h", "column": "h", "formula": formula(r"\operatorname{diag}(\tanh'(a_t)) W")}],
        "update": [{"name": "a_t", "formula": formula("W h_{t-1} + B u_t + b")}],
        "product": formula(r"J(t,s) = J_t J_{t-1} \cdots J_{s+1}"),
    }
    table = {key: [x if math.isfinite(x) else "-Infinity" for x in values] for key, values in logs.items()}
    return {
        "schema_version": 1,
        "question": {"text": "Does the gradient vanish in this network?",
        "summary": f"{verdicts[0]['reason']}."},
        "network": {
            "cell": cell, "layer": "rnn", "activation": activation, "n": n, "state_dim": n, "input_dim": 3,
            "dtype": "float32", "source": "models/speech/checkpoint-000120.safetensors",
            "sha256": "9f2c" * 16,
            "tied": True, "parameters": shapes, "assumed": ["the activation is tanh"],
        },
        "horizon": {
            "steps": steps, "samples": 32, "directions": 8, "input": "white noise, standard deviation 1",
            "input_scale": 1.0, "initial": "zero",
        },
        "jacobian": jacobian,
        "notation": [{"symbol": formula(r"\gamma"), "meaning": "largest absolute slope of the activation"}],
        "verdicts": verdicts, "constants": {}, "bounds": bounds,
        "profile": {"lags": lags, "log_norm": table, "samples": 32, "directions": 8},
        "eigenvalues": {"W": eigenvalues(W)},
        "theorems": theorems(bounds, steps), "refutations": [refutation()], "claims": claims(),
        "facts": [fact()], "systems": [], "experiments": [],
        "graph": graph(bounds),
        "provenance": {
            "command": f"errorflow check speech.safetensors --steps {steps} --seed 0",
            "versions": {"errorflow": "0.1.0", "numpy": "2.4.6"}, "blas": "OpenBLAS 0.3.30, 1 thread",
            "seed": 0,
            "hashes": {"weights": "9f2c" * 16}, "created": "2025-01-01T00:00:00Z",
        },
    }  # fmt: skip
