// Losses, metrics, schedules and callbacks that are written in Python.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <string>
#include <vector>

#include "chronicler/training/callbacks.h"
#include "chronicler/training/loss.h"
#include "chronicler/training/metric.h"
#include "chronicler/training/schedules.h"

namespace chronicler::python {

namespace nb = nanobind;

// A Python object that C++ holds: let go with the interpreter's lock.
class HeldObject {
 public:
  explicit HeldObject(nb::object object) : object_(std::move(object)) {}
  HeldObject(const HeldObject&) = delete;
  HeldObject& operator=(const HeldObject&) = delete;
  ~HeldObject();
  const nb::object& operator*() const { return object_; }
  const nb::object* operator->() const { return &object_; }

 private:
  nb::object object_;
};

std::vector<Setting> settings_of(nb::handle config);
// The plain values of what the object's get_config() returns: what files hold of it. Nothing, if
// there are others.
std::vector<Setting> settings_of_object(const nb::object& object);

// The object answers to _core_values(y_true, y_pred, shape, wants_gradient): (values of that shape,
// gradient or None).
class PythonLoss final : public Loss {
 public:
  PythonLoss(nb::object object, std::string class_name, std::string name, Reduction reduction)
      : Loss(reduction),
        object_(std::move(object)),
        class_name_(std::move(class_name)),
        name_(std::move(name)) {}
  std::string_view class_name() const override { return class_name_; }
  std::string_view name() const override { return name_; }
  std::vector<Setting> settings() const override { return settings_of_object(*object_); }
  void check(const TensorView& /*y_true*/, const Shape& /*y_pred*/,
             std::string_view /*where*/) const override {}
  void values(TensorView y_true, TensorView y_pred, TensorView values,
              TensorView gradient) const override;

 private:
  HeldObject object_;
  std::string class_name_;
  std::string name_;
};

// The object answers to reset_state(), _core_update(y_true, y_pred, weight) and _core_result().
class PythonMetric final : public Metric, public std::enable_shared_from_this<PythonMetric> {
 public:
  PythonMetric(nb::object object, std::string class_name, std::string name)
      : object_(std::move(object)), class_name_(std::move(class_name)), name_(std::move(name)) {}
  std::string_view class_name() const override { return class_name_; }
  std::string_view name() const override { return name_; }
  std::vector<Setting> settings() const override { return settings_of_object(*object_); }
  Direction direction() const override { return Direction::unknown; }
  void reset() override;
  void update(TensorView y_true, TensorView y_pred, TensorView weight, TensorView mask) override;
  double result() const override;
  std::vector<double> state() const override { return {}; }
  void set_state(const std::vector<double>& /*state*/) override {}
  // The object itself counts on, as in Keras.
  std::shared_ptr<Metric> fresh() const override;

 private:
  HeldObject object_;
  std::string class_name_;
  std::string name_;
};

// The object answers to __call__(step).
class PythonSchedule final : public LearningRateSchedule {
 public:
  PythonSchedule(nb::object object, std::string class_name)
      : object_(std::move(object)), class_name_(std::move(class_name)) {}
  std::string_view class_name() const override { return class_name_; }
  std::vector<Setting> settings() const override { return settings_of_object(*object_); }
  double at(std::int64_t step) const override;

 private:
  HeldObject object_;
  std::string class_name_;
};

// Calls the hooks that the object's class has of its own.
class PythonCallback final : public Callback {
 public:
  // `hooks`: the names of these.
  PythonCallback(nb::object object, const std::vector<std::string>& hooks);

  void on_train_begin(Logs& logs) override { call(train_begin, logs); }
  void on_train_end(Logs& logs) override { call(train_end, logs); }
  void on_epoch_begin(std::int64_t epoch, Logs& logs) override { call(epoch_begin, epoch, logs); }
  void on_epoch_end(std::int64_t epoch, Logs& logs) override { call(epoch_end, epoch, logs); }
  void on_train_batch_begin(std::int64_t batch, Logs& logs) override {
    call(train_batch_begin, batch, logs);
  }
  void on_train_batch_end(std::int64_t batch, Logs& logs) override {
    call(train_batch_end, batch, logs);
  }
  void on_test_begin(Logs& logs) override { call(test_begin, logs); }
  void on_test_end(Logs& logs) override { call(test_end, logs); }
  void on_test_batch_begin(std::int64_t batch, Logs& logs) override {
    call(test_batch_begin, batch, logs);
  }
  void on_test_batch_end(std::int64_t batch, Logs& logs) override {
    call(test_batch_end, batch, logs);
  }
  void on_predict_begin(Logs& logs) override { call(predict_begin, logs); }
  void on_predict_end(Logs& logs) override { call(predict_end, logs); }
  void on_predict_batch_begin(std::int64_t batch, Logs& logs) override {
    call(predict_batch_begin, batch, logs);
  }
  void on_predict_batch_end(std::int64_t batch, Logs& logs) override {
    call(predict_batch_end, batch, logs);
  }

 private:
  enum Hook : std::size_t {
    train_begin,
    train_end,
    epoch_begin,
    epoch_end,
    train_batch_begin,
    train_batch_end,
    test_begin,
    test_end,
    test_batch_begin,
    test_batch_end,
    predict_begin,
    predict_end,
    predict_batch_begin,
    predict_batch_end,
    hook_count
  };
  void call(Hook hook, Logs& logs) const;
  void call(Hook hook, std::int64_t index, Logs& logs) const;

  HeldObject object_;
  std::vector<bool> has_;
};

// Raises what a signal asks for, KeyboardInterrupt, at the end of a batch.
class SignalCallback final : public Callback {
 public:
  void on_train_batch_end(std::int64_t /*batch*/, Logs& /*logs*/) override { look(); }
  void on_test_batch_end(std::int64_t /*batch*/, Logs& /*logs*/) override { look(); }
  void on_predict_batch_end(std::int64_t /*batch*/, Logs& /*logs*/) override { look(); }

 private:
  void look();
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace chronicler::python
