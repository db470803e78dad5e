#include "python_training.h"

#include <nanobind/stl/string.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "convert.h"
#include "interpreter_lock.h"
#include "layers/core/settings_json.h"

namespace chronicler::python {
namespace {

constexpr std::array hook_names{
    "on_train_begin",         "on_train_end",        "on_epoch_begin",   "on_epoch_end",
    "on_train_batch_begin",   "on_train_batch_end",  "on_test_begin",    "on_test_end",
    "on_test_batch_begin",    "on_test_batch_end",   "on_predict_begin", "on_predict_end",
    "on_predict_batch_begin", "on_predict_batch_end"};

nb::dict dict_of(const Logs& logs) {
  nb::dict dict;
  for (const auto& [key, value] : logs) dict[nb::str(key.data(), key.size())] = value;
  return dict;
}

// What the hook has put into the logs, for the callbacks after it.
void take_back(const nb::dict& dict, Logs& logs) {
  for (const auto [key, value] : dict) {
    double number = 0.0;
    if (nb::try_cast(value, number)) logs[nb::cast<std::string>(key)] = number;
  }
}

void fill(const TensorView& view, nb::handle array, std::string_view what) {
  const Tensor values = to_tensor(array).to(view.dtype());
  if (values.size() != view.size()) {
    throw Error(fmt::format("{} have shape {} where {} is needed", what, values.shape().to_string(),
                            view.shape().to_string()));
  }
  copy(values.reshaped(view.shape()), view);
}

}  // namespace

std::vector<Setting> settings_of(nb::handle config) {
  const Json json = to_json(config);
  const JsonPlace place(json, "config");
  std::vector<Setting> settings;
  for (const std::string& name : place.member_names())
    settings.push_back({name, setting_value_at(place[name])});
  return settings;
}

std::vector<Setting> settings_of_object(const nb::object& object) {
  const Locked lock;
  try {
    return settings_of(nb::object(object.attr("get_config")()));
  } catch (const nb::python_error&) {
    return {};
  } catch (const std::exception&) {
    return {};
  }
}

HeldObject::~HeldObject() {
  if (!nb::is_alive()) {
    object_.release();
    return;
  }
  const Locked lock;
  object_.reset();
}

void PythonLoss::values(TensorView y_true, TensorView y_pred, TensorView values,
                        TensorView gradient) const {
  const Locked lock;
  const nb::object result =
      object_->attr("_core_values")(to_array_copy(y_true), to_array_copy(y_pred),
                                    to_tuple(values.shape()), static_cast<bool>(gradient));
  fill(values, result[0], "the values of a loss");
  if (gradient) fill(gradient, result[1], "the derivatives of a loss");
}

void PythonMetric::reset() {
  const Locked lock;
  object_->attr("reset_state")();
}

void PythonMetric::update(TensorView y_true, TensorView y_pred, TensorView weight,
                          TensorView mask) {
  const Locked lock;
  object_->attr("_core_update")(to_array_copy(y_true), to_array_copy(y_pred), to_array_copy(weight),
                                to_array_copy(mask));
}

double PythonMetric::result() const {
  const Locked lock;
  return nb::cast<double>(object_->attr("_core_result")());
}

std::shared_ptr<Metric> PythonMetric::fresh() const {
  return std::const_pointer_cast<PythonMetric>(shared_from_this());
}

double PythonSchedule::at(std::int64_t step) const {
  const Locked lock;
  return nb::cast<double>(nb::float_(nb::object((*object_)(step))));
}

PythonCallback::PythonCallback(nb::object object, const std::vector<std::string>& hooks)
    : object_(std::move(object)), has_(hook_count) {
  for (std::size_t i = 0; i < hook_count; ++i)
    has_[i] = std::find(hooks.begin(), hooks.end(), hook_names[i]) != hooks.end();
}

void PythonCallback::call(Hook hook, Logs& logs) const {
  if (!has_[hook]) return;
  const Locked lock;
  const nb::dict dict = dict_of(logs);
  object_->attr(hook_names[hook])(dict);
  take_back(dict, logs);
}

void PythonCallback::call(Hook hook, std::int64_t index, Logs& logs) const {
  if (!has_[hook]) return;
  const Locked lock;
  const nb::dict dict = dict_of(logs);
  object_->attr(hook_names[hook])(index, dict);
  take_back(dict, logs);
}

void SignalCallback::look() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(50);
  const Locked lock;
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

}  // namespace chronicler::python
