// The options of a task from Python's keywords, by the task's own table; and its progress.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <mutex>
#include <string>

#include "chronicler/base/fields.h"
#include "chronicler/tasks/task_progress.h"
#include "interpreter_lock.h"

namespace chronicler::python {

namespace nb = nanobind;

// Sets the options that `given` names; None leaves the default. The package has checked the names.
template <class Options>
void take_options(const nb::dict& given, Options& options) {
  for_each_field(options, [&](const FieldInfo& field, auto& value) {
    const nb::str name(field.name.data(), field.name.size());
    if (!given.contains(name)) return;
    const nb::object found = given[name];
    if (found.is_none()) return;
    using Value = std::remove_reference_t<decltype(value)>;
    if (!nb::try_cast<Value>(found, value)) {
      throw nb::type_error(
          (std::string(field.name) + " cannot be " + nb::cast<std::string>(nb::repr(found)))
              .c_str());
    }
  });
}

// Alone on an object, without the interpreter's lock: the tasks' models run in one place at a time.
class Alone {
 public:
  explicit Alone(const void* object) : lock_(mutex_of(object)) {}

 private:
  static std::mutex& mutex_of(const void* object);
  Unlocked unlocked_;  // before the other: whoever waits must not hold the interpreter
  std::lock_guard<std::mutex> lock_;
};

// What calls a function of Python's with a dict now and then; looks for Ctrl-C, too.
tasks::TaskProgressFunction progress_of(nb::object function);

// Checkpoint, resume and progress, which are no rows of the table.
template <class Options>
void take_run(const nb::dict& given, nb::object progress, Options& options) {
  options.progress = progress_of(std::move(progress));
  options.report_seconds = 0.2;
  if (given.contains("checkpoint") && !nb::object(given["checkpoint"]).is_none())
    options.checkpoint = nb::cast<std::string>(given["checkpoint"]);
  if (given.contains("resume")) options.resume = nb::cast<bool>(given["resume"]);
}

// train(options), which are those that `given` names, without the interpreter's lock.
template <class Options, class Train>
auto train_with(const nb::dict& given, nb::object progress, const Train& train) {
  Options options;
  take_options(given, options);
  take_run(given, std::move(progress), options);
  const Unlocked unlocked;
  return train(options);
}

// run(), alone on the object.
template <class Run>
auto alone_on(const void* object, const Run& run) {
  const Alone alone(object);
  return run();
}

}  // namespace chronicler::python
