"""Strategies and assertions for tests of recurrent networks (importable as errorflow.testing)."""
