"""The command line: ``errorflow report``, ``check`` and ``bounds``; it alone in this package calls the numerics.

Exit codes: 0 as expected; 1 a ``--fail-on`` verdict; 2 usage or input error; 3 undecided with ``--fail-on undecided``
(1 wins over 3). Nothing heavy is imported before a command runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..numerics import Network
    from ..theory.certificate import Certificate

Result = TypeVar("Result")
FAILURES = ("vanish", "explode", "undecided")
WORDS = {"vanishes": "vanish", "explodes": "explode", "undecided": "undecided"}


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="errorflow", prog_name="errorflow")
def main() -> None:
    """Does the gradient vanish? A verdict per object, with its hypotheses, margins and evidence."""


def _fail_on(_: click.Context, parameter: click.Parameter, value: str | None) -> frozenset[str]:
    words = frozenset(filter(None, (value or "").replace(" ", "").split(",")))
    for word in words - set(FAILURES):
        raise click.BadParameter(f"{word!r} is none of {', '.join(FAILURES)}", param=parameter)
    return words


_seed = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of inputs and cotangents."
)
_out = click.option("--out", type=click.Path(path_type=Path), help="Folder for report.html and report.json.")


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path(), show_default="this folder",
              help="Folder for report.html and report.json.")  # fmt: skip
@_seed
def report(out: Path, seed: int) -> None:
    """Write the proof report on the network that ships with the package, trained on a marker task."""
    from importlib.resources import as_file, files

    def run() -> dict[str, Any]:
        from ..numerics import load_network
        from ..numerics.experiments import marker

        with as_file(files("errorflow.numerics").joinpath("data", "marker.npz")) as path:
            network = load_network(path, activation="tanh")
        inputs, _ = marker.windows(period=marker.PERIOD, steps=3 * marker.PERIOD, samples=32, rng=seed)
        return _document(
            network,
            f"errorflow report --seed {seed}",
            seed=seed,
            source="marker.npz, which ships with errorflow",
            facts=True,
            confrontation=True,
            inputs=inputs,
            input_name=f"marker task: noise in [-{marker.NOISE}, {marker.NOISE}], every {marker.PERIOD}th value 1",
        )

    _check_folder(out)
    document = _guarded(run)
    _write_files(_report_files(document, out))
    _print_table(document)
    click.echo(f"wrote {out / 'report.html'} and {out / 'report.json'}")


def _weights(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and the options that say which recurrent layer of which file is meant."""
    cells = "Cell: elman, lstm, gru, gru_reset_before, or another that is installed.  [default: from the shapes]"
    for option in (
        click.option("--activation", help="Activation of the cell.  [default: as recorded, else tanh]"),
        click.option("--cell", help=cells),
        click.option("--layer", help="Recurrent layer, where the file has several."),
        click.argument("weights", type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return command


_json = click.option("--json", "json_file", help="File for the JSON document alone; - for standard output.")


@main.command()
@_weights
@click.option("--steps", type=int, help="Horizon T.  [default: 100, or the length of the inputs]")
@click.option("--samples", type=int, help="Number of input sequences.  [default: 32]")
@click.option("--input-scale", type=float, help="Standard deviation of white-noise inputs; 0 for zeros.  [default: 1]")
@click.option(
    "--inputs", type=click.Path(path_type=Path), help="Inputs from a .npy file, (T, input) or (T, batch, input)."
)
@_out
@_json
@click.option(
    "--fail-on", callback=_fail_on, help="Exit 1 on a verdict vanish or explode, 3 on undecided (comma-separated)."
)
@_seed
def check(
    weights: Path,
    layer: str | None,
    cell: str | None,
    activation: str | None,
    steps: int | None,
    samples: int | None,
    input_scale: float | None,
    inputs: Path | None,
    out: Path | None,
    json_file: str | None,
    fail_on: frozenset[str],
    seed: int,
) -> None:
    """Analyze one recurrent layer of WEIGHTS: a .npz, .safetensors, Keras .h5 or PyTorch state_dict file."""

    def run() -> dict[str, Any]:
        from ..numerics import load_network, read_inputs

        network = load_network(weights, layer=layer, cell=cell, activation=activation)
        given = None if inputs is None else read_inputs(inputs, network)
        return _document(
            network, _command(), seed=seed, steps=steps, samples=samples, input_scale=input_scale, inputs=given
        )

    if out is not None:
        _check_folder(out)
    _check_targets(weights, {"--json": json_file})
    document = _guarded(run)
    files: dict[str | Path, str | bytes] = {}
    if out is not None:
        files |= _report_files(document, out)
    if json_file not in (None, "-"):
        from .document import dumps

        files[Path(str(json_file))] = dumps(document)
    _write_files(files)
    if json_file == "-":
        _print_json(document)
    else:
        _print_table(document)
    if out is not None and json_file != "-":
        click.echo(f"wrote {out / 'report.html'} and {out / 'report.json'}")
    sys.exit(_exit_code(document, fail_on))


@main.command()
@_weights
@_json
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    help="File for a certificate (P, L, rate) of uniform vanishing, proved, in exact rationals.",
)
@_seed
def bounds(
    weights: Path,
    layer: str | None,
    cell: str | None,
    activation: str | None,
    json_file: str | None,
    certificate: Path | None,
    seed: int,
) -> None:
    """Brackets and bounds for all inputs of one recurrent layer of WEIGHTS, without a simulation."""

    def run() -> tuple[dict[str, Any], Certificate | None]:
        from ..numerics import load_network
        from ..numerics.uniform import certificate_of, uniform
        from .document import from_uniform
        from .progress import bar
        from .provenance import provenance

        network = load_network(weights, layer=layer, cell=cell, activation=activation)
        with bar("bounding"):
            proof = None if certificate is None else certificate_of(network)
            found = uniform(network)
        hashes = {"weights": network.sha256} if network.sha256 else {}
        return from_uniform(found, provenance=provenance(_command(), seed, hashes)), proof

    _check_targets(weights, {"--json": json_file, "--certificate": certificate})
    document, proof = _guarded(run)
    from .document import dumps

    files: dict[str | Path, str | bytes] = {}
    if certificate is not None and proof is not None:
        files[certificate] = proof.to_json()
    if json_file not in (None, "-"):
        files[Path(str(json_file))] = dumps(document)
    _write_files(files)
    if json_file == "-":
        _print_json(document)
        return
    from .terminal import print_bounds, print_certificate

    print_bounds(document)
    if proof is not None:
        print_certificate(proof.constant, proof.rate)
    for path in files:
        click.echo(f"wrote {path}")


def _command() -> str:
    """The command line as a shell reads it."""
    import shlex

    return " ".join(["errorflow", *map(shlex.quote, sys.argv[1:])])


def _document(
    network: Network, command: str, *, seed: int, source: str | None = None, **options: Any
) -> dict[str, Any]:
    from dataclasses import replace

    from ..numerics import analyze
    from .document import from_analysis
    from .progress import bar
    from .provenance import provenance

    with bar("analyzing") as advance:
        analysis = analyze(network, rng=seed, advance=advance, **options)
    if source is not None:
        analysis = replace(analysis, network=replace(analysis.network, source=source))
    hashes = {"weights": network.sha256} if network.sha256 else {}
    return from_analysis(analysis, provenance=provenance(command, seed, hashes))


def _guarded(run: Callable[[], Result]) -> Result:
    """Run; what is wrong with the input becomes one sentence on stderr and exit code 2."""
    try:
        return run()
    except (ValueError, TypeError, OSError, ImportError) as error:
        _complain(error)


def _complain(error: BaseException) -> NoReturn:
    sentence = " ".join(str(error).split()) or type(error).__name__
    click.echo(f"errorflow: {sentence}", err=True)
    sys.exit(2)


def _check_folder(folder: Path) -> None:
    """Refuse a folder that cannot be one before the work is done."""
    if folder.exists() and not folder.is_dir():
        _complain(NotADirectoryError(f"--out must name a folder, got the file {str(folder)!r}"))


def _report_files(document: dict[str, Any], folder: Path) -> dict[str | Path, str | bytes]:
    from .document import dumps
    from .html import render

    return {folder / "report.html": render(document), folder / "report.json": dumps(document)}


def _check_targets(weights: Path, targets: Mapping[str, str | Path | None]) -> None:
    """Refuse files that would overwrite the weights or one another, and folders, before the work is done."""
    named = {option: Path(target) for option, target in targets.items() if target not in (None, "-")}
    for option, path in named.items():
        if path.is_dir():
            _complain(IsADirectoryError(f"{option} must name a file, got the folder {str(path)!r}"))
        if path.exists() and weights.exists() and path.samefile(weights):
            _complain(ValueError(f"{option} must not name the weights, got {str(path)!r}"))
    if len({path.resolve() for path in named.values()}) < len(named):
        _complain(ValueError(f"{' and '.join(named)} must name two files, got {', '.join(map(str, named.values()))}"))


def _print_json(document: dict[str, Any]) -> None:
    """The document alone on standard output; a full disk behind it is one sentence and exit code 2."""
    from .document import dumps

    try:
        click.echo(dumps(document), nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        raise  # click ends quietly where the reader has gone
    except OSError as error:
        sys.stderr.write(f"errorflow: cannot write the document to standard output: {error.strerror}\n")
        os._exit(2)  # what is left in the buffer can not be written either


def _write_files(files: Mapping[str | Path, str | bytes]) -> None:
    from .files import write_whole

    try:
        write_whole(files)
    except OSError as error:
        _complain(error)


def _print_table(document: dict[str, Any]) -> None:
    from .terminal import print_verdicts

    print_verdicts(document)


def _exit_code(document: dict[str, Any], fail_on: frozenset[str]) -> int:
    """1 if the state Jacobian or another object has a verdict in ``--fail-on``, 3 if one is undecided, 1 before 3."""
    found = {WORDS.get(v["verdict"]) for v in document["verdicts"] if v["decisive"]} & fail_on
    return 1 if found - {"undecided"} else 3 if found else 0


if __name__ == "__main__":
    main()
