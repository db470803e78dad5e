"""What Keras's tests ask of every layer: `run_layer_test`."""

from __future__ import annotations

from typing import Any

import chronicler
import numpy as np
from chronicler import losses, models, ops
from chronicler.dtypes import standardize_dtype

from . import nests

_KINDS = (
    "float16", "float32", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32",
    "int64", "uint64",
)
_COUNTS = ("trainable_weights", "non_trainable_weights", "non_trainable_variables",
           "seed_generators")


class SumLoss(losses.Loss):
    """The sum of the outputs: it has a slope everywhere."""

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return ops.sum(y_pred)


class LayerCheck:
    """One call of `run_layer_test`. Each check makes a layer of its own."""

    def __init__(
        self, case: Any, layer_cls: Any, init_kwargs: Any, *, input_shape: Any = None,
        input_dtype: Any = None, input_sparse: bool = False, input_ragged: bool = False,
        input_data: Any = None, call_kwargs: Any = None, expected_output_shape: Any = None,
        expected_output_dtype: Any = None, expected_output_sparse: bool = False,
        expected_output_ragged: bool = False, expected_output: Any = None,
        expected_num_trainable_weights: Any = None, expected_num_non_trainable_weights: Any = None,
        expected_num_non_trainable_variables: Any = None, expected_num_seed_generators: Any = None,
        expected_num_losses: Any = None, supports_masking: Any = None,
        expected_mask_shape: Any = None, custom_objects: Any = None,
        run_training_check: bool = True, run_mixed_precision_check: bool = True,
        assert_built_after_instantiation: bool = False, tpu_atol: Any = None, tpu_rtol: Any = None,
    ) -> None:
        _check_options(input_shape, input_data, expected_output_shape, expected_output,
                       supports_masking, expected_mask_shape)
        if input_sparse or input_ragged or expected_output_sparse or expected_output_ragged:
            raise AssertionError("Chronicler has no sparse and no ragged tensors")
        self.case = case
        self.make = lambda **more: layer_cls(**{**(init_kwargs or {}), **more})
        self.layer_cls = layer_cls
        self.shape = input_shape
        self.dtype = input_dtype
        self.call_kwargs = call_kwargs or {}
        self.output_shape = expected_output_shape
        self.output_dtype = expected_output_dtype
        self.output = expected_output
        self.counts = {
            "trainable_weights": expected_num_trainable_weights,
            "non_trainable_weights": expected_num_non_trainable_weights,
            "non_trainable_variables": expected_num_non_trainable_variables,
            "seed_generators": expected_num_seed_generators,
        }
        self.loss_count = expected_num_losses
        self.supports_masking = supports_masking
        self.mask_shape = expected_mask_shape
        self.custom_objects = custom_objects
        self.trains = run_training_check
        self.mixes = run_mixed_precision_check
        self.starts_built = assert_built_after_instantiation
        if input_shape is not None and input_dtype is None:
            self.dtype = nests.map_shape_structure(lambda _: "float32", input_shape)
        self.has_input = input_shape is not None or input_data is not None
        self.data = input_data
        if self.has_input and input_data is None:
            self.data = _random_numbers(input_shape, self.dtype)

    def run(self) -> None:
        """Make all checks."""
        if self.has_input:
            self._find_counts()
        self._check_configuration()
        if not self.has_input:
            return
        self._check_build()
        self._check_symbols()
        if self.starts_built:
            self._check_starts_built()
        outputs = self._check_numbers()
        if self.trains:
            self._check_training(outputs)
        if self.mixes:
            self._check_mixed_types()

    # ---- the checks

    def _find_counts(self) -> None:
        """Take from a called layer what the test does not say: all others must be like it."""
        layer = self.make()
        self._call(layer, self.data)
        for what in _COUNTS:
            if self.counts[what] is None:
                self.counts[what] = _count(layer, what)

    def _check_configuration(self) -> None:
        layer = self.make()
        self.case.run_class_serialization_test(layer, self.custom_objects)
        if self.supports_masking is not None:
            self.case.assertEqual(layer.supports_masking, self.supports_masking,
                                  "supports_masking is not what it should be")

    def _check_build(self) -> None:
        layer = self.make()
        shape = self.shape
        if shape is None:
            shape = nests.map_structure(lambda value: tuple(np.shape(value)), self.data)
        if isinstance(shape, dict):
            layer.build(**shape)
        else:
            layer.build(shape)
        self._check_built(layer)

    def _check_built(self, layer: Any) -> None:
        self.case.assertTrue(layer.built, "the layer does not say that it is built")
        for what in _COUNTS:
            self.case.assertEqual(_count(layer, what), self.counts[what],
                                  f"another number of {what.replace('_', ' ')}")

    def _check_symbols(self) -> None:
        layer = self.make()
        symbols = self._symbols()
        outputs = self._call(layer, symbols)
        for output in nests.flatten(outputs):
            self.case.assertIsSymbol(output)
        self._check_built(layer)
        self._check_outputs(outputs)
        if self.mask_shape is not None:
            self.case.assertEqual(layer.compute_mask(symbols).shape, self.mask_shape)

    def _check_starts_built(self) -> None:
        self.case.assertTrue(self.make().built, "a layer without weights is built from the start")

        class WithBuild(self.layer_cls):  # type: ignore[name-defined, misc]
            def build(self, *args: Any, **kwargs: Any) -> None:
                pass

        with chronicler.saving.custom_object_scope({"WithBuild": WithBuild}):
            layer = type(self)(self.case, WithBuild, {}).layer_cls(**self._arguments())
        self.case.assertFalse(layer.built, "a layer with a build of its own is not built yet")

    def _arguments(self) -> dict[str, Any]:
        return dict(self.make.__closure__[0].cell_contents or {})  # type: ignore[index]

    def _check_numbers(self) -> Any:
        layer = self.make()
        outputs = self._call(layer, self.data)
        self._check_outputs(outputs)
        if self.output is not None:
            self.case.assertEqual(type(self.output), type(outputs))
            for wanted, found in zip(nests.flatten(self.output), nests.flatten(outputs)):
                self.case.assertAllClose(wanted, found, msg="other numbers than expected")
        if self.loss_count is not None:
            self.case.assertLen(layer.losses, self.loss_count, "another number of losses")
        return outputs

    def _check_outputs(self, outputs: Any) -> None:
        if self.output_shape is not None:
            fits = nests.map_structure_up_to(outputs, _shape_fits, self.output_shape, outputs)
            shapes = nests.map_structure(lambda value: tuple(value.shape), outputs)
            self.case.assertTrue(all(nests.flatten(fits)),
                                 f"the outputs have shapes {shapes}, not {self.output_shape}")
        if self.output_dtype is not None:
            kinds = nests.map_structure(lambda value: standardize_dtype(value.dtype), outputs)
            nests.assert_same_structure(self.output_dtype, kinds)
            self.case.assertEqual(nests.flatten(kinds), nests.flatten(self.output_dtype),
                                  "the outputs have another type")

    def _check_training(self, outputs: Any) -> None:
        symbols = nests.map_structure(
            lambda value: chronicler.Input(
                batch_shape=np.shape(value), dtype=standardize_dtype(value.dtype)), self.data)
        layer = self.make()
        made = layer(**symbols) if isinstance(symbols, dict) else layer(symbols)
        model = models.Model(nests.flatten(symbols), made)
        model.compile(optimizer="sgd", loss=SumLoss())
        batch = (nests.flatten(self.data), outputs)
        history = model.fit(iter(lambda: batch, None), steps_per_epoch=1, verbose=0)
        self.case.assertLen(history.history["loss"], 1)

    def _check_mixed_types(self) -> None:
        """In mixed precision the types that are foretold are those that come."""
        layer = self.make(dtype="mixed_float16")
        foretold = nests.map_structure(lambda symbol: self._cast_symbol(layer, symbol),
                                       self._symbols())
        outputs = self._call(layer, self.data)
        if isinstance(foretold, dict):
            symbols = layer.compute_output_spec(**foretold)
        else:
            symbols = layer.compute_output_spec(foretold)
        for output, symbol in zip(nests.flatten(outputs), nests.flatten(symbols)):
            self.case.assertEqual(standardize_dtype(output.dtype), symbol.dtype)
        for weight in layer.weights:
            kind = standardize_dtype(weight.dtype)
            if "float" in kind:
                self.case.assertEqual(kind, "float32")

    # ---- what they need

    def _cast_symbol(self, layer: Any, symbol: Any) -> Any:
        casts = layer.autocast and "float" in symbol.dtype
        return chronicler.KerasTensor(
            symbol.shape, dtype=layer.compute_dtype if casts else symbol.dtype)

    def _call(self, layer: Any, inputs: Any) -> Any:
        if isinstance(inputs, dict):
            return layer(**inputs, **self.call_kwargs)
        return layer(inputs, **self.call_kwargs)

    def _symbols(self) -> Any:
        if self.shape is None:
            return nests.map_structure(
                lambda value: chronicler.KerasTensor(
                    np.shape(value), dtype=standardize_dtype(value.dtype)), self.data)
        return _for_shapes(
            lambda shape, dtype: chronicler.KerasTensor(shape, dtype=dtype), self.shape, self.dtype)


def _check_options(
    shape: Any, data: Any, output_shape: Any, output: Any, masking: Any, mask_shape: Any
) -> None:
    if shape is not None and data is not None:
        raise ValueError("give input_shape or input_data, not both")
    if output_shape is not None and output is not None:
        raise ValueError("give expected_output_shape or expected_output, not both")
    if output is not None and data is None:
        raise ValueError("expected_output needs input_data")
    if mask_shape is not None and masking is not True:
        raise ValueError("expected_mask_shape needs supports_masking=True")


def _shape_fits(wanted: Any, value: Any) -> bool:
    shape = tuple(value.shape)
    return len(shape) == len(wanted) and all(
        one is None or one == other for one, other in zip(wanted, shape))


def _count(layer: Any, what: str) -> int:
    return len(seed_generators(layer)) if what == "seed_generators" else len(getattr(layer, what))


def seed_generators(layer: Any) -> list[Any]:
    """Return the seed generators of a layer and of those within it, each once."""
    found: dict[int, Any] = {}
    for each in layer._flatten_layers():
        for generator in each._seed_generators:
            found[id(generator)] = generator
    return list(found.values())


def _for_shapes(function: Any, shape: Any, dtype: Any) -> Any:
    """Return what the function makes of each shape and its type, in the nest of the shapes."""
    if nests.is_shape(shape):
        return function(tuple(shape), dtype)
    if isinstance(shape, dict):
        return {
            name.removesuffix("_shape"): _for_shapes(function, each, dtype[name])
            for name, each in shape.items()
        }
    if len(shape) != len(dtype):
        raise AssertionError("there are not as many types as shapes")
    return type(shape)([_for_shapes(function, one, kind) for one, kind in zip(shape, dtype)])


def _random_numbers(shape: Any, dtype: Any) -> Any:
    unknown = set(nests.flatten(dtype)) - set(_KINDS)
    if unknown:
        raise ValueError(f"input_dtype: {sorted(unknown)} is no type of numbers")
    numbers = np.random.default_rng(0)
    return _for_shapes(
        lambda each, kind: ops.convert_to_tensor((numbers.random(each) * 3).astype(kind)),
        shape, dtype)
