"""Strategies and assertions for tests of recurrent networks (importable as errorflow.testing)."""

from . import strategies
from .assertions import assert_bptt_matches, assert_gradients_bounded

__all__ = ["assert_bptt_matches", "assert_gradients_bounded", "strategies"]
