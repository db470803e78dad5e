#include "batches.h"

#include <memory>
#include <optional>

#include "convert.h"
#include "interpreter_lock.h"
#include "python_training.h"

namespace chronicler::python {
namespace {

Batch to_batch(nb::handle item) {
  return {to_tensors(item[0]), to_tensors(item[1]), to_tensors(item[2]), to_tensors(item[3])};
}

// An iterator of Python's as a generator of batches.
Dataset::Generator generator_over(nb::object iterator) {
  auto held = std::make_shared<HeldObject>(std::move(iterator));
  return [held]() -> std::optional<Batch> {
    const Locked lock;
    PyObject* const item = PyIter_Next((**held).ptr());
    if (item != nullptr) return to_batch(nb::steal(item));
    if (PyErr_Occurred() != nullptr) throw nb::python_error();
    return std::nullopt;
  };
}

}  // namespace

bool is_batches(nb::handle object) {
  return nb::isinstance<FileBatches>(object) || nb::hasattr(object, "_batches");
}

Dataset to_dataset(nb::handle source) {
  if (nb::isinstance<FileBatches>(source)) return nb::cast<const FileBatches&>(source).data;
  auto held = std::make_shared<HeldObject>(nb::borrow(source));
  std::optional<std::int64_t> size;
  if (const nb::object known = source.attr("_size"); !known.is_none())
    size = nb::cast<std::int64_t>(known);
  return Dataset::from_generator(
      [held](const Epoch& epoch) {
        const Locked lock;
        return generator_over((*held)->attr("_batches")(epoch.number));
      },
      size);
}

bool is_list_of_arrays(nb::handle object) {
  if (!nb::isinstance<nb::list>(object) || nb::len(object) == 0) return false;
  return !nb::isinstance<nb::str>(object[0]);
}

}  // namespace chronicler::python
