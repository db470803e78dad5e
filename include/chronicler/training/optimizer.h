// An optimizer moves parameters by their gradients: keras.optimizers. It sees parameters, never
// layers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/fields.h"
#include "chronicler/base/runtime.h"
#include "chronicler/layers/layer.h"
#include "chronicler/training/schedules.h"

namespace chronicler {

// How gradients are clipped before the update; at most one of the three. Keras's names.
struct Clipping {
  std::optional<double> clipnorm = {};         // each gradient's norm
  std::optional<double> clipvalue = {};        // each element
  std::optional<double> global_clipnorm = {};  // the norm of all gradients together
};

// The options that every optimizer has.
struct OptimizerCommon {
  std::string name;
  LearningRate learning_rate;
  std::optional<double> weight_decay;
  Clipping clipping;
  bool use_ema;
  double ema_momentum;
  std::optional<std::int64_t> ema_overwrite_frequency;
  std::optional<double> loss_scale_factor;
  std::optional<std::int64_t> gradient_accumulation_steps;
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual std::string_view class_name() const = 0;          // "Adam"
  const std::string& name() const { return common_.name; }  // "adam"
  virtual std::vector<Setting> settings() const = 0;        // Keras's config, in its order

  // Makes the slots for these parameters; frozen ones get none. A second call with the same
  // parameters does nothing, with others it throws Error. The parameters must outlive the
  // optimizer's last step.
  void build(std::span<Parameter* const> parameters);
  bool built() const { return built_; }

  // Before a backward pass: prepares the tables whose gradients are made of rows what the step
  // needs of the rows (Parameter::row_limit, gradient_sizes). Throws Error before build.
  void prepare_rows();

  // One step over the gradients that the parameters hold: accumulate, clip, decay, update, average,
  // constraints, iteration + 1. Deterministic for any number of threads; allocates nothing.
  // Gradients that are changed on the way stay changed. Throws Error before build.
  //
  // With gradient_accumulation_steps k only every k-th step moves the weights, by the mean of k
  // gradients. The loss scale multiplies the loss and divides the gradients: no step depends on it,
  // and nothing here computes with it; it is kept for the files.
  void step(Runtime& runtime);
  // The end of training: with use_ema the weights become their averages.
  void finish();
  // With use_ema: exchanges the weights and their averages; makes the averages equal to the
  // weights.
  bool has_averages() const { return common_.use_ema && built_; }
  void swap_averages();
  void take_weights_as_averages();

  // Kept as a float32, as Keras does: 0.001 reads back as 0.0010000000474974513. With a schedule:
  // that of the next step.
  double learning_rate() const;
  // Throws Error if it is negative or not a number, or if there is a schedule.
  void set_learning_rate(double learning_rate);
  const SchedulePtr& schedule() const { return schedule_; }  // null if there is none
  std::int64_t iterations() const { return iterations_; }

  // iteration (float64: whole numbers up to 2^53), learning_rate (float32; not with a schedule),
  // then in Keras's order copies of the averages, the accumulated gradients, the slots, and an
  // optimizer's own numbers: what a checkpoint keeps.
  std::vector<Tensor> variables() const;
  // Throws Error if number or shapes differ, or before build.
  void set_variables(const std::vector<Tensor>& variables);
  // Number of elements of all variables (for summaries: Adam has 2n + 2).
  std::int64_t count_params() const;

  // The running mean of the squares of a parameter's gradients, free of its start at zero; empty
  // unless the optimizer keeps one (Adam, RMSprop and their kin) and has made a step.
  Tensor mean_squares(const Parameter& parameter) const;

  // An optimizer with the same settings and no slots yet.
  virtual std::shared_ptr<Optimizer> fresh() const = 0;

 protected:
  // Throws Error if an option is out of its range.
  explicit Optimizer(OptimizerCommon common);

  // Slots of one parameter, all of its shape; at most max_slots.
  static constexpr std::size_t max_slots = 4;
  virtual std::size_t slots_per_parameter() const = 0;
  // Keras keeps the first so many slots of a parameter together (Adam: m0 v0 m1 v1 ...) and each
  // further kind after them, for all parameters (Adam's largest: vh0 vh1 ...).
  virtual std::size_t slots_side_by_side() const { return 1; }
  virtual double slot_start(std::size_t /*kind*/) const { return 0.0; }
  // The kind of slot that holds the mean squares of the gradients, and how much of it a step keeps.
  struct MeanSquares {
    std::size_t kind;
    double decay;
  };
  virtual std::optional<MeanSquares> mean_squares_kept() const { return std::nullopt; }
  // What the optimizer's own numbers (Nadam's product) are at the start.
  virtual std::vector<float> first_numbers() const { return {}; }

  struct Update {
    TensorView value;
    TensorView gradient;  // clipped
    TensorView squares;   // empty: those of the gradient (Parameter::gradient_squares)
    TensorView sizes;     // empty: those of the gradient (Parameter::gradient_sizes)
    std::span<const TensorView> slots;
    double learning_rate;
    std::int64_t step;  // 1 for the first
    double scale;       // of this parameter's step: 1 unless the optimizer measures
    std::span<const float> numbers;
  };
  // Whether the step needs the absolute values of a table's rows.
  virtual bool needs_sizes() const { return false; }
  // Once for every step, before its updates.
  virtual void move_numbers(std::int64_t /*step*/, std::span<float> /*numbers*/) const {}
  // Elementwise: is called for pieces of a parameter, on several threads. All views have the same
  // size and type.
  virtual void update(const Update& update) const = 0;
  // An optimizer whose step depends on the norms of a whole parameter (Lamb) moves the slots in
  // measure and the weights in update; the scale there is |value| / |step|, or 1 if one is 0.
  virtual bool measures() const { return false; }
  struct Squares {
    double value = 0.0;
    double step = 0.0;
  };
  virtual Squares measure(const Update& /*update*/) const { return {}; }

  // The learning rate as an option for an optimizer like this one.
  LearningRate rate_option() const;

 private:
  // A stretch of one parameter. Which there are follows from the shapes alone.
  struct Piece {
    std::size_t parameter;
    std::int64_t begin;
    std::int64_t size;
  };
  void cut_into_pieces();
  template <class Function>
  void for_pieces(Runtime& runtime, const Function& function);
  std::int64_t completed_updates() const;
  bool accumulate(Runtime& runtime);
  void clip(Runtime& runtime);
  void clip_values(Runtime& runtime);
  void measure_gradients(Runtime& runtime);
  void scale_gradients(Runtime& runtime);
  void measure_all(Runtime& runtime);
  bool comes_in_rows(const Parameter& parameter) const;
  bool steps_by_rows(const Parameter& parameter) const;
  Update update_of(const Piece& piece, std::span<TensorView> slots) const;
  void decay(const Piece& piece) const;
  void average(Runtime& runtime);
  void overwrite_with_averages();
  std::vector<std::size_t> slot_order() const;
  // All variables but iteration and learning_rate, in Keras's order.
  std::vector<const Tensor*> kept() const;

  OptimizerCommon common_;
  double learning_rate_ = 0.0;
  SchedulePtr schedule_;
  double step_rate_ = 0.0;  // the learning rate of this step
  std::int64_t iterations_ = 0;
  bool built_ = false;
  std::vector<Parameter*> parameters_;
  std::vector<Tensor> averages_;      // of each parameter, with use_ema
  std::vector<Tensor> accumulators_;  // of each parameter, with gradient_accumulation_steps
  std::vector<Tensor> slots_;         // parameter by parameter
  std::vector<float> numbers_;
  std::vector<Piece> pieces_;       // parameter by parameter
  std::vector<std::size_t> tasks_;  // task t has the pieces from tasks_[t] up to tasks_[t + 1]
  std::vector<double> squares_;     // of each piece: the sum of its gradient's squares
  std::vector<Squares> measured_;   // of each piece
  std::vector<double> scales_;      // of each parameter: what its gradient or step is times
};
using OptimizerPtr = std::shared_ptr<Optimizer>;

namespace optimizers {

template <class Options, class Visitor>
void visit_learning_rate(Visitor&& visit) {
  visit("learning_rate", &Options::learning_rate, at_least(0.0),
        "size of a step, or a schedule of sizes");
}

// The fields that the options of every optimizer end with.
template <class Options, class Visitor>
void visit_optimizer_fields(Visitor&& visit) {
  visit("weight_decay", &Options::weight_decay, any_value(),
        "fraction of each weight that a step takes off, times the learning rate");
  visit("clipnorm", &Options::clipnorm, above(0.0),
        "largest norm of the gradient of a weight; only one of the three clips");
  visit("clipvalue", &Options::clipvalue, above(0.0), "largest size of an element of a gradient");
  visit("global_clipnorm", &Options::global_clipnorm, above(0.0),
        "largest norm of all gradients together");
  visit("use_ema", &Options::use_ema, any_value(),
        "keeps a moving average of the weights, which they become at the end");
  visit("ema_momentum", &Options::ema_momentum, between(0.0, 1.0), "decay of that average");
  visit("ema_overwrite_frequency", &Options::ema_overwrite_frequency, at_least(1),
        "steps after which the weights become their average; none: at the end only");
  visit("loss_scale_factor", &Options::loss_scale_factor, above(0.0),
        "kept in files; nothing here is computed with it");
  visit("gradient_accumulation_steps", &Options::gradient_accumulation_steps, at_least(2),
        "batches whose mean gradient makes a step; none: every batch makes one");
  visit("name", &Options::name, any_value(), "name of the optimizer in files");
}

// By Keras's name ("sgd", "rmsprop", "adamw", ...); Error with the nearest names otherwise.
OptimizerPtr get(std::string_view name);
// By class name and settings, for config files; with a schedule in place of the learning rate.
OptimizerPtr from(std::string_view class_name, const std::vector<Setting>& settings,
                  const SchedulePtr& schedule = {});
std::vector<std::string_view> class_names();

}  // namespace optimizers

// An option that takes a name or an object.
class OptimizerOption {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a name or an object stands for the option
  OptimizerOption(const char* name) : optimizer_(optimizers::get(name)) {}
  OptimizerOption(const std::string& name) : optimizer_(optimizers::get(name)) {}
  OptimizerOption(OptimizerPtr optimizer) : optimizer_(std::move(optimizer)) {}
  // NOLINTEND(google-explicit-constructor)
  const OptimizerPtr& optimizer() const { return optimizer_; }

 private:
  OptimizerPtr optimizer_;
};

}  // namespace chronicler
