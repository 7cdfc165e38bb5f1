"""Laws of the kernels: what the derived graph computes is what the cell's equations say, to all digits."""

import tracemalloc
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import lower as module
from errorflow.numerics.lower import Kernels, lower
from errorflow.numerics.ranges import diagonals
from errorflow.theory import activations, cells

CELLS = cells.names()
NAMES = [activation.name.partition("(")[0] for activation in activations.all()]
EVERY = [(cell, phi) for cell in CELLS for phi in NAMES]
CLOSE = {"rtol": 1e-12, "atol": 1e-13}


def at_a_point(network, *, samples: int = 2, rng=1):
    """The kernels of a network, a state with inputs, and the local factors of the step from there."""
    random = np.random.default_rng(rng)
    lead = (network.nets,) if network.nets else ()
    x = random.standard_normal((*lead, network.state_dim, samples))
    u = random.standard_normal((*lead, network.m, samples))
    kernels = lower(network.cell)
    return SimpleNamespace(kernels=kernels, p=network.parameters, x=x, u=u, at=kernels.point(network.parameters, x, u))


def jacobians(equations, network, x, u, phi="tanh") -> np.ndarray:
    """(samples, N, N) by complex steps of the equations written down in conftest."""
    name, p = network.cell.name, network.parameters
    columns = zip(x.T, u.T, strict=True)
    return np.array([equations.derivative(lambda v, w=w: equations.step(name, p, v, w, phi), z) for z, w in columns])


# One step against the equations


@pytest.mark.parametrize(("cell", "phi"), EVERY)
def test_step_and_jacobian_are_those_of_the_equations(cell, phi, equations, gaussian) -> None:
    network = gaussian(cell, phi=phi)
    s = at_a_point(network)
    expected = np.array([equations.step(cell, s.p, z, w, phi) for z, w in zip(s.x.T, s.u.T, strict=True)]).T
    np.testing.assert_allclose(s.at.state, expected, **CLOSE)
    np.testing.assert_allclose(s.kernels.step(s.p, s.x, s.u), expected, **CLOSE)
    np.testing.assert_allclose(s.kernels.dense(s.p, s.at), jacobians(equations, network, s.x, s.u, phi), **CLOSE)


@pytest.mark.parametrize(("cell", "phi"), EVERY)
def test_jvp_and_vjp_are_products_with_the_jacobian_of_the_equations(cell, phi, equations, gaussian) -> None:
    network = gaussian(cell, phi=phi)
    s = at_a_point(network)
    J = jacobians(equations, network, s.x, s.u, phi)
    v = np.random.default_rng(2).standard_normal((*s.x.shape, 3))
    np.testing.assert_allclose(s.kernels.jvp(s.p, s.at, v), np.einsum("sij,jsd->isd", J, v), **CLOSE)
    np.testing.assert_allclose(s.kernels.vjp(s.p, s.at, v), np.einsum("sji,jsd->isd", J, v), **CLOSE)
    np.testing.assert_allclose(s.kernels.vjp(s.p, s.at, v[..., 0]), np.einsum("sji,js->is", J, v[..., 0]), **CLOSE)


@pytest.mark.parametrize("cell", CELLS)
def test_uses_give_the_derivative_in_every_parameter(cell, equations, gaussian) -> None:
    network = gaussian(cell)
    s = at_a_point(network, samples=1)
    g = np.random.default_rng(2).standard_normal(s.x.shape)
    received = {name: np.zeros_like(array) for name, array in s.p.items()}
    for use in s.kernels.pullback(s.p, s.at, g, uses=True)[1]:
        rows = slice(use.first * network.n, use.first * network.n + len(use.delta))
        received[use.parameter][rows] += use.delta[:, 0] if use.operand is None else use.delta @ use.operand.T
    for name, array in s.p.items():

        def loss(moved, name=name):
            return g[:, 0] @ equations.step(cell, {**s.p, name: moved}, s.x[:, 0], s.u[:, 0])

        np.testing.assert_allclose(received[name], equations.derivative(loss, array), err_msg=name, **CLOSE)


@pytest.mark.parametrize("activation", activations.all(), ids=NAMES)
def test_slopes_of_saturated_units_keep_their_digits(activation) -> None:
    a = np.array([-1e5, -800.0, -700.0, -350.0, -30.0, -19.5, -1e-3, -1e-300, 0, 1e-300, 0.5, 1, 20, 350, 700, 1e5])
    slope = sp.lambdify(activations.x, activation.slope, modules="mpmath")
    value = sp.lambdify(activations.x, activation.expression, modules="mpmath")
    with mpmath.workdps(500):
        exact = [(float(value(mpmath.mpf(x))), float(slope(mpmath.mpf(x)))) for x in a]
    found = module.value_and_slope(activation)(a)
    # below 1e-300 a double has fewer digits; exp(-700) itself is good to 700 units of rounding
    np.testing.assert_allclose(found, np.transpose(exact), rtol=2e-13, atol=1e-300)


def test_rounding_does_not_depend_on_names_that_sympy_makes_up(gaussian, monkeypatch) -> None:
    """SymPy orders the factors of a product by name, and Dummy_1000000 comes before Dummy_999999."""
    found = set()
    for before in range(12):
        s = at_a_point(gaussian("lstm"), samples=50)  # a cell of its own, hence compiled anew
        monkeypatch.setattr(sp.Dummy, "_count", 1_000_000 - before)
        found.add(b"".join(s.kernels.diagonal(d, s.p, s.at).tobytes() for d in diagonals(s.kernels.cell)))
    assert len(found) == 1


# Axes


@pytest.mark.parametrize("cell", CELLS)
def test_a_batch_of_networks_is_a_loop_over_networks(cell, gaussian) -> None:
    batch = gaussian(cell, nets=3)
    s = at_a_point(batch)
    v = np.random.default_rng(3).standard_normal((*s.x.shape, 2))
    for i in range(3):
        p = {name: array[i] for name, array in s.p.items()}
        at = s.kernels.point(p, s.x[i], s.u[i])
        np.testing.assert_allclose(s.at.state[i], at.state, **CLOSE)
        np.testing.assert_allclose(s.kernels.dense(s.p, s.at)[i], s.kernels.dense(p, at), **CLOSE)
        for kernel in (s.kernels.jvp, s.kernels.vjp):
            np.testing.assert_allclose(kernel(s.p, s.at, v)[i], kernel(p, at, v[i]), **CLOSE)
            np.testing.assert_allclose(kernel(s.p, s.at, v[..., 0])[i], kernel(p, at, v[i, ..., 0]), **CLOSE)


@pytest.mark.parametrize("cell", CELLS)
def test_directions_are_a_loop_and_dense_is_jvp_on_the_identity(cell, gaussian) -> None:
    s = at_a_point(gaussian(cell))
    size, samples = s.x.shape
    identity = np.broadcast_to(np.eye(size)[:, None, :], (size, samples, size))
    dense = np.moveaxis(s.kernels.dense(s.p, s.at), 0, 1)
    np.testing.assert_allclose(s.kernels.jvp(s.p, s.at, identity), dense, **CLOSE)
    np.testing.assert_allclose(s.kernels.vjp(s.p, s.at, identity), dense.transpose(2, 1, 0), **CLOSE)
    for kernel in (s.kernels.jvp, s.kernels.vjp):
        loop = [kernel(s.p, s.at, identity[..., i]) for i in range(size)]
        np.testing.assert_allclose(kernel(s.p, s.at, identity), np.stack(loop, axis=-1), **CLOSE)


@given(
    cell=st.sampled_from(CELLS),
    phi=st.sampled_from(NAMES),
    n=st.integers(1, 5),
    samples=st.integers(1, 3),
    gain=st.sampled_from([0.0, 1e-100, 0.5, 3.0, 100.0]),
    rng=st.integers(0, 2**32 - 1),
)
def test_vjp_is_the_adjoint_of_jvp(gaussian, cell, phi, n, samples, gain, rng) -> None:
    s = at_a_point(gaussian(cell, n=n, gain=gain, phi=phi, rng=rng), samples=samples, rng=rng)
    v, g = np.random.default_rng(rng).standard_normal((2, *s.x.shape, 2))
    forward, back = g * s.kernels.jvp(s.p, s.at, v), v * s.kernels.vjp(s.p, s.at, g)
    size = np.abs(forward).sum() + np.abs(back).sum()
    np.testing.assert_allclose(forward.sum(axis=0), back.sum(axis=0), rtol=0, atol=1e-13 * size)


# Cost


class Counted(np.ndarray):
    """An array that notes the shape of every matrix product it takes part in."""

    products: list[tuple[int, ...]]

    def __array_finalize__(self, source) -> None:
        self.products = getattr(source, "products", [])

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if ufunc is np.matmul:
            self.products.append(inputs[0].shape)
        plain = [x.view(np.ndarray) if isinstance(x, Counted) else x for x in inputs]
        return getattr(ufunc, method)(*plain, **options)


def counted(parameters):
    products: list[tuple[int, ...]] = []
    arrays = {name: np.array(array).view(Counted) for name, array in parameters.items()}
    for array in arrays.values():
        array.products = products
    return arrays, products


@pytest.mark.parametrize(("cell", "blocks"), [("elman", 1), ("lstm", 1), ("gru", 1), ("gru_reset_before", 2)])
def test_a_step_is_one_product_per_block_and_operand(cell, blocks, gaussian) -> None:
    s = at_a_point(gaussian(cell, n=6))
    p, products = counted(s.p)
    v = np.ones((*s.x.shape, 4))
    for kernel, count in ((s.kernels.step, blocks + 1), (s.kernels.jvp, blocks), (s.kernels.vjp, blocks)):
        products.clear()
        kernel(p, s.x, s.u) if kernel == s.kernels.step else kernel(p, s.at, v)
        assert len(products) == count, products


@pytest.mark.parametrize("cell", CELLS)
def test_no_matrix_per_step_unless_dense(cell, gaussian) -> None:
    s = at_a_point(gaussian(cell, n=400), samples=2)
    matrix = 400 * 400 * 8

    def peak(call) -> int:
        tracemalloc.start()
        call()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(lambda: s.kernels.point(s.p, s.x, s.u)) < matrix / 2
    assert peak(lambda: s.kernels.jvp(s.p, s.at, s.x)) < matrix / 2
    assert peak(lambda: s.kernels.pullback(s.p, s.at, s.x, uses=True)) < matrix / 2
    assert peak(lambda: s.kernels.dense(s.p, s.at)) >= 2 * matrix


# Planted falsehoods: the laws above must catch them


def transposed(self: Kernels, parameters, point, cotangent):
    return self.jvp(parameters, point, cotangent)


def without_the_cell_path(real):
    """Drop the edge from the old cell state c to f * c, as one prototype did."""

    def factors(self: Kernels, node, parameters, point):
        return [(v, f) for v, f in real(self, node, parameters, point) if getattr(v, "name", "") != "c"]

    return factors


def squared_slope(activation):
    real = module.elementwise(activation.stable or activation.expression)
    return lambda a: (real(a), (1 - real(a)) ** 2)  # tanh' written as (1 - h)^2


@pytest.mark.parametrize(
    ("law", "plant"),
    [
        (test_jvp_and_vjp_are_products_with_the_jacobian_of_the_equations, "transposed"),
        (test_jvp_and_vjp_are_products_with_the_jacobian_of_the_equations, "path"),
        (test_directions_are_a_loop_and_dense_is_jvp_on_the_identity, "path"),
        (test_step_and_jacobian_are_those_of_the_equations, "slope"),
    ],
)
def test_planted_falsehoods_are_caught(law, plant, equations, gaussian, monkeypatch) -> None:
    match plant:
        case "transposed":
            monkeypatch.setattr(Kernels, "vjp", transposed)
        case "path":
            monkeypatch.setattr(Kernels, "_factors", without_the_cell_path(Kernels._factors))
        case "slope":
            monkeypatch.setattr(module, "value_and_slope", squared_slope)
    arguments = {"cell": "lstm", "phi": "tanh", "equations": equations, "gaussian": gaussian}
    names = law.__code__.co_varnames[: law.__code__.co_argcount]
    with pytest.raises(AssertionError):
        law(**{name: arguments[name] for name in names})


# Against torch


def torch_function(name: str):
    import torch

    F = torch.nn.functional
    return {
        "tanh": torch.tanh,
        "logistic": torch.sigmoid,
        "relu": torch.relu,
        "leaky_relu": F.leaky_relu,
        "hard_tanh": F.hardtanh,
        "softplus": F.softplus,
        "silu": F.silu,
        "gelu": F.gelu,
        "identity": lambda a: a,
    }[name]


def torch_step(cell: str, phi, p, x, u):
    """One step of one sample as a torch expression of stacked state, input and parameters."""
    import torch

    n, s, fixed = p["W"].shape[1], torch.sigmoid, p["B"] @ u + p["b"]
    h = x[:n]
    if cell == "elman":
        return phi(p["W"] @ h + fixed)
    a = (p["W"] @ h + fixed).split(n)
    if cell == "lstm":
        c = s(a[1]) * x[n:] + s(a[0]) * phi(a[2])
        return torch.cat([s(a[3]) * phi(c), c])
    r, z, last = s(a[0]), s(a[1]), p["W"][2 * n :]
    inside = r * (last @ h + p["d"]) if cell == "gru" else last @ (r * h)
    return (1 - z) * phi(fixed[2 * n :] + inside) + z * h


@pytest.mark.peer("torch")
@pytest.mark.parametrize(("cell", "phi"), EVERY)
def test_step_jacobian_and_parameter_gradients_are_those_of_autograd(cell, phi, gaussian) -> None:
    import torch

    s = at_a_point(gaussian(cell, phi=phi), samples=1)
    p = {name: torch.tensor(array, requires_grad=True) for name, array in s.p.items()}
    x, u = torch.tensor(s.x[:, 0], requires_grad=True), torch.tensor(s.u[:, 0])
    new = torch_step(cell, torch_function(phi), p, x, u)
    np.testing.assert_allclose(s.at.state[:, 0], new.detach(), **CLOSE)
    J = torch.autograd.functional.jacobian(lambda v: torch_step(cell, torch_function(phi), p, v, u), x)
    np.testing.assert_allclose(s.kernels.dense(s.p, s.at)[0], J.detach(), **CLOSE)
    g = np.random.default_rng(2).standard_normal(s.x.shape)
    gradients = torch.autograd.grad(new @ torch.tensor(g[:, 0]), list(p.values()))
    received = {name: np.zeros_like(array) for name, array in s.p.items()}
    for use in s.kernels.pullback(s.p, s.at, g, uses=True)[1]:
        rows = slice(use.first * 3, use.first * 3 + len(use.delta))
        received[use.parameter][rows] += use.delta[:, 0] if use.operand is None else use.delta @ use.operand.T
    for name, gradient in zip(p, gradients, strict=True):
        np.testing.assert_allclose(received[name], gradient, err_msg=name, **CLOSE)


@pytest.mark.peer("torch")
@pytest.mark.parametrize(
    ("cell", "phi", "layer", "options"),
    [
        ("elman", "tanh", "RNNCell", {"nonlinearity": "tanh"}),
        ("elman", "relu", "RNNCell", {"nonlinearity": "relu"}),
        ("lstm", "tanh", "LSTMCell", {}),
        ("gru", "tanh", "GRUCell", {}),
    ],
)
def test_step_and_jacobian_are_those_of_the_modules_of_torch(cell, phi, layer, options, gaussian) -> None:
    import torch

    s = at_a_point(gaussian(cell, phi=phi), samples=1)
    p = {name: torch.tensor(array) for name, array in s.p.items()}
    rnn = getattr(torch.nn, layer)(2, 3, **options).double()
    hidden = torch.zeros_like(p["b"])
    if cell == "gru":
        hidden[6:] = p["d"]  # the recurrent bias inside the reset
    with torch.no_grad():
        (
            rnn.weight_hh.copy_(p["W"]),
            rnn.weight_ih.copy_(p["B"]),
            rnn.bias_ih.copy_(p["b"]),
            rnn.bias_hh.copy_(hidden),
        )

    def step(x):
        row = (x[None, :3], x[None, 3:]) if cell == "lstm" else x[None]
        new = rnn(torch.tensor(s.u.T), row)
        return torch.cat(new, dim=1)[0] if cell == "lstm" else new[0]

    x = torch.tensor(s.x[:, 0])
    np.testing.assert_allclose(s.at.state[:, 0], step(x).detach(), **CLOSE)
    J = torch.autograd.functional.jacobian(step, x)
    np.testing.assert_allclose(s.kernels.dense(s.p, s.at)[0], J, **CLOSE)
