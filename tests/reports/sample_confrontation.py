r"""The confrontation of a sample document: three tanh networks, their gradients of y = c^T h_T by plain NumPy, four laws.

The task-informative gradient is the mean of y* (G - G'), where G' is the gradient with u_{T-d} replaced by its mean 0 and
y* = u_{T-d}; its bound is the one with eta = ||W||_2, written out. Nothing is shared with errorflow.numerics.
"""

import math
from typing import Any

import numpy as np

from errorflow.reports.answers import answers

Json = dict[str, Any]
HORIZON, SAMPLES, LAGS = 48, 96, (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40)
TITLES = {"contractive": "Contractive", "schaefer": "Schaefer-initialized", "trained": "Trained"}
THEOREM = "theorem:task_informative_gradient"
LAWS = (
    ("spectral_norm", "The norm bound, shared or not", "state_jacobian", "theorem:pascanu_spectral_norm", 0.0),
    ("informative", "What two tasks differ in", "task_informative_gradient", THEOREM, 1.31),
    ("untied", "Untied copies leave the masked bound", "state_jacobian", "theorem:pascanu_spectral_norm", 2.5),
    ("one_gradient", "Seven ways to one gradient", "every gradient", "refutation:radius_alone", 3.2e-12),
)


def confronted(document: Json) -> Json:
    """The document with a confrontation, its nodes in the graph, and a sentence of Schaefer's with the theorem that judges it."""
    made, graph = records()
    sum_of_parts = document["theorems"][0] | {
        "id": "bptt_identity",
        "object": "total_gradient",
        "title": "A sum over the lags",
    }
    claim = document["claims"][0] | {
        "id": "shared_weights_sum", "sentence": "The problem of a vanishing gradient does not apply to the sum",
        "judged_by": "bptt_identity",
        "source": {"key": "schaefer2008", "citation": "Schaefer, A; Udluft, S; Zimmermann, H (2008). Learning. Neurocomputing.",
                   "place": "abstract", "version": "", "reading": "abstract"},
    }  # fmt: skip
    nodes = [
        *document["graph"]["nodes"],
        _node("theorem:bptt_identity", "theorem", "A sum over the lags", "symbolic"),
        _node("theorem:pascanu2013_spectral_norm", "theorem", "Vanishing from the spectral norm", "symbolic"),
        *graph["nodes"],
    ]
    document = document | {
        "theorems": [*document["theorems"], sum_of_parts], "claims": [*document["claims"], claim],
        "graph": {"nodes": nodes, "edges": document["graph"]["edges"] + graph["edges"]},
        "confrontation": made,
    }  # fmt: skip
    document["confrontation"]["answers"] = answers(document)
    return document


def records() -> tuple[Json, Json]:
    """The records without answers, and the nodes and edges that they need in the graph."""
    nodes = [_node(THEOREM, "theorem", "Task-informative gradient", "symbolic"), _node(
        "measurement:contrast", "measurement", "coupled difference", "measured")]  # fmt: skip
    edges: list[list[str]] = []
    laws = [_law(*row, nodes) for row in LAWS]
    networks = [_network(name, nodes, edges) for name in TITLES]
    return {"laws": laws, "networks": networks}, {"nodes": nodes, "edges": edges}


def weights(name: str) -> tuple[Any, Any, Any]:
    """W (n, n), b = B (n,) and c (n,) of a network."""
    rng = np.random.default_rng({"contractive": 1, "schaefer": 2, "trained": 3}[name])
    n = {"contractive": 8, "schaefer": 20, "trained": 12}[name]
    W = rng.uniform(-1, 1, (n, n)) * math.sqrt(3 / n)
    if name == "contractive":
        W *= 0.8 / np.linalg.norm(W, 2)
    if name == "trained":
        W = 0.97 * np.eye(n, k=1) + 0.2 * W
    return W, rng.normal(size=n) / math.sqrt(n), rng.normal(size=n) / math.sqrt(n)


def gradients(name: str, inputs: Any) -> tuple[Any, Any, Any]:
    """dy/dW (samples, n, n), the norms of its parts by lag (T, samples), and J(T, T-k)^T c (T, samples, n)."""
    W, b, c = weights(name)
    states = [np.zeros((inputs.shape[1], len(W)))]
    for u in inputs:
        states.append(np.tanh(states[-1] @ W.T + u[:, None] * b))
    flow = np.broadcast_to(c, states[0].shape)
    total, parts, flows = np.zeros((inputs.shape[1], *W.shape)), [], []
    for before, after in zip(reversed(states[:-1]), reversed(states[1:]), strict=True):
        delta = flow * (1 - after**2)
        total = total + delta[:, :, None] * before[:, None, :]
        parts.append(np.linalg.norm(delta, axis=1) * np.linalg.norm(before, axis=1))
        flows.append(flow)
        flow = delta @ W
    return total, np.array(parts), np.array(flows)


def copies(name: str, inputs: Any) -> Any:
    """The median norm of dy/dW over the last k+1 copies of W, for k = 0..T-1."""
    W, b, c = weights(name)
    states = [np.zeros((inputs.shape[1], len(W)))]
    for u in inputs:
        states.append(np.tanh(states[-1] @ W.T + u[:, None] * b))
    flow, total, found = np.broadcast_to(c, states[0].shape), 0.0, []
    for before, after in zip(reversed(states[:-1]), reversed(states[1:]), strict=True):
        delta = flow * (1 - after**2)
        total = total + delta[:, :, None] * before[:, None, :]
        found.append(float(np.median(np.linalg.norm(total, axis=(1, 2)))))
        flow = delta @ W
    return np.array(found)


def _network(name: str, nodes: list[Json], edges: list[list[str]]) -> Json:
    rng = np.random.default_rng(7)
    W, b, c = weights(name)
    n, eta = len(W), float(np.linalg.norm(W, 2))
    inputs = rng.normal(size=(HORIZON, SAMPLES))
    _, parts, flows = gradients(name, inputs)
    shares = np.median(parts / parts.sum(0), axis=1)
    norms = np.median(np.linalg.norm(flows, axis=2), axis=1)
    rate = float(np.polyfit(range(8, 40), np.log(norms[8:40]), 1)[0])
    node = f"contrast:{name}:informative"
    nodes.append(
        _node(node, "measurement", f"{TITLES[name]}: what the total gradient says of the input d steps ago", "measured")
    )
    nodes.append(_node(f"contrast:{name}:number:rate", "number", "gamma*spectral_norm(W)", "certified"))
    edges += [[node, "measurement:contrast"], [node, THEOREM]] if eta < 1 else [[node, "measurement:contrast"]]
    return {
        "id": name, "title": TITLES[name], "rate": [eta * (1 - 1e-9), eta * (1 + 1e-9)],
        "radius": [float(np.abs(np.linalg.eigvals(W)).max())] * 2,
        "network": {
            "cell": "elman", "layer": "", "activation": "tanh", "n": n, "state_dim": n, "input_dim": 1, "dtype": "float64",
            "source": "drawn here", "sha256": "", "tied": True, "parameters": {"W": [n, n], "B": [n, 1], "b": [n]},
            "assumed": [],
        },
        "verdicts": _verdicts(name, eta, rate, nodes, edges),
        "share_lags": [[q, int(np.searchsorted(np.cumsum(shares / shares.sum()), q / 100))] for q in (50, 90, 99)],
        "informative": _informative(name, eta, float(np.linalg.norm(b) * np.linalg.norm(c)), node, inputs, rng),
        "flow": {"lags": list(range(HORIZON - 1)), "log_jacobian": np.log(norms[:-1]).tolist(),
                 "log_share": np.log(shares[:-1]).tolist(), "log_gradient": np.log(copies(name, inputs)[:-1]).tolist()},
        "nodes": {"rate": f"contrast:{name}:number:rate"}, "analyzed": False,
        "horizon": {"steps": HORIZON, "samples": SAMPLES, "directions": 1, "seed": None,
                    "input": "white noise, standard deviation 1"},
    }  # fmt: skip


def _informative(name: str, eta: float, scale: float, node: str, inputs: Any, rng: Any) -> Json:
    totals, found, errors = [], [], []
    for d in LAGS:
        target = inputs[HORIZON - d - 1]
        replaced = inputs.copy()
        replaced[HORIZON - d - 1] = 0
        whole = gradients(name, inputs)[0]
        each = target[:, None, None] * (whole - gradients(name, replaced)[0])
        mean = each.mean(0)
        totals.append(float(np.log(np.median(np.linalg.norm(whole, axis=(1, 2))))))
        found.append(float(np.log(np.linalg.norm(mean))))
        spread = math.sqrt(float(((each - mean) ** 2).sum((1, 2)).mean()) / SAMPLES)
        errors.append(spread / float(np.linalg.norm(mean)))
    second = 4 / (3 * math.sqrt(3)) * math.sqrt(len(weights(name)[0])) * eta
    bound = [
        math.log(scale) + (d - 1) * math.log(eta) + math.log(d * (1 + second / (1 - eta)) + second / (1 - eta) ** 2)
        for d in LAGS
    ] if eta < 1 else None  # fmt: skip
    reason = "gamma*spectral_norm(W) < 1" if eta < 1 else f"gamma*spectral_norm(W) = {eta:.4g}, needs < 1"
    return {"lags": list(LAGS), "log_total": totals, "log_informative": found, "standard_error": errors, "log_bound": bound,
            "rate": eta, "samples": SAMPLES, "horizon": HORIZON, "evidence": "measured", "reason": reason,
            "node": node, "inputs": "white noise of standard deviation 1 from the zero state",
            "theorems": [THEOREM.partition(":")[2]] if bound else []}  # fmt: skip


def _verdicts(name: str, eta: float, rate: float, nodes: list[Json], edges: list[list[str]]) -> list[Json]:
    open_ = f"no bound decides; nearest is Spectral norm: gamma*spectral_norm(W) = {eta:.6g}, needs < 1, short by {eta - 1:.4g}"
    proved = f"Spectral norm: rate {eta:.6g} < 1, for every lag, every state and every input"
    crossing = "one descent step on recall at lag 10: a derivative does not exist (eigenvalues cross, or overflow)"
    slope = f"slopes near {rate:.4g} nats per step"
    rows: list[tuple[str, str, str, float | None, str, str]] = [
        ("state_jacobian", "all_inputs", "undecided", None, open_, "bound:pascanu_spectral_norm:all_inputs"),
        ("state_jacobian", "samples", "vanishes" if rate < -0.01 else "bounded", rate, slope, "measurement:contrast"),
        ("total_gradient", "samples", "bounded", 1e-4, "a change of less than a factor of two", "measurement:contrast"),
        ("lag_share", "samples", "vanishes" if rate < -0.01 else "mixed", rate, slope, "measurement:contrast"),
    ]
    if eta < 1:
        rows[0] = (
            "state_jacobian",
            "all_inputs",
            "vanishes",
            math.log(eta),
            proved,
            "bound:pascanu_spectral_norm:all_inputs",
        )
        del rows[1]
    word = {"contractive": "raises", "schaefer": "lowers", "trained": "undecided"}[name]
    rows.append(
        ("error_flow", "samples", word, {"raises": 0.4, "lowers": -0.7}.get(word), crossing, "measurement:contrast")
    )
    made, decided = [], set()
    for about, scope, verdict, speed, reason, below in rows:
        node = f"contrast:{name}:verdict:{about}:{scope}"
        grade = "measured" if below.startswith("measurement") else "cited"
        nodes.append(_node(node, "verdict", f"{TITLES[name]}: {about}: {verdict} ({scope})", grade) | {"own": ""})
        edges.append([node, below])
        decisive = (verdict != "undecided" or about == "error_flow") and about not in decided
        decided |= {about} if decisive else set()
        falls = speed is not None and speed < -0.01 and about != "error_flow"
        made.append({
            "object": about, "scope": scope, "verdict": verdict, "rate": speed, "reason": reason, "evidence": grade,
            "question": {"state_jacobian": "Q1", "total_gradient": "Q2", "lag_share": "Q3", "error_flow": "Q4"}[about],
            "norm": "2", "given": [], "rate_interval": None, "decisive": decisive, "weakest": [below],
            "unit": "per unit learning rate" if about == "error_flow" else "nats per step",
            "half_life": math.log(2) / -speed if falls and speed else None,
            "one_percent_lag": math.ceil(math.log(100) / -speed) if falls and speed else None,
            "lag_range": [10, 10] if about == "error_flow" else [1, HORIZON - 1],
            "decided_by": None if verdict == "undecided" else "pascanu_spectral_norm" if scope == "all_inputs" else "slope",
        })  # fmt: skip
    return made


def _law(name: str, title: str, subject: str, judged: str, slack: float, nodes: list[Json]) -> Json:
    node = f"law:{name}"
    nodes.append(_node(node, "law", title, "tested (24 cases)") | {"own": "tested"})
    return {"id": name, "title": title, "subject": subject, "statement": f"{title}: the left side is at most the right side",
            "quantifier": "some" if name == "untied" else "every", "judges": [judged], "examples": 24, "slack": slack,
            "unit": "relative" if name == "one_gradient" else "nats", "witness": "nilpotent, n = 3, T = 7",
            "outcome": "holds", "evidence": "tested (24 cases)", "node": node}  # fmt: skip


def _node(name: str, kind: str, label: str, grade: str) -> Json:
    return {"id": name, "kind": kind, "label": label, "grade": grade, "own": grade}
