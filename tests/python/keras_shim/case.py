"""The base class of Keras's tests: what they assert, in the strictness of Keras's own."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from absl.testing import parameterized
from chronicler import _core, saving
from chronicler._graph import KerasTensor
from chronicler.dtypes import standardize_dtype

from .layer_check import LayerCheck
from .round_trip import as_text, from_text


class TestCase(parameterized.TestCase):
    """What Keras's tests derive from."""

    maxDiff = None

    def setUp(self) -> None:
        super().setUp()
        _core.clear_session()

    def get_temp_dir(self) -> str:
        """Return a folder that goes away after the test."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        return folder

    def convert_to_numpy(self, value: Any) -> Any:
        """Return the numbers as an array."""
        return value if isinstance(value, np.ndarray) else np.array(value)

    # ---- numbers; a test may be laxer on a TPU, which nobody has here

    def assertAllClose(
        self, actual: Any, desired: Any, atol: float = 1e-6, rtol: float = 1e-6,
        tpu_atol: Any = None, tpu_rtol: Any = None, msg: str | None = None,
    ) -> None:
        """Fail unless all numbers are nearly the same."""
        np.testing.assert_allclose(
            self.convert_to_numpy(actual), self.convert_to_numpy(desired), rtol, atol,
            err_msg=msg or "")

    def assertNotAllClose(
        self, first: Any, second: Any, atol: float = 1e-6, rtol: float = 1e-6,
        msg: str | None = None,
    ) -> None:
        """Fail if all numbers are nearly the same."""
        try:
            self.assertAllClose(first, second, atol, rtol)
        except AssertionError:
            return
        raise AssertionError(f"all numbers are nearly the same: {first}. {msg or ''}")

    def assertAlmostEqual(
        self, actual: Any, desired: Any, decimal: int = 3, tpu_decimal: Any = None,
        msg: str | None = None,
    ) -> None:
        """Fail unless all numbers are the same to this many places."""
        np.testing.assert_almost_equal(
            self.convert_to_numpy(actual), self.convert_to_numpy(desired), decimal, msg or "")

    def assertAllEqual(self, actual: Any, desired: Any, msg: str | None = None) -> None:
        """Fail unless all numbers are the same."""
        np.testing.assert_array_equal(
            self.convert_to_numpy(actual), self.convert_to_numpy(desired), msg or "")

    def assertLen(self, container: Any, expected_len: int, msg: str | None = None) -> None:
        """Fail unless the container holds this many."""
        self.assertEqual(len(container), expected_len, msg=msg)

    # ---- kinds

    def assertSparse(self, value: Any, sparse: bool = True) -> None:
        """Fail if the value should be sparse, for there is no such thing here."""
        self.assertFalse(sparse, "Chronicler has no sparse tensors")

    def assertRagged(self, value: Any, ragged: bool = True) -> None:
        """Fail if the value should be ragged, for there is no such thing here."""
        self.assertFalse(ragged, "Chronicler has no ragged tensors")

    def assertDType(self, value: Any, dtype: Any, msg: str | None = None) -> None:
        """Fail unless the value has this type."""
        found = standardize_dtype(value.dtype if hasattr(value, "dtype") else type(value))
        wanted = standardize_dtype(dtype)
        self.assertEqual(found, wanted, msg or f"its type is {found}, not {wanted}")

    def assertFileExists(self, path: Any) -> None:
        """Fail unless there is such a file."""
        self.assertTrue(Path(path).is_file(), f"there is no file {path}")

    def assertIsSymbol(self, value: Any) -> None:
        """Fail unless the value is one of a graph."""
        self.assertIsInstance(value, KerasTensor)

    # ---- objects

    def run_class_serialization_test(self, instance: Any, custom_objects: Any = None) -> Any:
        """Fail unless the object comes back from its configuration, in both ways."""
        kind = type(instance)
        config = instance.get_config()
        text, names = as_text(config), set(dir(instance))
        with saving.custom_object_scope(custom_objects or {}):
            again = kind.from_config(config)
        self.assertEqual(text, as_text(again.get_config()))
        self.assertEqual(names, set(dir(again)))

        written = as_text(saving.serialize_keras_object(instance))
        with saving.custom_object_scope(custom_objects or {}):
            again = saving.deserialize_keras_object(from_text(written))
        self.assertIs(type(again), kind)
        self.assertEqual(text, as_text(again.get_config()))
        self.assertEqual(names - {"__annotations__"}, set(dir(again)) - {"__annotations__"})
        return again

    def run_layer_test(self, layer_cls: Any, init_kwargs: Any, **options: Any) -> None:
        """Fail unless the layer does all that a layer must; see `LayerCheck`."""
        LayerCheck(self, layer_cls, init_kwargs, **options).run()
