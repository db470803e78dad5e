#include "task_options.h"

#include <array>
#include <functional>
#include <utility>

#include "interpreter_lock.h"
#include "python_training.h"

namespace chronicler::python {

std::mutex& Alone::mutex_of(const void* object) {
  // A few for all objects: two that share one wait for each other now and then.
  static std::array<std::mutex, 61> mutexes;
  return mutexes[std::hash<const void*>()(object) / 16 % mutexes.size()];
}

tasks::TaskProgressFunction progress_of(nb::object function) {
  auto held = std::make_shared<HeldObject>(std::move(function));
  return [held](const tasks::TaskProgress& progress) {
    const Locked lock;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    if ((*held)->is_none()) return true;
    nb::dict now;
    now["share"] = progress.share;
    now["epochs"] = progress.epochs;
    now["steps"] = progress.steps;
    now["loss"] = progress.loss;
    now["validation"] = progress.validation;
    now["is_epoch"] = progress.is_epoch;
    now["is_best"] = progress.is_best;
    now["learning_rate"] = progress.learning_rate;
    now["seconds"] = progress.seconds;
    now["seconds_left"] = progress.seconds_left;
    now["network"] = progress.network;
    now["networks"] = progress.networks;
    const nb::object goes_on = (**held)(now);
    return goes_on.is_none() || nb::cast<bool>(goes_on);
  };
}

}  // namespace chronicler::python
