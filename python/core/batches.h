// Batches that Python makes: generators, PyDatasets, iterables.
#pragma once

#include <nanobind/nanobind.h>

#include "chronicler/training/dataset.h"

namespace chronicler::python {

namespace nb = nanobind;

// Batches that C++ makes of files.
struct FileBatches {
  Dataset data;
};

// Whether the object is one of those, or of the package's sources of batches
// (python/chronicler/batches.py): it answers to _batches(epoch), an iterator over (x, y,
// sample_weight, masks), each a tuple of arrays or None, and to _size, a number or None.
bool is_batches(nb::handle object);
Dataset to_dataset(nb::handle source);

// Sequences of different lengths: a list of arrays.
bool is_list_of_arrays(nb::handle object);

}  // namespace chronicler::python
