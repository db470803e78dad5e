// A model as Python holds it.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <mutex>
#include <utility>

#include "chronicler/model/model.h"
#include "interpreter_lock.h"

namespace chronicler::python {

// A model runs in one place at a time: threads that call it wait for one another. A callback may
// call the model that calls it.
struct ModelHandle {
  std::shared_ptr<Model> model;
  std::shared_ptr<std::recursive_mutex> mutex;

  // run() without the interpreter's lock, alone on the model.
  template <class Run>
  auto alone(const Run& run) const {
    const Unlocked unlocked;
    const std::lock_guard lock(*mutex);
    return run();
  }
};

inline ModelHandle handle_of(std::shared_ptr<Model> model) {
  return {std::move(model), std::make_shared<std::recursive_mutex>()};
}

}  // namespace chronicler::python
