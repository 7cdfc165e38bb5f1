"""Experiments: tasks and the training runs whose results ship with the package."""
