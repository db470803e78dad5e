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
                f"compile: {len(loss)} losses are given, and the outputs are {', '.join(names)}"
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


def has_own(config: Any) -> bool:
    """Return whether losses or metrics of the program's own are in what compile was given."""
    return any(_own_within(config.get(name)) for name in ("loss", "metrics", "weighted_metrics"))


def given_of(config: Any) -> dict[str, Any]:
    """Return what compile is to be given for a configuration as files have it."""
    return {
        "optimizer": optimizers.deserialize(config["optimizer"]),
        "loss": _made(config.get("loss"), "losses"),
        "loss_weights": config.get("loss_weights"),
        "metrics": _made(config.get("metrics"), "metrics"),
        "weighted_metrics": _made(config.get("weighted_metrics"), "metrics"),
    }


def _own(value: Any) -> Any:
    """Return what the program has registered for an entry; a function's name may have become a
    class's."""
    from ._classes import own_class

    name = str(value["class_name"])
    given = (value.get("config") or {}).get("name")
    for each in (name, given, name[:1].lower() + name[1:]):
        found = own_class(each) if isinstance(each, str) else None
        if found is not None:
            return found
    return None


def _own_within(value: Any) -> bool:
    if isinstance(value, dict):
        if "class_name" in value:
            return _own(value) is not None
        return any(_own_within(each) for each in value.values())
    return isinstance(value, list) and any(_own_within(each) for each in value)


def _made(value: Any, kind: str) -> Any:
    if isinstance(value, list):
        return [_made(each, kind) for each in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {name: _made(each, kind) for name, each in value.items()}
    own: Any = _own(value)
    if own is None:
        return (losses if kind == "losses" else metrics).deserialize(value)
    if not isinstance(own, type):
        return own
    made: Any = own
    return made.from_config(dict(value.get("config") or {}))
