// Losses, metrics, optimizers, schedules and callbacks.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "chronicler/base/error.h"
#include "chronicler/training/callbacks.h"
#include "chronicler/training/losses.h"
#include "chronicler/training/metrics.h"
#include "chronicler/training/optimizers.h"
#include "chronicler/training/schedules.h"
#include "convert.h"
#include "layers/core/settings_json.h"
#include "loss_handle.h"
#include "optimizer_steps.h"
#include "python_training.h"
#include "training/callbacks/callback_catalog.h"

namespace chronicler::python {
namespace {

nb::object config_of(const std::vector<Setting>& settings) {
  return to_object(chronicler::to_json(settings));
}

nb::object reduced(const LossHandle& handle, nb::handle y_true, nb::handle y_pred,
                   nb::handle sample_weight, nb::handle mask, bool wants_gradient) {
  const Tensor truth = to_tensor(y_true);
  const Tensor prediction = to_tensor(y_pred);
  const Tensor weight = to_optional_tensor(sample_weight);
  const Tensor masked = to_optional_tensor(mask);
  Tensor gradient;
  if (wants_gradient) gradient = Tensor(prediction.shape(), prediction.dtype());
  handle.loss->check(truth, prediction.shape(), "y_true");
  Arena arena;
  const double value =
      reduced_loss(*handle.loss, {truth, prediction, weight, masked}, gradient, arena);
  return nb::make_tuple(value, to_array(gradient));
}

nb::object values_of(const LossHandle& handle, nb::handle y_true, nb::handle y_pred,
                     bool wants_gradient) {
  const Tensor truth = to_tensor(y_true);
  const Tensor prediction = to_tensor(y_pred);
  handle.loss->check(truth, prediction.shape(), "y_true");
  const Tensor values(handle.loss->values_shape(prediction.shape()), prediction.dtype());
  Tensor gradient;
  if (wants_gradient) gradient = Tensor(prediction.shape(), prediction.dtype());
  handle.loss->values(truth, prediction, values, gradient);
  return nb::make_tuple(to_array(values), to_array(gradient));
}

void bind_losses(nb::module_& module) {
  nb::class_<LossHandle>(module, "Loss")
      .def_prop_ro("class_name",
                   [](const LossHandle& loss) { return std::string(loss.loss->class_name()); })
      .def_prop_ro("name", [](const LossHandle& loss) { return std::string(loss.loss->name()); })
      .def_prop_ro("config",
                   [](const LossHandle& loss) { return config_of(loss.loss->settings()); })
      .def("reduced", &reduced, nb::arg("y_true"), nb::arg("y_pred"),
           nb::arg("sample_weight").none(), nb::arg("mask").none(), nb::arg("wants_gradient"))
      .def("values", &values_of);
  module.def("make_loss", [](const std::string& class_name, nb::handle config) {
    return LossHandle{losses::from(class_name, settings_of(config))};
  });
  module.def("get_loss", [](const std::string& name) { return LossHandle{losses::get(name)}; });
  module.def("own_loss", [](nb::object object, const std::string& class_name,
                            const std::string& name, const std::string& reduction) {
    return LossHandle{std::make_shared<PythonLoss>(std::move(object), class_name, name,
                                                   reduction_from_name(reduction))};
  });
}

void bind_metrics(nb::module_& module) {
  nb::class_<Metric>(module, "Metric")
      .def_prop_ro("class_name",
                   [](const Metric& metric) { return std::string(metric.class_name()); })
      .def_prop_ro("name", [](const Metric& metric) { return std::string(metric.name()); })
      .def_prop_ro("config", [](const Metric& metric) { return config_of(metric.settings()); })
      .def("reset", &Metric::reset)
      .def(
          "update",
          [](Metric& metric, nb::handle y_true, nb::handle y_pred, nb::handle weight,
             nb::handle mask) {
            metric.update(to_tensor(y_true), to_tensor(y_pred), to_optional_tensor(weight),
                          to_optional_tensor(mask));
          },
          nb::arg("y_true"), nb::arg("y_pred"), nb::arg("weight").none(), nb::arg("mask").none())
      .def_prop_ro("result", &Metric::result)
      .def_prop_ro("results", &Metric::results)
      .def_prop_rw("state", &Metric::state, &Metric::set_state);
  module.def("make_metric", [](const std::string& class_name, nb::handle config) {
    return metrics::from(class_name, settings_of(config));
  });
  module.def("get_metric", [](const std::string& name, nb::handle y_true, nb::handle y_pred) {
    return metrics::get(name, to_shape(y_true), to_shape(y_pred));
  });
  module.def("check_metric_name", [](const std::string& name) { metrics::check_name(name); });
  module.def("own_metric",
             [](nb::object object, const std::string& class_name, const std::string& name) {
               return std::shared_ptr<Metric>(
                   std::make_shared<PythonMetric>(std::move(object), class_name, name));
             });
}

struct ScheduleHandle {
  SchedulePtr schedule;
};

void bind_schedules(nb::module_& module) {
  nb::class_<ScheduleHandle>(module, "Schedule")
      .def_prop_ro(
          "class_name",
          [](const ScheduleHandle& handle) { return std::string(handle.schedule->class_name()); })
      .def_prop_ro(
          "config",
          [](const ScheduleHandle& handle) { return config_of(handle.schedule->settings()); })
      .def("at", [](const ScheduleHandle& handle, std::int64_t step) {
        return handle.schedule->at(step);
      });
  module.def("make_schedule", [](const std::string& class_name, nb::handle config) {
    return ScheduleHandle{schedules::from(class_name, settings_of(config))};
  });
  module.def("own_schedule", [](nb::object object, const std::string& class_name) {
    return ScheduleHandle{std::make_shared<PythonSchedule>(std::move(object), class_name)};
  });
}

void bind_optimizers(nb::module_& module) {
  nb::class_<Optimizer>(module, "Optimizer")
      .def_prop_ro("class_name",
                   [](const Optimizer& optimizer) { return std::string(optimizer.class_name()); })
      .def_prop_ro("name", [](const Optimizer& optimizer) { return optimizer.name(); })
      .def_prop_ro("config",
                   [](const Optimizer& optimizer) { return config_of(optimizer.settings()); })
      .def_prop_ro("schedule",
                   [](const Optimizer& optimizer) -> std::optional<ScheduleHandle> {
                     if (!optimizer.schedule()) return std::nullopt;
                     return ScheduleHandle{optimizer.schedule()};
                   })
      .def_prop_rw("learning_rate", &Optimizer::learning_rate, &Optimizer::set_learning_rate)
      .def_prop_ro("iterations", &Optimizer::iterations)
      .def_prop_ro("built", &Optimizer::built)
      .def_prop_ro("variables",
                   [](const Optimizer& optimizer) {
                     return optimizer.built() ? to_arrays(optimizer.variables()) : nb::list();
                   })
      .def("set_variables",
           [](Optimizer& optimizer, nb::handle arrays) {
             std::vector<Tensor> variables;
             for (const nb::handle array : arrays) variables.push_back(to_tensor(array));
             optimizer.set_variables(variables);
           })
      .def("fresh", &Optimizer::fresh);
  module.def(
      "make_optimizer",
      [](const std::string& class_name, nb::handle config,
         const std::optional<ScheduleHandle>& schedule) {
        return optimizers::from(class_name, settings_of(config),
                                schedule ? schedule->schedule : nullptr);
      },
      nb::arg("class_name"), nb::arg("config"), nb::arg("schedule").none());
  nb::class_<OptimizerSteps>(module, "OptimizerSteps")
      .def(nb::init<OptimizerPtr>())
      .def("add", [](OptimizerSteps& steps, const std::string& name,
                     nb::handle array) { steps.add(name, to_tensor(array)); })
      .def("step", [](OptimizerSteps& steps, nb::handle gradients) {
        std::vector<Tensor> all;
        for (const nb::handle gradient : gradients) all.push_back(to_tensor(gradient));
        steps.step(all);
      });
}

void bind_callbacks(nb::module_& module) {
  nb::class_<Callback>(module, "Callback").def_prop_ro("state", [](const Callback& callback) {
    nb::dict numbers;
    for (const auto& [name, value] : callback.state().numbers)
      numbers[nb::str(name.data(), name.size())] = value;
    return numbers;
  });
  module.def("make_callback", [](const std::string& class_name, nb::handle config) {
    const std::vector<Setting> settings = settings_of(config);
    for (const CallbackKind& kind : callback_catalog()) {
      if (kind.class_name != class_name || kind.from == nullptr) continue;
      SettingsReader reader(kind.class_name, settings);
      CallbackPtr callback = kind.from(reader);
      reader.finish();
      return callback;
    }
    throw Error("no callback is called " + class_name);
  });
  module.def("own_callback", [](nb::object object, const std::vector<std::string>& hooks) {
    return CallbackPtr(std::make_shared<PythonCallback>(std::move(object), hooks));
  });
}

}  // namespace

void bind_training(nb::module_& module) {
  bind_losses(module);
  bind_metrics(module);
  bind_schedules(module);
  bind_optimizers(module);
  bind_callbacks(module);
}

}  // namespace chronicler::python
