"""Lyapunov spectra: step Jacobians of orbits, tangent frames carried by them, and the exponents with their residual."""

from .exponents import lyapunov_spectrum
from .spectrum import Spectrum

__all__ = ["Spectrum", "lyapunov_spectrum"]
