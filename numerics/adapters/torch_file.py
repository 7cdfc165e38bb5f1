"""PyTorch checkpoints (``.pt``, ``.pth``, ``.bin``), tensors only; the only module that imports torch."""

from __future__ import annotations

import io
import pickle
import re
import warnings
from collections.abc import Mapping

from .refusal import Contents, Refusal
from .torch_tensors import contents

_ADVICE = "save the tensors alone with torch.save(model.state_dict(), path)"


def read_torch(data: bytes) -> Contents:
    """Tensors of a checkpoint given as bytes, by their state_dict key.

    Read with ``weights_only=True``: nothing but tensors and plain containers is ever built. A state_dict
    inside another mapping (``state_dict``, ``model``, ...) is found. Raises Refusal without torch and for a
    file that needs other Python objects, any error of torch for a damaged file.
    """
    try:
        import torch
    except ImportError:
        raise Refusal('needs torch: pip install "errorflow[torch]"') from None

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside torch are no news to the owner of a weights file
        try:
            loaded = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            found = re.search(r"GLOBAL (\S+)", str(error))
            what = f" ({found.group(1)})" if found else ""
            raise Refusal(f"holds Python objects{what}, which are never unpickled: {_ADVICE}") from error
        if not isinstance(loaded, Mapping):
            raise Refusal(f"holds a {type(loaded).__name__} and no state_dict: {_ADVICE}")
        return contents(loaded)
