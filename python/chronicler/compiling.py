"""What compile is given, as the extension takes it."""

from __future__ import annotations

from typing import Any

from . import losses, metrics, optimizers


def compile_options(
    names: list[str], optimizer: Any, loss: Any, loss_weights: Any, given_metrics: Any,
    weighted_metrics: Any,
) -> tuple[dict[str, Any], Any]:
    """Return the options for the extension, and the optimizer of Python's."""
    made = optimizers.get(optimizer)
    own, by_output = _metrics(names, given_metrics)
    weighted, weighted_by_output = _metrics(names, weighted_metrics)
    one, several = _losses(names, loss)
    return {
        "optimizer": made._core_optimizer,
        "loss": one,
        "losses": several,
        "loss_weights": _weights(names, loss_weights),
        "metrics": own,
        "weighted_metrics": weighted,
        "output_metrics": by_output,
        "output_weighted_metrics": weighted_by_output,
    }, made


def _losses(names: list[str], loss: Any) -> tuple[Any, dict[str, Any]]:
    if isinstance(loss, dict):
        for name in loss:
            _check_output(name, names, "loss")
        if len(names) == 1:
            return losses.compiled(loss[names[0]]), {}
        given = {name: each for name, each in loss.items() if each is not None}
        return None, {name: losses.compiled(each) for name, each in given.items()}
    if isinstance(loss, (list, tuple)):
        if len(loss) == 1 and len(names) == 1:
            return losses.compiled(loss[0]), {}
        if len(loss) != len(names):
            raise ValueError(
                f"compile: {len(loss)} losses for {len(names)} outputs ({', '.join(names)})"
            )
        return None, {
            name: losses.compiled(each) for name, each in zip(names, loss) if each is not None
        }
    return losses.compiled(loss), {}


def _metrics(names: list[str], given: Any) -> tuple[list[Any], dict[str, list[Any]]]:
    if given is None:
        return [], {}
    if isinstance(given, dict):
        for name in given:
            _check_output(name, names, "metrics")
        if len(names) == 1:
            return _compiled(given[names[0]]), {}
        return [], {name: _compiled(each) for name, each in given.items()}
    if not isinstance(given, (list, tuple)):
        raise TypeError(f"compile: metrics must be a list, got {given!r}")
    nested = any(isinstance(each, (list, tuple)) for each in given)
    if len(names) > 1 and (nested or len(given) == len(names)):
        if len(given) != len(names):
            raise ValueError(f"compile: metrics for {len(given)} of {len(names)} outputs")
        return [], {name: _compiled(each) for name, each in zip(names, given) if each}
    flat = [one for each in given for one in (each if isinstance(each, (list, tuple)) else [each])]
    return _compiled(flat), {}


def _compiled(given: Any) -> list[Any]:
    listed = given if isinstance(given, (list, tuple)) else [given]
    return [metrics.compiled(each) for each in listed if each is not None]


def _weights(names: list[str], given: Any) -> dict[str, float]:
    if given is None:
        return {}
    if isinstance(given, dict):
        return {name: float(weight) for name, weight in given.items()}
    if isinstance(given, (list, tuple)):
        return {name: float(weight) for name, weight in zip(names, given)}
    return {name: float(given) for name in names}


def _check_output(name: str, names: list[str], what: str) -> None:
    if name not in names:
        raise ValueError(f"compile: {what} for {name!r}, but the outputs are {', '.join(names)}")
