"""Python's operators for tensors, variables and symbols: each calls its function of `ops`."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .dtypes import name_of


class _Operations:
    """The functions of `ops`, imported when the first of them is used."""

    def __getattr__(self, name: str) -> Any:
        from . import ops

        function = getattr(ops, name)
        setattr(self, name, function)
        return function


_ops: Any = _Operations()


class Operators:
    """Python's operators. Comparisons are elementwise, so hashing goes by identity."""

    __slots__ = ()
    __array_priority__ = 100  # `array + tensor` is a tensor

    def __add__(self, other: Any) -> Any:
        return _ops.add(self, other)

    def __radd__(self, other: Any) -> Any:
        return _ops.add(other, self)

    def __sub__(self, other: Any) -> Any:
        return _ops.subtract(self, other)

    def __rsub__(self, other: Any) -> Any:
        return _ops.subtract(other, self)

    def __mul__(self, other: Any) -> Any:
        return _ops.multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return _ops.multiply(other, self)

    def __truediv__(self, other: Any) -> Any:
        return _ops.divide(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _ops.divide(other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _ops.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _ops.floor_divide(other, self)

    def __mod__(self, other: Any) -> Any:
        return _ops.mod(self, other)

    def __rmod__(self, other: Any) -> Any:
        return _ops.mod(other, self)

    def __pow__(self, other: Any) -> Any:
        return _ops.power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return _ops.power(other, self)

    def __matmul__(self, other: Any) -> Any:
        return _ops.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return _ops.matmul(other, self)

    def __neg__(self) -> Any:
        return _ops.negative(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return _ops.absolute(self)

    def __invert__(self) -> Any:
        return _ops.logical_not(self)

    def __and__(self, other: Any) -> Any:
        return _ops.logical_and(self, other)

    def __rand__(self, other: Any) -> Any:
        return _ops.logical_and(other, self)

    def __or__(self, other: Any) -> Any:
        return _ops.logical_or(self, other)

    def __ror__(self, other: Any) -> Any:
        return _ops.logical_or(other, self)

    def __xor__(self, other: Any) -> Any:
        return _ops.logical_xor(self, other)

    def __rxor__(self, other: Any) -> Any:
        return _ops.logical_xor(other, self)

    def __lt__(self, other: Any) -> Any:
        return _ops.less(self, other)

    def __le__(self, other: Any) -> Any:
        return _ops.less_equal(self, other)

    def __gt__(self, other: Any) -> Any:
        return _ops.greater(self, other)

    def __ge__(self, other: Any) -> Any:
        return _ops.greater_equal(self, other)

    def __eq__(self, other: object) -> Any:
        return False if other is None else _ops.equal(self, other)

    def __ne__(self, other: object) -> Any:
        return True if other is None else _ops.not_equal(self, other)

    __hash__ = object.__hash__

    def __round__(self, ndigits: int | None = None) -> Any:
        return _ops.round(self, decimals=ndigits or 0)

    def __getitem__(self, key: Any) -> Any:
        return _ops.get_item(self, key)


class Numeric(Operators):
    """What tensors and variables share: both have numbers, in `_array`."""

    __slots__ = ()
    _is_symbol = False
    if TYPE_CHECKING:

        @property
        def _array(self) -> np.ndarray[Any, np.dtype[Any]]: ...

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes."""
        return tuple(self._array.shape)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._array.size

    @property
    def dtype(self) -> str:
        """The type of the numbers, such as "float32"."""
        return name_of(self._array.dtype)

    @property
    def T(self) -> Any:
        """The array with its axes in reverse order."""
        return _ops.transpose(self)

    @property
    def device(self) -> str:
        """Where the numbers are: "cpu"."""
        return "cpu"

    def item(self, *index: Any) -> Any:
        """Return one number as Python's."""
        return self._array.item(*index)

    def tolist(self) -> Any:
        """Return nested lists of Python's numbers."""
        return self._array.tolist()

    def __getattr__(self, name: str) -> Any:
        """Say which operation does what a method of NumPy's arrays would do."""
        message = f"{type(self).__name__!r} object has no attribute {name!r}"
        if not name.startswith("_") and hasattr(_ops, name):
            message += f": use chronicler.ops.{name}(x, ...)"
        elif name == "astype":
            message += ": use chronicler.ops.cast(x, dtype)"
        raise AttributeError(message)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            f"A {type(self).__name__.lower()} cannot be changed in part. Make another one with "
            "chronicler.ops.scatter_update or ops.where; a variable takes it with assign()."
        )

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("A tensor without dimensions has no length.")
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        if not self._array.ndim:
            raise TypeError("A tensor without dimensions cannot be iterated over.")
        for row in range(len(self._array)):
            yield self[row]

    def __bool__(self) -> bool:
        return bool(self._array)

    def __int__(self) -> int:
        return int(self._array.item())

    def __float__(self) -> float:
        return float(self._array.item())

    def __index__(self) -> int:
        return operator.index(self._array.item())

    def __format__(self, specification: str) -> str:
        if self._array.ndim:
            return format(str(self), specification)
        return format(self._array.item(), specification)

    def __dlpack__(self, **options: Any) -> Any:
        array = self._array if self._array.flags.writeable else self._array.copy()
        return array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)
