"""The networks of the confrontation: their verdicts are those of `analyze`, their numbers those of plain NumPy."""

import math
from dataclasses import replace

import numpy as np
import pytest

from errorflow.numerics import Network, analyze
from errorflow.numerics.backprop import unit_cotangents
from errorflow.numerics.confrontation import contrast as module
from errorflow.numerics.confrontation.contrast import contrast, graft
from errorflow.numerics.confrontation.networks import Named, networks
from errorflow.numerics.confrontation.record import ContrastRecord
from errorflow.numerics.experiments import marker, training
from errorflow.numerics.records import DIRECTIONS, streams
from errorflow.theory import cells, quantities
from errorflow.theory.evidence import Assumed, Certified, Graph, Measured, Node

OBJECTS = ["state_jacobian", "total_gradient", "lag_share", "error_flow"]
QUICK = {"steps": 70, "targets": 100}


@pytest.fixture(scope="module")
def four() -> tuple[Graph, dict[str, Named], dict[str, ContrastRecord]]:
    """One graph with the reasoning on all four."""
    graph, found = Graph(), networks(rng=0)
    return graph, {n.id: n for n in found}, {n.id: contrast(graph, n, **QUICK, rng=0) for n in found}


def small(*, gain=1.0, rng=0, n=5, **options) -> Named:
    """A Gaussian network of few units with its own inputs."""
    random = np.random.default_rng(rng)
    W = gain * random.standard_normal((n, n)) / math.sqrt(n)
    network = Network(cells.get("elman"), {"W": W, "B": random.standard_normal((n, 1)), "b": np.zeros(n)}, **options)
    u, c = random.standard_normal((25, 1, 3)), random.standard_normal(n)
    return Named("small", "Small", "a few units", network, u, "noise", c, 1.0)


def decisive(record: ContrastRecord, about: str):
    (found,) = (v for v in record.verdicts if v.object == about and v.decisive)
    return found


# The four networks


def test_the_contractive_network_vanishes_for_all_inputs_and_its_total_gradient_does_not(four) -> None:
    _, named, records = four
    record = records["contractive"]
    proved = decisive(record, "state_jacobian")
    assert (proved.verdict, proved.scope, proved.evidence) == ("vanishes", "all_inputs", "certified")
    assert (decisive(record, "total_gradient").verdict, decisive(record, "lag_share").verdict) == (
        "bounded",
        "vanishes",
    )
    assert record.rate[0] <= 0.9 <= record.rate[1] < 1
    W, random = named["contractive"].network.parameters["W"], np.random.default_rng(1)
    for trial in range(100):  # no slopes in [0, 1] keep 1 % for as long as the verdict says
        slopes = random.integers(0, 2, (proved.one_percent_lag, len(W))) if trial else np.ones((100, len(W)))
        J = np.eye(len(W))
        for slope in slopes:
            J = slope[:, None] * (W @ J)
        assert np.linalg.norm(J, 2) < 0.01


def test_before_training_nothing_vanishes_for_all_inputs(four) -> None:
    record = four[2]["schaefer"]
    (every,) = (v for v in record.verdicts if v.scope == "all_inputs")
    assert (every.verdict, every.decisive) == ("undecided", False)
    assert "short by" in every.reason
    assert decisive(record, "state_jacobian").scope == "samples"
    assert record.rate[0] > 1.5
    assert 0.9 < record.radius[0] < 1.2
    assert decisive(record, "total_gradient").verdict != "vanishes"


def test_a_trained_latch_has_lost_its_gradient_and_only_on_its_samples(four) -> None:
    record = four[2]["latch"]
    found = decisive(record, "state_jacobian")
    assert (found.verdict, found.scope, found.evidence) == ("vanishes", "samples", "measured")
    assert record.radius[0] > 1.5
    assert record.flow.log_jacobian[60] < math.log(1e-5)
    assert dict(record.share_lags)[99] < 30 < training_lag(four)


def training_lag(four) -> int:
    """The lag that the latch was trained at, by its inputs of twice the lag and one step."""
    return (len(four[1]["latch"].inputs) - 1) // 2


def test_the_network_before_training_is_that_of_the_trained_one(four) -> None:
    _, named, _ = four
    before = training.network_of(training.initial(marker.UNITS, rng=marker.SEED))
    assert np.array_equal(named["schaefer"].network.parameters["W"], before.parameters["W"])
    once = marker.train(updates=1, period=2)  # a first update of the same seed moves these weights a little
    moved = np.abs(once.network.parameters["W"] - before.parameters["W"]).max()
    assert 0 < moved <= marker.RATE
    assert np.array_equal(named["schaefer"].inputs, named["marker"].inputs)


def test_the_informative_part_falls_where_the_total_gradient_stays(four) -> None:
    graph, _, records = four
    found = records["contractive"].informative
    at = found.lags.index(60)
    assert found.log_informative[at] < found.log_total[at] - 20
    assert set(found.log_total) == {found.log_total[0]}
    assert (np.array(found.log_informative) <= found.log_bound).all()
    assert found.rate < records["contractive"].rate[1]  # under the scaling
    assert found.theorems == ("task_informative_gradient", "task_informative_gradient_scaled")
    assert "theorem:task_informative_gradient" in {node.id for node in graph.closure(found.node)}
    for name in ("schaefer", "marker", "latch"):
        other = records[name].informative
        assert other.log_bound is None
        assert "gamma*scaled_norm(W) < 1 is not met, short by" in other.reason
        assert {node.kind for node in graph.closure(other.node)} == {"number", "measurement"}


# One graph


def test_every_number_has_a_node_of_its_own_network_and_its_grade_is_that_of_the_graph(four) -> None:
    graph, _, records = four
    for name, record in records.items():
        assert set(record.nodes) == {"rate", "radius", "share_lags", "flow", "informative"}
        assert [v.object for v in record.verdicts if v.decisive] == OBJECTS
        assert all(node.startswith(f"contrast:{name}:") and node in graph.nodes for node in record.nodes.values())
        assert str(graph.grade(record.nodes["rate"])) == str(graph.grade(record.nodes["radius"])) == "certified"
        assert record.informative.node == record.nodes["informative"]
        assert record.informative.evidence == str(graph.grade(record.informative.node)) == "measured"
        for v in record.verdicts:
            node = f"contrast:{name}:verdict:{v.object}:{v.scope}"
            assert (str(graph.grade(node)), graph.grade(node).weakest) == (v.evidence, v.weakest)


def test_networks_share_theorems_and_rules_and_nothing_else(four) -> None:
    graph, _, records = four
    for name in records:
        below = {node.id: node for own in records[name].nodes.values() for node in graph.closure(own)}
        below |= {
            node.id: node for v in graph.nodes if v.startswith(f"contrast:{name}:verdict") for node in graph.closure(v)
        }
        for node in below.values():
            assert node.id.startswith(f"contrast:{name}:") != (node.kind in ("theorem", "rule"))
    assert {node.split(":")[1] for node in graph.nodes if node.startswith("contrast:")} == set(records)


def test_the_same_id_comes_once_into_a_graph() -> None:
    graph = Graph()
    contrast(graph, small(), rng=0)
    with pytest.raises(ValueError, match=r"'contrast:small:.*' is in the graph already"):
        contrast(graph, small(rng=1), rng=0)


def test_without_a_prefix_two_networks_clash(monkeypatch) -> None:
    """A planted fault: the nodes of the second network would pass for those of the first."""
    graph, real = Graph(), module.graft
    monkeypatch.setattr(module, "graft", lambda *args, **options: real(*args, **(options | {"prefix": ""})))
    contrast(graph, small(), rng=0)
    with pytest.raises(ValueError, match="is in the graph already"):
        contrast(graph, replace(small(rng=1), id="other"), rng=0)


def test_a_graft_brings_what_its_nodes_rest_on_and_keeps_theorems_apart() -> None:
    part = Graph()
    part.add(Node("theorem:a", "theorem", "a", Certified("a proof")))
    part.add(Node("norm", "constant", "norm", Certified("LAPACK")))
    part.add(Node("idle", "constant", "idle", Assumed("nothing")))
    part.add(Node("bound", "bound", "bound", None, ("theorem:a", "norm")))
    graph = Graph()
    for prefix in ("x:", "y:"):
        names = graft(graph, part, ["bound"], prefix=prefix, title="T")
        assert names == {"theorem:a": "theorem:a", "norm": f"{prefix}norm", "bound": f"{prefix}bound"}
    assert list(graph.nodes) == ["theorem:a", "x:norm", "x:bound", "y:norm", "y:bound"]
    assert graph.nodes["y:bound"].rests_on == ("theorem:a", "y:norm")
    other = Graph()
    other.add(Node("theorem:a", "theorem", "a", Measured("a guess")))
    with pytest.raises(ValueError, match="'theorem:a' is in the graph already with another basis"):
        graft(other, part, ["bound"], prefix="z:", title="T")


# The same functions as those of analyze


@pytest.mark.parametrize("gain", [0.4, 1.5])
def test_its_verdicts_are_those_of_an_analysis(gain) -> None:
    named, graph = small(gain=gain), Graph()
    record, analysis = contrast(graph, named, rng=3), analyze(named.network, inputs=named.inputs, rng=3)
    for v in record.verdicts:
        (same,) = (w for w in analysis.verdicts if (w.object, w.scope) == (v.object, v.scope))
        weakest = tuple(node.removeprefix("contrast:small:") for node in v.weakest)
        assert replace(v, weakest=weakest) == same
    assert [v for v in analysis.verdicts if v.decisive] == [
        replace(decisive(record, name), weakest=analysis.verdict(name).weakest) for name in OBJECTS
    ]
    assert dict(record.share_lags) == {int(q): lag for q, lag in analysis.lag_shares.quantile_lags.items()}
    assert record.flow.log_jacobian == analysis.profile.log_norm.median[: len(record.flow.lags)]
    assert record.network == analysis.network
    assert record.horizon.steps == analysis.horizon.steps == 25


def test_the_same_seed_gives_the_same_record() -> None:
    first, again, other = (contrast(Graph(), small(), rng=rng) for rng in (1, 1, 2))
    assert first == again
    assert first.flow != other.flow
    one, two = (networks(rng=4) for _ in range(2))
    assert all(np.array_equal(a.inputs, b.inputs) for a, b in zip(one, two, strict=True))


# The numbers, by plain NumPy


def agrees(record: ContrastRecord, named: Named, rng: int) -> None:
    """Rate, radius, flow and shares by a loop over samples and directions."""
    W, B = named.network.parameters["W"], named.network.parameters["B"]
    assert record.rate[0] <= np.linalg.norm(W, 2) * (1 + 1e-12)
    assert record.rate[1] >= np.linalg.norm(W, 2) * (1 - 1e-12)
    assert record.radius[0] - 1e-9 <= np.abs(np.linalg.eigvals(W)).max() <= record.radius[1] + 1e-9
    steps, samples = len(named.inputs), named.inputs.shape[2]
    v = unit_cotangents(len(W), samples=samples, directions=DIRECTIONS, rng=streams(rng).profile)
    flows, parts = [], []
    for s in range(samples):
        h = [np.zeros(len(W))]
        for u in named.inputs[:, :, s]:
            h.append(np.tanh(W @ h[-1] + B @ u))
        for own in v[:, s].T:
            f, flow, part = own, [], []
            for t in range(steps, 0, -1):
                delta = (1 - h[t] ** 2) * f
                flow.append(np.linalg.norm(f))
                part.append(np.linalg.norm(np.outer(delta, h[t - 1])))
                f = W.T @ delta
            flows.append(flow)
            parts.append(np.array(part) / np.sum(part))
    reached = np.cumsum(np.mean(parts, axis=0))
    assert record.share_lags == tuple((q, int(np.argmax(reached >= q / 100))) for q in (50, 90, 99))
    lower = (samples * DIRECTIONS - 1) // 2  # the smaller of the two middle values
    assert record.flow.lags == tuple(range(steps - 1))
    for kept, series in ((record.flow.log_jacobian, flows), (record.flow.log_share, parts)):
        middle = np.sort(series, axis=0)[lower][: steps - 1]
        np.testing.assert_allclose(kept, np.log(middle), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("gain", [0.5, 1.2])
def test_rate_radius_flow_and_shares_are_those_of_plain_loops(gain) -> None:
    named = small(gain=gain)
    agrees(contrast(Graph(), named, rng=5), named, 5)


def _norm_is_the_radius(patch) -> None:
    patch.setattr(module, "spectral_norm", quantities.spectral_radius)


def _transposed(patch) -> None:
    real = module.trajectory_of
    patch.setattr(module, "trajectory_of", lambda net, **o: real(net.replace(W=net.parameters["W"].T), **o))


def _lag_off_by_one(patch) -> None:
    real = module.lag_shares
    patch.setattr(module, "lag_shares", lambda parts, names: real({k: p[1:] for k, p in parts.items()}, names))


def _shares_of_another_parameter(patch) -> None:
    patch.setattr(module.records, "recurrent_parameters", lambda network: ("B",))


@pytest.mark.parametrize(
    "plant", [_norm_is_the_radius, _transposed, _lag_off_by_one, _shares_of_another_parameter], ids=lambda f: f.__name__
)
def test_a_planted_falsehood_is_caught(plant, monkeypatch) -> None:
    named = small(gain=0.9)
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        agrees(contrast(Graph(), named, rng=5), named, 5)


# What is refused


def test_only_one_vanilla_network_is_contrasted(gaussian) -> None:
    for network in (gaussian("lstm", m=1), gaussian("elman", m=1, steps=25)):
        with pytest.raises(ValueError, match="network 'small' must have one step Jacobian D_t W with one W"):
            contrast(Graph(), replace(small(), network=network))
    with pytest.raises(ValueError, match="steps must be between 1 and 25"):
        contrast(Graph(), small(), steps=26)


def test_what_the_source_did_not_say_makes_the_verdicts_conditional() -> None:
    graph = Graph()
    record = contrast(graph, small(assumed=("activation tanh: not recorded",)))
    assert {v.evidence for v in record.verdicts} == {"assumed"}
    assert all(v.given == ("if activation tanh: not recorded",) for v in record.verdicts)
    assert "contrast:small:assumption:0" in graph.nodes


@pytest.mark.slow
def test_no_draw_from_schaefers_interval_vanishes_for_all_inputs(four) -> None:
    for seed in range(8):
        network = training.network_of(training.initial(40, rng=seed))
        record = contrast(Graph(), replace(four[1]["schaefer"], network=network), steps=60, rng=seed)
        assert all(v.verdict == "undecided" for v in record.verdicts if v.scope == "all_inputs")
