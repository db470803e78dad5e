"""What layers are called with, from Keras's ways to write it to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .layer import LayerBase as Layer


class CallArguments:
    """Inputs, initial states, masks of the inputs and flags of one call."""

    __slots__ = ("flags", "inputs", "masks", "others", "states", "training")

    def __init__(self) -> None:
        self.inputs: list[Any] = []
        self.states: list[Any] = []
        self.masks: list[Any] = []
        self.training = False
        self.flags = (False, False, False)  # use_causal_mask, return_attention_scores, reverse
        self.others: dict[str, Any] = {}  # for a layer that is written in Python

    def masks_of_inputs(self) -> list[Any]:
        """Return a mask for each input: what was given, else what hangs on the input."""
        masks = list(self.masks) + [None] * (len(self.inputs) - len(self.masks))
        return [
            getattr(value, "_keras_mask", None) if mask is None else mask
            for value, mask in zip(self.inputs, masks)
        ]


_ATTENTION_INPUTS = ("query", "value", "key")
_FLAGS = ("use_causal_mask", "return_attention_scores", "reverse")


def take_arguments(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallArguments:
    """Return the arguments of a call of a layer of the extension."""
    taken = CallArguments()
    given = dict(kwargs)
    name = type(layer)._table.class_name if layer._table is not None else ""
    is_multi_head = any(field.name == "num_heads" for field in _fields(layer)) and bool(name)
    takes_states_one_by_one = is_cell(layer)
    has_states = bool(name) and layer._handle.state_count > 0
    is_recurrent = has_states and not takes_states_one_by_one
    if is_multi_head:
        _take_heads(taken, args, given)
    else:
        _take_inputs(taken, layer, args, given, is_recurrent, takes_states_one_by_one)
    training = given.pop("training", None)
    training = None if training is UNDECIDED else training
    taken.training = bool(training) if training is not None else current_training()
    taken.flags = tuple(bool(given.pop(flag, False)) for flag in _FLAGS)  # type: ignore[assignment]
    mask = given.pop("mask", None)
    if mask is not None:
        taken.masks = list(mask) if isinstance(mask, (list, tuple)) else [mask]
    if given:
        raise TypeError(
            f"layer {layer.name!r} is called with {sorted(given)}, which it does not take"
        )
    return taken


def is_cell(layer: Layer) -> bool:
    """Return whether a layer of the library is a cell of an RNN, called on a step and states."""
    return layer._table is not None and layer._table.class_name.endswith(("Cell", "Cells"))


def _fields(layer: Layer) -> Any:
    return layer._table.fields if layer._table is not None else ()


def _take_inputs(
    taken: CallArguments,
    layer: Layer,
    args: tuple[Any, ...],
    given: dict[str, Any],
    is_recurrent: bool,
    takes_states: bool,
) -> None:
    rest = list(args)
    if not rest:
        for name in ("inputs", "sequences", "sequence", "x"):
            if name in given:
                rest = [given.pop(name)]
                break
    if not rest:
        raise TypeError(f"layer {layer.name!r} is called on nothing; give it an input")
    taken.inputs = _flat(rest.pop(0))
    if takes_states:
        states = rest.pop(0) if rest else given.pop("states", None)
        taken.inputs += _flat(states)
    elif is_recurrent:
        states = rest.pop(0) if rest else given.pop("initial_state", None)
        taken.states = _flat(states)
        if len(taken.inputs) > 1 and not taken.states:
            taken.inputs, taken.states = taken.inputs[:1], taken.inputs[1:]
    for name, value in zip(("mask", "training"), rest):
        given.setdefault(name, value)


def _take_heads(taken: CallArguments, args: tuple[Any, ...], given: dict[str, Any]) -> None:
    names = (*_ATTENTION_INPUTS, "query_mask", "value_mask", "key_mask", "attention_mask",
             "return_attention_scores", "training", "use_causal_mask")
    values = dict(zip(names, args))
    for name in names:
        if name in given:
            values[name] = given.pop(name)
    taken.inputs = [values[name] for name in _ATTENTION_INPUTS if values.get(name) is not None]
    masks = [values.get(f"{name}_mask") for name in _ATTENTION_INPUTS[: len(taken.inputs)]]
    if values.get("attention_mask") is not None:
        masks[0] = values["attention_mask"]
    taken.masks = masks
    for name in ("return_attention_scores", "training", "use_causal_mask"):
        if values.get(name) is not None:
            given[name] = values[name]


def _flat(value: Any) -> list[Any]:
    """Return the tensors in nested lists, in their order."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)) and not _is_numbers(value):
        flat: list[Any] = []
        for each in value:
            flat += _flat(each)
        return flat
    if isinstance(value, dict):
        return _flat(list(value.values()))
    return [value]


def _is_numbers(value: Any) -> bool:
    """Return whether a list holds numbers or texts, and so stands for an array."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (int, float, str, bool))


class Undecided:
    """What `training` is while a model's `call` is traced: later calls decide."""

    def __bool__(self) -> bool:
        raise TypeError("whether the model trains is not known while its graph is made")

    def __eq__(self, other: object) -> bool:
        return bool(self)

    __hash__ = object.__hash__


UNDECIDED = Undecided()
_training = False


def current_training() -> bool:
    """Return whether the layer that is being computed was called with training=True."""
    return _training


def set_training(training: bool) -> bool:
    """Set what `current_training` returns; returns what it returned before."""
    global _training
    before, _training = _training, training
    return before
