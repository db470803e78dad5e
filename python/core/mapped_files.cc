// Arrays in files that are mapped, not read.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <vector>

#include "batches.h"
#include "bindings.h"
#include "chronicler/base/mapped_npy.h"
#include "chronicler/data/csv_to_npy.h"
#include "convert.h"

namespace chronicler::python {
namespace {

std::int64_t csv_to_npy(const std::string& csv, const std::string& npy,
                        const std::vector<std::string>& columns, bool missing_as_nan,
                        const std::string& dtype, bool as_sequence) {
  return data::csv_to_npy(csv, npy,
                          {.columns = columns,
                           .missing = missing_as_nan ? data::Missing::nan : data::Missing::error,
                           .dtype = dtype_from_name(dtype),
                           .as_sequence = as_sequence});
}

FileBatches npy_batches(const std::vector<std::string>& x,
                        const std::optional<std::vector<std::string>>& y_files, nb::handle y,
                        nb::handle sample_weight, std::int64_t batch_size, double max_padding,
                        bool shuffle) {
  const TensorList weights = to_tensors(sample_weight);
  Dataset data = y_files ? Dataset::from_npy_files(x, *y_files, weights)
                         : Dataset::from_npy_files(x, to_tensors(y), weights);
  if (shuffle) data = data.shuffle();
  return {data.bucket_by_length({.batch_size = batch_size, .max_padding = max_padding})};
}

}  // namespace

void bind_mapped_files(nb::module_& module) {
  nb::class_<FileBatches>(module, "FileBatches").def("__len__", [](const FileBatches& batches) {
    return batches.data.size().value_or(0);
  });
  module.def("map_npy", [](const std::string& path) { return to_array(map_npy(path)); });
  module.def("npy_files", &npy_files);
  module.def("csv_to_npy", &csv_to_npy);
  module.def("npy_batches", &npy_batches, nb::arg("x"), nb::arg("y_files").none(),
             nb::arg("y").none(), nb::arg("sample_weight").none(), nb::arg("batch_size"),
             nb::arg("max_padding"), nb::arg("shuffle"));
}

}  // namespace chronicler::python
