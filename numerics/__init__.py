"""From symbols to arrays: lowered kernels, networks, constants, profiles, spectra, verdicts."""

from . import bounds
from .analysis import Analysis
from .analyze import analyze
from .enclosure import Enclosure
from .evaluate import evaluate
from .inputs import read_inputs
from .network import Network, load_network
from .simulate import Trajectory, simulate, white_noise

__all__ = [
    "Analysis",
    "Enclosure",
    "Network",
    "Trajectory",
    "analyze",
    "bounds",
    "evaluate",
    "load_network",
    "read_inputs",
    "simulate",
    "white_noise",
]
