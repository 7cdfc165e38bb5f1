"""The task-informative gradient theorem: its setting, the distances, the means, the gradient, and the form with a scaling."""

from .gradient import task_informative_gradient
from .scaled import task_informative_gradient_scaled

__all__ = ["task_informative_gradient", "task_informative_gradient_scaled"]
