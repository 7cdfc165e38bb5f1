"""Keras weights: HDF5 files (``.h5``, ``.hdf5``, ``.weights.h5``) and ``.keras`` zips. Needs h5py."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from .npz import read_npz
from .refusal import Contents, Refusal

WEIGHTS = "model.weights.h5"
_READER = Path(__file__).with_name("hdf5_process.py")


def read_hdf5(data: bytes) -> Contents:
    """Numeric arrays of an HDF5 file given as bytes, by their path, with what Keras recorded beside them.

    Metadata: ``model_config`` (parsed), ``keras_version`` and ``names``, the layer name of each group that
    has one. Raises Refusal without h5py, ValueError for a damaged file.
    """
    if importlib.util.find_spec("h5py") is None:
        raise Refusal('needs h5py: pip install "errorflow[keras]"')
    seconds = 60 + len(data) // 1_000_000
    command = [sys.executable, "-P", str(_READER)]
    try:
        run = subprocess.run(command, input=data, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise ValueError(f"the HDF5 library did not finish within {seconds} s") from None
    if run.returncode < 0:
        raise ValueError(f"the HDF5 library crashed with signal {-run.returncode}")
    if run.returncode:
        lines = run.stderr.decode(errors="replace").strip().splitlines()
        raise ValueError(lines[-1].partition(": ")[2] if lines else f"the reader ended with {run.returncode}")
    numbered, _ = read_npz(run.stdout)
    with zipfile.ZipFile(io.BytesIO(run.stdout)) as archive:
        contents = json.loads(archive.read("contents.json"))
    return {path: numbered[str(i)] for i, path in enumerate(contents["paths"])}, contents["metadata"]


def read_keras_zip(data: bytes) -> Contents:
    """Arrays of a ``.keras`` file given as bytes: a zip of ``model.weights.h5`` and ``config.json``."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        arrays, metadata = read_hdf5(archive.read(WEIGHTS))
        if "config.json" in archive.namelist():
            metadata["model_config"] = json.loads(archive.read("config.json"))
    return arrays, metadata
