"""One weight file format per module; the only place that knows the layouts of other frameworks.

`read` gives the named arrays of a file, `find_layers` the recurrent layers among them in the project's
layout, and `from_module` those of a live torch module.
"""

from .archive import Archive, read
from .layers import find_layers, layer_names
from .recurrent import RecurrentLayer
from .torch_module import archive_of, from_module

__all__ = ["Archive", "RecurrentLayer", "archive_of", "find_layers", "from_module", "layer_names", "read"]
