"""What compile, fit, evaluate and predict of a model do."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ._core import FileBatches
from .batches import Batches, batches_of, is_batches
from .data import inputs_of, targets_of, weights_of
from .nesting import alone, flat
from .output import shown
from .own_model import OwnModel


class Trainable(OwnModel):
    """The part of a model that trains it."""

    if TYPE_CHECKING:  # model.py has them

        def _input_names(self, x: Any = None) -> list[str]: ...

        def _output_names(self, y: Any = None) -> list[str]: ...

        def _packed(self, outputs: list[Any]) -> Any: ...

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch."""
        return self.predict(x, batch_size=_length(x), verbose=0)

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, loss_weights: Any = None,
        metrics: Any = None, weighted_metrics: Any = None, run_eagerly: bool = False,
        steps_per_execution: int = 1, jit_compile: Any = "auto", auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is trained.

        Parameters
        ----------
        optimizer : str or Optimizer, default "rmsprop"
            What moves the weights.
        loss : str, Loss, callable, or a list or dict of them
            What training makes small; for several outputs one each.
        loss_weights : list or dict, optional
            What each loss counts in the sum.
        metrics, weighted_metrics : list or dict, optional
            What is measured; weighted_metrics heed sample weights.
        run_eagerly, steps_per_execution, jit_compile, auto_scale_loss
            Accepted as in Keras; nothing depends on them.
        """
        from .compiling import compile_options

        if "_core" not in self.__dict__:
            from .optimizers import get

            self._optimizer, self._loss = get(optimizer), loss
            self._compile_later = {
                "optimizer": self._optimizer, "loss": loss, "loss_weights": loss_weights,
                "metrics": metrics, "weighted_metrics": weighted_metrics,
            }
            return
        options, made = compile_options(
            self._core.output_names, optimizer, loss, loss_weights, metrics, weighted_metrics)
        self._core.compile(options)
        self._optimizer = made
        self._loss = loss
        made._take(self._core.optimizer)
        self._quick = False

    def _revive_own(self) -> None:
        """Compile a model from a file again if it has losses or metrics of the program's own."""
        from .compiling import compile_options, given_of, has_own

        config = self._core.compilation
        if not has_own(config):
            return
        given = given_of(config)
        options, made = compile_options(
            self._core.output_names, given["optimizer"], given["loss"], given["loss_weights"],
            given["metrics"], given["weighted_metrics"])
        self._core.compile_again(options)
        self._optimizer, self._loss = made, given["loss"]
        made._take(self._core.optimizer)

    def get_compile_config(self) -> dict[str, Any]:
        """Return what compile was given as plain values; empty without compile."""
        return dict(self._core.compilation or {})

    def compile_from_config(self, config: Any) -> None:
        """Compile the model as another one was: with what `get_compile_config` returned."""
        from .compiling import given_of

        self.compile(**given_of(config))

    @property
    def optimizer(self) -> Any:
        """The optimizer that compile was given."""
        if "_core" not in self.__dict__:
            return self.__dict__.get("_optimizer")
        if self._optimizer is None and self._core.compilation is not None:
            from .optimizers import deserialize

            made = deserialize(self._core.compilation["optimizer"])
            made._take(self._core.optimizer)
            self._optimizer = made
        return self._optimizer

    @property
    def compiled(self) -> bool:
        """Whether compile was called."""
        if "_core" not in self.__dict__:
            return self.__dict__.get("_compile_later") is not None
        return self._core.compilation is not None

    @property
    def loss(self) -> Any:
        """The loss that compile was given."""
        if self._loss is None and self._core.compilation is not None:
            return self._core.compilation["loss"]
        return self._loss

    @property
    def metrics_names(self) -> list[str]:
        """The keys of the results of evaluate."""
        return list(self._core.results)

    @property
    def history(self) -> Any:
        """The History of the last fit."""
        return self._history

    @property
    def stop_training(self) -> bool:
        """Set by a callback: training ends after the epoch."""
        return bool(self._core.stop_training)

    @stop_training.setter
    def stop_training(self, value: bool) -> None:
        self._core.stop_training = bool(value)

    def fit(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1,
        verbose: Any = "auto", callbacks: Any = None, validation_split: float = 0.0,
        validation_data: Any = None, shuffle: bool = True, class_weight: Any = None,
        sample_weight: Any = None, initial_epoch: int = 0, steps_per_epoch: int | None = None,
        validation_steps: int | None = None, validation_batch_size: int | None = None,
        validation_freq: int = 1, *, max_seconds: float | None = None,
        max_epochs: float | None = None, seed: int | None = None,
        memory_budget: int | str | None = None, bptt: Any = None,
    ) -> Any:
        """Train the model; return a `History`.

        Parameters
        ----------
        x : array, list of arrays, dict, frame, generator, PyDataset or iterable of batches
            Inputs: (N, ...) for each. A list of arrays of different lengths is a list of
            sequences, for a model of one input.
        y : array, list of arrays or dict, optional
            Targets; not with batches, which hold them.
        batch_size : int, default 32
            Rows of a batch.
        epochs : int, default 1
            Passes over the data.
        verbose : "auto", 0, 1 or 2
            0 nothing, 1 a progress bar, 2 a line an epoch.
        callbacks : list of Callback, optional
            Hooks.
        validation_split : float, default 0
            The share of the rows, the last ones, that validates and is not trained on.
        validation_data : tuple (x, y) or (x, y, sample_weight), or batches, optional
            What validates.
        shuffle : bool, default True
            Another order in each epoch.
        class_weight : dict, optional
            What each class counts.
        sample_weight : array, optional
            What each row counts, or each step of it.
        initial_epoch : int, default 0
            The epoch to begin with.
        steps_per_epoch, validation_steps : int, optional
            Batches of an epoch, or of the validation; generators without an end need it.
        validation_freq : int, default 1
            Epochs from one validation to the next.
        max_seconds, max_epochs : float, optional
            Limits instead of `epochs`.
        seed : int, optional
            Fixes the order of the rows.
        memory_budget : str or int, optional
            What a batch may keep for the way back: "64MB", "1.5GB" or a number of bytes; the
            outputs of all layers and their gradients, and what recurrent layers keep of their
            steps. These keep states at some steps and compute again what does not fit, to the
            same bits. Weights, optimizer and data come besides.
        bptt : int, tuple (steps, stride) or dict, optional
            Truncated backpropagation: long sequences are learnt in parts of `steps` steps, a new
            one every `stride` steps (as many as `steps` by default), the states carried.

        Raises
        ------
        ValueError
            For data that do not fit the model, with the place.
        KeyboardInterrupt
            After the batch, with the weights intact.
        """
        from .callbacks import Callback, History

        hooks = [each() if isinstance(each, type) else each for each in _listed(callbacks)]
        for hook in hooks:
            if not isinstance(hook, Callback):
                raise TypeError(f"callbacks must be objects of chronicler.callbacks, got {hook!r}")
        history = next((hook for hook in hooks if isinstance(hook, History)), None) or History()
        x = self._ready_for(x)
        data, targets = self._data(x, y, shuffle)
        validation = self._validation(validation_data)
        options = {
            "batch_size": batch_size or 32,
            "epochs": epochs, "verbose": _verbosity(verbose),
            "validation_split": float(validation_split or 0.0),
            "validation_data": validation, "shuffle": bool(shuffle),
            "class_weight": _class_weight(class_weight),
            "sample_weight": weights_of(sample_weight, self._core.output_names),
            "initial_epoch": initial_epoch, "steps_per_epoch": steps_per_epoch,
            "validation_steps": validation_steps, "validation_batch_size": validation_batch_size,
            "validation_freq": validation_freq if isinstance(validation_freq, int) else 1,
            "max_seconds": max_seconds, "max_epochs": max_epochs, "seed": seed,
            "memory_budget": None if memory_budget is None else str(memory_budget),
            "bptt": _bptt(bptt),
        }
        params = {"verbose": options["verbose"], "epochs": epochs, "steps": _steps(
            data, options["batch_size"], steps_per_epoch, options["validation_split"])}
        for hook in [*hooks, history]:
            hook.set_model(self)
            hook.set_params(params)
        options["callbacks"] = [hook._core() for hook in hooks]
        self._history = history
        epoch, found, not_finite, _ = self._run_core(
            lambda: self._core.fit(data, targets, options), data, validation)
        history.epoch = list(history.epoch) + list(epoch)
        for key, values in found.items():
            history.history.setdefault(key, []).extend(values)
        _warn_not_finite(not_finite)
        return history

    def fit_stream(
        self, x: Any, y: Any = None, *, update_every: int = 1, new_sequences: bool = False,
        report_every: int = 1000, max_seconds: float | None = None, verbose: Any = "auto",
        callbacks: Any = None,
    ) -> Any:
        """Learn along one sequence as its steps arrive; return a `History`.

        No window and no tape: the memory does not grow with the sequence. The gradient is exact for
        MinGRU, MinLSTM, RGLRU and LRU (real-time recurrent learning), SnAp-1 for LSTM, GRU and
        SimpleRNN.

        Parameters
        ----------
        x : array (T, F), or iterable of samples (x, y)
            The steps; or one sample after the other, x (F,) and y (outputs,) or a label.
        y : array (T, outputs) or (T,), optional
            A target for each step; not with samples, which hold them.
        update_every : int, default 1
            Steps whose mean gradient makes a step of the optimizer.
        new_sequences : bool, default False
            Each batch of a `chronicler` data set is a sequence of its own.
        report_every : int, default 1000
            Steps that make a line of the history, and an epoch for callbacks.
        max_seconds : float, optional
            Ends the run.
        verbose : "auto", 0, 1 or 2
            As in `fit`.
        callbacks : list of Callback, optional
            Hooks.
        """
        from .callbacks import History
        from .stream import learn_samples

        hooks = [each() if isinstance(each, type) else each for each in _listed(callbacks)]
        history = next((hook for hook in hooks if isinstance(hook, History)), None) or History()
        options: dict[str, Any] = {
            "update_every": update_every, "new_sequences": new_sequences,
            "report_every": report_every, "max_seconds": max_seconds,
            "verbose": _verbosity(verbose),
        }
        for hook in [*hooks, history]:
            hook.set_model(self)
            hook.set_params({"verbose": options["verbose"], "epochs": 1, "steps": None})
        if y is None and not hasattr(x, "shape"):
            return learn_samples(self, x, options, hooks, history)
        if y is None:
            raise ValueError("y is missing")
        options["callbacks"] = [hook._core() for hook in hooks]
        steps, targets = np.asarray(x), np.asarray(y)
        if steps.dtype.kind not in "iu":
            steps = steps.astype(np.float32, copy=False)
        targets = targets.astype(np.int32 if targets.dtype.kind in "iu" else np.float32, copy=False)
        if steps.dtype.kind in "iu":
            steps = steps.astype(np.int32, copy=False)
        if not self.built:
            self.build((None, None, *steps.shape[1:]))
        epoch, found, not_finite, _ = self._run_core(
            lambda: self._core.fit_stream(steps, targets, options))
        history.epoch = list(history.epoch) + list(epoch)
        for key, values in found.items():
            history.history.setdefault(key, []).extend(values)
        _warn_not_finite(not_finite)
        return history

    def _ready_for(self, x: Any) -> Any:
        """Return x, after the first of it has made the graph of a model that needs that."""
        if not self._calls_itself or "_core" in self.__dict__ or x is None:
            return x
        if not is_batches(x):
            self._make_ready(x)
            return x
        if hasattr(x, "__getitem__"):
            first = x[0]
        else:
            first = next(iter(x))
            if hasattr(x, "__next__"):
                x = itertools.chain([first], x)
        self._make_ready(first[0] if isinstance(first, tuple) else first)
        return x

    def _data(self, x: Any, y: Any, shuffle: bool) -> tuple[Any, Any]:
        if is_batches(x) or isinstance(x, Batches):
            if y is not None:
                raise ValueError("y is given beside batches, which hold their targets")
            return batches_of(x, self, shuffle), None
        if x is None:
            raise ValueError("x is missing")
        data = inputs_of(x, self._input_names(x), self.dtype)
        return data, targets_of(y, self._output_names(y), self.dtype, isinstance(data, list))

    def _validation(self, given: Any) -> Any:
        if given is None:
            return None
        if is_batches(given):
            return batches_of(given, self)
        if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
            raise ValueError("validation_data must be (x, y) or (x, y, sample_weight)")
        if is_batches(given[0]):
            return batches_of(given[0], self)
        x, y = self._data(given[0], given[1], False)
        weight = given[2] if len(given) == 3 else None
        if isinstance(x, list):
            return batches_of(_sequence_batches(x, y), self)
        return x, y, weights_of(weight, self._core.output_names)

    def _run_core(self, run: Any, *sources: Any) -> Any:
        """Run the extension; what a generator raised is raised again."""
        try:
            with shown():
                return run()
        except ValueError:
            for source in sources:
                error = getattr(source, "error", None)
                if error is not None:
                    source.error = None
                    if not isinstance(error, ValueError):
                        raise error from None
            raise

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, verbose: Any = "auto",
        sample_weight: Any = None, steps: int | None = None, callbacks: Any = None,
        return_dict: bool = False, *, steps_at_a_time: int | None = None, **kwargs: Any,
    ) -> Any:
        """Return loss and metrics over data: a number, a list, or with return_dict a dict.

        steps_at_a_time : long sequences run part by part, the states carried; by default whole, or
        of arrays of `utils.map_npy` as much as a few MB hold.
        """
        x = self._ready_for(x)
        data, targets = self._data(x, y, False)
        hooks = _listed(callbacks)
        for hook in hooks:
            hook.set_model(self)
        options = {
            "batch_size": batch_size or 32, "verbose": _verbosity(verbose), "steps": steps,
            "steps_at_a_time": steps_at_a_time,
            "sample_weight": weights_of(sample_weight, self._core.output_names),
            "callbacks": [hook._core() for hook in hooks],
        }
        results, not_finite = self._run_core(
            lambda: self._core.evaluate(data, targets, options), data)
        _warn_not_finite(not_finite)
        if return_dict:
            return results
        return alone(list(results.values()))

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: Any = "auto",
        steps: int | None = None, callbacks: Any = None, *, steps_at_a_time: int | None = None,
        output: Any = None,
    ) -> Any:
        """Return the outputs for data, as arrays of NumPy's: one, or a list of them.

        A list of sequences of different lengths gives a list, one output for each.

        steps_at_a_time : long sequences run part by part, the states carried; by default whole, or
        of arrays of `utils.map_npy` as much as a few MB hold.

        output : a .npy file that the results are written to; what is returned is that file, mapped.
        """
        if self._quick and type(x) is np.ndarray and x.dtype == np.float32 and (
            x.flags.c_contiguous and callbacks is None and batch_size is None and steps is None
            and steps_at_a_time is None and output is None
            and x.shape[0] <= 32 and verbose in (0, "auto")
        ):
            return self._packed([self._core.predict_one(x)])
        x = self._ready_for(x)
        data, _ = self._data(x, None, False)
        hooks = _listed(callbacks)
        for hook in hooks:
            hook.set_model(self)
        options = {
            "batch_size": batch_size or 32, "steps": steps,
            "steps_at_a_time": steps_at_a_time,
            "output": None if output is None else os.fspath(output),
            "verbose": 0 if verbose == "auto" else _verbosity(verbose),
            "callbacks": [hook._core() for hook in hooks],
        }
        outputs = self._run_core(lambda: self._core.predict(data, options), data)
        if isinstance(data, list):
            return outputs
        self._quick = len(outputs) == 1 and len(self._core.input_names) == 1
        return self._packed(outputs)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Make a step on one batch; return its loss and the metrics so far."""
        return self._on_batch("train_on_batch", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Return the loss and the metrics of one batch."""
        return self._on_batch("test_on_batch", x, y, sample_weight, None, return_dict)

    def _on_batch(
        self, verb: str, x: Any, y: Any, weight: Any, class_weight: Any, return_dict: bool
    ) -> Any:
        data, targets = self._data(self._ready_for(x), y, False)
        if class_weight is not None:
            labels = np.asarray(targets[0])
            is_one_hot = labels.ndim > 1 and labels.shape[-1] > 1
            labels = labels.argmax(-1) if is_one_hot else labels.ravel()
            weight = np.array([class_weight.get(int(label), 1.0) for label in labels], np.float32)
        given = weights_of(weight, self._core.output_names)
        results = self._run_core(lambda: getattr(self._core, verb)(data, targets, given))
        return results if return_dict else alone(list(results.values()))

    def reset_metrics(self) -> None:
        """Begin to count anew, which every pass over data and every batch does by itself."""


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _bptt(given: Any) -> tuple[int, int] | None:
    """Return steps and stride; 0 for a stride that is left open."""
    if given is None:
        return None
    if isinstance(given, dict):
        unknown = set(given) - {"steps", "stride"}
        if unknown or "steps" not in given:
            raise ValueError(f"bptt is {{'steps': 256, 'stride': 64}}, got {given}")
        given = (given["steps"], given.get("stride") or 0)
    steps, stride = (given, 0) if np.ndim(given) == 0 else given
    if int(steps) < 1:
        raise ValueError(f"bptt steps must be at least 1, got {steps}")
    return int(steps), int(stride)


def _verbosity(verbose: Any) -> int:
    return 1 if verbose == "auto" else int(verbose)


def _class_weight(given: Any) -> dict[int, float]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise TypeError(
            f"class_weight must be a dict from class to weight, got {type(given).__name__}"
        )
    return {int(label): float(weight) for label, weight in given.items()}


def _length(x: Any) -> int:
    first = flat(x)[0]
    return max(1, len(first)) if hasattr(first, "__len__") else 32


def _steps(data: Any, batch_size: int, given: Any, split: float) -> Any:
    if given is not None:
        return given
    if isinstance(data, Batches):
        return data._size
    if isinstance(data, FileBatches):
        return len(data)
    rows = len(data) if isinstance(data, list) else len(data[0])
    rows -= int(rows * split) if split else 0
    return -(-rows // batch_size)


def _sequence_batches(x: list[Any], y: Any) -> Any:
    targets = y if isinstance(y, list) else y[0]
    return [
        (sequence[None], target[None] if hasattr(target, "ndim") else np.array([target]))
        for sequence, target in zip(x, targets)
    ]


def _warn_not_finite(reason: str) -> None:
    if not reason:
        return
    import warnings

    warnings.warn(f"the loss was not finite {reason}", RuntimeWarning, stacklevel=3)
