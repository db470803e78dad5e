#include "chronicler/training/optimizer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "layers/core/sums.h"

namespace chronicler {
namespace {

constexpr std::int64_t elements_of_piece = 1 << 14;

// Elements [begin, begin + size) as a view of one axis.
TensorView stretch(const TensorView& all, std::int64_t begin, std::int64_t size) {
  return all.reshaped({all.size()}).rows(begin, begin + size);
}

double as_float32(double value) { return static_cast<double>(static_cast<float>(value)); }

void check_rate(double learning_rate) {
  if (learning_rate >= 0.0 && !std::isinf(learning_rate)) return;
  throw Error(fmt::format("learning_rate must be at least 0 and finite, got {}", learning_rate));
}

void check_clipping(const Clipping& clipping) {
  const int given = (clipping.clipnorm ? 1 : 0) + (clipping.clipvalue ? 1 : 0) +
                    (clipping.global_clipnorm ? 1 : 0);
  if (given > 1) {
    throw Error("only one of clipnorm, clipvalue and global_clipnorm can be given",
                "choose global_clipnorm to keep the direction of the step");
  }
}

[[noreturn]] void throw_not_built(std::string_view name) {
  throw Error(fmt::format("optimizer \"{}\" was not built", name),
              "call build with the parameters to train");
}

Tensor single(DType dtype, double value) {
  Tensor tensor(Shape{}, dtype);
  tensor.fill(value);
  return tensor;
}

// A number that is kept as a tensor of one element.
double scalar(const Tensor& tensor, std::string_view name) {
  if (tensor.size() != 1) {
    throw Error(
        fmt::format("{} must be a single number, got shape {}", name, tensor.shape().to_string()));
  }
  return *tensor.to(DType::float64).as<double>();
}

}  // namespace

Optimizer::Optimizer(OptimizerCommon common)
    : common_(std::move(common)), schedule_(common_.learning_rate.schedule()) {
  check_rate(common_.learning_rate.value());
  learning_rate_ = as_float32(common_.learning_rate.value());
  check_clipping(common_.clipping);
}

double Optimizer::learning_rate() const {
  return schedule_ ? as_float32(schedule_->at(iterations_)) : learning_rate_;
}

void Optimizer::set_learning_rate(double learning_rate) {
  if (schedule_) {
    throw Error(fmt::format("the learning rate of optimizer \"{}\" follows a {}", name(),
                            schedule_->class_name()),
                "give a number as learning_rate if it is to be set");
  }
  check_rate(learning_rate);
  learning_rate_ = as_float32(learning_rate);
}

LearningRate Optimizer::rate_option() const {
  return schedule_ ? LearningRate(schedule_) : LearningRate(learning_rate_);
}

// ---- slots

void Optimizer::build(std::span<Parameter* const> parameters) {
  std::vector<Parameter*> trained;
  std::copy_if(parameters.begin(), parameters.end(), std::back_inserter(trained),
               [](const Parameter* parameter) { return parameter->trainable; });
  if (built_) {
    if (trained == parameters_) return;
    throw Error(fmt::format("optimizer \"{}\" already trains other weights", name()),
                "compile the model again");
  }
  parameters_ = std::move(trained);
  const auto zeros = [](const Parameter* parameter) {
    return Tensor(parameter->value.shape(), parameter->value.dtype());
  };
  for (const Parameter* parameter : parameters_) {
    if (common_.use_ema) averages_.push_back(zeros(parameter));
    if (common_.gradient_accumulation_steps) accumulators_.push_back(zeros(parameter));
    for (std::size_t kind = 0; kind < slots_per_parameter(); ++kind) {
      slots_.push_back(zeros(parameter));
      slots_.back().fill(slot_start(kind));
    }
  }
  numbers_ = first_numbers();
  cut_into_pieces();
  built_ = true;
}

// Large parameters are cut; small ones lie together in one task, so that nobody is woken up for a
// bias.
void Optimizer::cut_into_pieces() {
  std::int64_t in_task = elements_of_piece;
  for (std::size_t index = 0; index < parameters_.size(); ++index) {
    const std::int64_t size = parameters_[index]->value.size();
    for (std::int64_t begin = 0; begin < size; begin += elements_of_piece) {
      const Piece piece{index, begin, std::min(elements_of_piece, size - begin)};
      if (in_task + piece.size > elements_of_piece) {
        tasks_.push_back(pieces_.size());
        in_task = 0;
      }
      in_task += piece.size;
      pieces_.push_back(piece);
    }
  }
  tasks_.push_back(pieces_.size());
  squares_.resize(pieces_.size());
  measured_.resize(pieces_.size());
  scales_.resize(parameters_.size());
}

// Places in slots_, in the order in which Keras lists them.
std::vector<std::size_t> Optimizer::slot_order() const {
  const std::size_t kinds = slots_per_parameter();
  const std::size_t together = std::min(kinds, slots_side_by_side());
  std::vector<std::size_t> order;
  for (std::size_t parameter = 0; parameter < parameters_.size(); ++parameter) {
    for (std::size_t kind = 0; kind < together; ++kind) order.push_back(parameter * kinds + kind);
  }
  for (std::size_t kind = together; kind < kinds; ++kind) {
    for (std::size_t parameter = 0; parameter < parameters_.size(); ++parameter) {
      order.push_back(parameter * kinds + kind);
    }
  }
  return order;
}

std::vector<const Tensor*> Optimizer::kept() const {
  std::vector<const Tensor*> all;
  for (const Tensor& average : averages_) all.push_back(&average);
  for (const Tensor& accumulator : accumulators_) all.push_back(&accumulator);
  for (const std::size_t place : slot_order()) all.push_back(&slots_[place]);
  return all;
}

std::vector<Tensor> Optimizer::variables() const {
  std::vector<Tensor> variables{single(DType::float64, static_cast<double>(iterations_))};
  if (!schedule_) variables.push_back(single(DType::float32, learning_rate_));
  for (const Tensor* tensor : kept()) variables.push_back(tensor->clone());
  for (const float number : numbers_) {
    variables.push_back(single(DType::float32, static_cast<double>(number)));
  }
  return variables;
}

void Optimizer::set_variables(const std::vector<Tensor>& variables) {
  if (!built_) {
    throw Error(fmt::format("optimizer \"{}\" has no variables yet", name()),
                "build the model and the optimizer first");
  }
  const std::vector<const Tensor*> own = kept();
  const std::size_t first = schedule_ ? 1 : 2;
  const std::size_t count = first + own.size() + numbers_.size();
  if (variables.size() != count) {
    throw Error(
        fmt::format("optimizer \"{}\" has {} variables, got {}", name(), count, variables.size()),
        "they belong to another optimizer or another model");
  }
  for (std::size_t i = 0; i < own.size(); ++i) {
    const Shape& shape = variables[first + i].shape();
    if (shape == own[i]->shape()) continue;
    throw Error(fmt::format("variable {} of optimizer \"{}\" has shape {}, got {}", first + i,
                            name(), own[i]->shape().to_string(), shape.to_string()),
                "they belong to another optimizer or another model");
  }
  const double iteration = scalar(variables[0], "iteration");
  if (!(iteration >= 0.0) || iteration != std::floor(iteration) || iteration > 0x1p53) {
    throw Error(fmt::format("iteration must be a whole number of at least 0, got {}", iteration));
  }
  std::vector<float> given_numbers;
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    const double number = scalar(variables[first + own.size() + i], "a variable");
    given_numbers.push_back(static_cast<float>(number));
  }
  if (!schedule_) set_learning_rate(scalar(variables[1], "learning_rate"));
  iterations_ = static_cast<std::int64_t>(iteration);
  for (std::size_t i = 0; i < own.size(); ++i) {
    copy(variables[first + i].to(own[i]->dtype()), *own[i]);
  }
  numbers_ = std::move(given_numbers);
}

std::int64_t Optimizer::count_params() const {
  std::int64_t count = 0;
  for (const Tensor& variable : variables()) count += variable.size();
  return count;
}

Tensor Optimizer::mean_squares(const Parameter& parameter) const {
  const std::optional<MeanSquares> kept = mean_squares_kept();
  const auto found = std::find(parameters_.begin(), parameters_.end(), &parameter);
  if (!kept || found == parameters_.end() || completed_updates() == 0) return {};
  const auto index = static_cast<std::size_t>(found - parameters_.begin());
  const Tensor squares = slots_[index * slots_per_parameter() + kept->kind].clone();
  const double missing = 1.0 - std::pow(kept->decay, static_cast<double>(completed_updates()));
  with_real(squares.dtype(), [&](auto real) {
    using Real = decltype(real);
    for (Real& square : squares.span<Real>()) square /= static_cast<Real>(missing);
  });
  return squares;
}

// ---- one step

template <class Function>
void Optimizer::for_pieces(Runtime& runtime, const Function& function) {
  runtime.parallel(static_cast<std::int64_t>(tasks_.size()) - 1, [&](std::int64_t task) {
    const auto index = static_cast<std::size_t>(task);
    for (std::size_t piece = tasks_[index]; piece < tasks_[index + 1]; ++piece) function(piece);
  });
}

void Optimizer::step(Runtime& runtime) {
  if (!built_) throw_not_built(name());
  for (const Parameter* parameter : parameters_) {
    if (parameter->gradient.size() == parameter->value.size()) continue;
    throw Error(fmt::format("weight \"{}\" has no gradient", parameter->name),
                "run a training batch backward before the step");
  }
  const FlushDenormals guard;
  if (accumulate(runtime)) {
    clip(runtime);
    step_rate_ = learning_rate();
    move_numbers(completed_updates() + 1, numbers_);
    if (common_.weight_decay) for_pieces(runtime, [&](std::size_t i) { decay(pieces_[i]); });
    std::fill(scales_.begin(), scales_.end(), 1.0);
    if (measures()) measure_all(runtime);
    for_pieces(runtime, [&](std::size_t i) {
      std::array<TensorView, max_slots> slots;
      update(update_of(pieces_[i], slots));
    });
  }
  if (common_.use_ema) average(runtime);
  for (Parameter* parameter : parameters_) {
    if (parameter->constraint) parameter->constraint.apply(parameter->value);
  }
  ++iterations_;
}

// Steps that moved the weights.
std::int64_t Optimizer::completed_updates() const {
  return iterations_ / common_.gradient_accumulation_steps.value_or(1);
}

// Whether a gradient is made of rows that the optimizer sees: those that are added up over steps
// are gradients of the whole table.
bool Optimizer::comes_in_rows(const Parameter& parameter) const {
  return static_cast<bool>(parameter.gradient_squares) && !common_.gradient_accumulation_steps;
}

// Whether it still is when the weights move: TensorFlow adds the rows up to scale them all.
bool Optimizer::steps_by_rows(const Parameter& parameter) const {
  return comes_in_rows(parameter) && !common_.clipping.global_clipnorm;
}

void Optimizer::prepare_rows() {
  if (!built_) throw_not_built(name());
  for (Parameter* parameter : parameters_) {
    if (!parameter->by_rows) continue;
    const bool is_cut = common_.clipping.clipvalue && !common_.gradient_accumulation_steps;
    parameter->row_limit =
        is_cut ? *common_.clipping.clipvalue : std::numeric_limits<double>::infinity();
    if (!needs_sizes() || !steps_by_rows(*parameter)) {
      parameter->gradient_sizes = Tensor();
    } else if (!parameter->gradient_sizes) {
      parameter->gradient_sizes = Tensor(parameter->value.shape(), parameter->value.dtype());
    } else {
      parameter->gradient_sizes.fill(0.0);
    }
  }
}

Optimizer::Update Optimizer::update_of(const Piece& piece, std::span<TensorView> slots) const {
  const Parameter& parameter = *parameters_[piece.parameter];
  const std::size_t kinds = slots_per_parameter();
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    const Tensor& slot = slots_[piece.parameter * kinds + kind];
    slots[kind] = stretch(slot, piece.begin, piece.size);
  }
  const auto gathered = [&](const Tensor& sums) {
    if (!sums || !steps_by_rows(parameter)) return TensorView();
    return stretch(sums, piece.begin, piece.size);
  };
  return {stretch(parameter.value, piece.begin, piece.size),
          stretch(parameter.gradient, piece.begin, piece.size),
          gathered(parameter.gradient_squares),
          gathered(parameter.gradient_sizes),
          slots.first(kinds),
          step_rate_,
          completed_updates() + 1,
          scales_[piece.parameter],
          numbers_};
}

void Optimizer::decay(const Piece& piece) const {
  const TensorView value = stretch(parameters_[piece.parameter]->value, piece.begin, piece.size);
  with_real(value.dtype(), [&](auto real) {
    using Real = decltype(real);
    const auto decay = static_cast<Real>(*common_.weight_decay * step_rate_);
    for (Real& weight : value.span<Real>()) weight -= weight * decay;
  });
}

void Optimizer::measure_all(Runtime& runtime) {
  for_pieces(runtime, [&](std::size_t i) {
    std::array<TensorView, max_slots> slots;
    measured_[i] = measure(update_of(pieces_[i], slots));
  });
  for (std::size_t i = 0; i < pieces_.size();) {
    Squares sum;
    const std::size_t parameter = pieces_[i].parameter;
    for (; i < pieces_.size() && pieces_[i].parameter == parameter; ++i) {
      sum.value += measured_[i].value;
      sum.step += measured_[i].step;
    }
    const bool both = sum.value > 0.0 && sum.step > 0.0;
    scales_[parameter] = both ? std::sqrt(sum.value) / std::sqrt(sum.step) : 1.0;
  }
}

// Whether the weights move now: then the gradients are the mean of those of the last steps.
bool Optimizer::accumulate(Runtime& runtime) {
  if (!common_.gradient_accumulation_steps) return true;
  const std::int64_t steps = *common_.gradient_accumulation_steps;
  const bool now = (iterations_ + 1) % steps == 0;
  for_pieces(runtime, [&](std::size_t index) {
    const Piece& piece = pieces_[index];
    const TensorView kept = stretch(accumulators_[piece.parameter], piece.begin, piece.size);
    const TensorView gradient =
        stretch(parameters_[piece.parameter]->gradient, piece.begin, piece.size);
    with_real(gradient.dtype(), [&](auto real) {
      using Real = decltype(real);
      Real* sum = kept.as<Real>();
      Real* slope = gradient.as<Real>();
      for (std::int64_t i = 0; i < piece.size; ++i) {
        sum[i] += slope[i];
        if (!now) continue;
        slope[i] = sum[i] / static_cast<Real>(steps);
        sum[i] = 0;
      }
    });
  });
  return now;
}

// ---- averages of the weights

// average = momentum average + (1 - momentum) weight; the first one is the weight.
void Optimizer::average(Runtime& runtime) {
  const double momentum = completed_updates() == 0 ? 0.0 : common_.ema_momentum;
  for_pieces(runtime, [&](std::size_t index) {
    const Piece& piece = pieces_[index];
    const TensorView average = stretch(averages_[piece.parameter], piece.begin, piece.size);
    const TensorView value = stretch(parameters_[piece.parameter]->value, piece.begin, piece.size);
    with_real(value.dtype(), [&](auto real) {
      using Real = decltype(real);
      const auto old_share = static_cast<Real>(momentum);
      const auto new_share = static_cast<Real>(1.0 - momentum);
      Real* mean = average.as<Real>();
      const Real* weight = value.as<Real>();
      for (std::int64_t i = 0; i < piece.size; ++i) {
        mean[i] = old_share * mean[i] + new_share * weight[i];
      }
    });
  });
  const std::int64_t frequency = common_.ema_overwrite_frequency.value_or(0);
  if (frequency > 0 && (completed_updates() + 1) % frequency == 0) overwrite_with_averages();
}

void Optimizer::overwrite_with_averages() {
  for (std::size_t i = 0; i < averages_.size(); ++i) copy(averages_[i], parameters_[i]->value);
}

void Optimizer::swap_averages() {
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    const Tensor weights = parameters_[i]->value.clone();
    copy(averages_[i], parameters_[i]->value);
    copy(weights, averages_[i]);
  }
}

void Optimizer::take_weights_as_averages() {
  for (std::size_t i = 0; i < averages_.size(); ++i) copy(parameters_[i]->value, averages_[i]);
}

void Optimizer::finish() {
  if (iterations_ > 0) overwrite_with_averages();
}

// ---- clipping

// Of a gradient that comes in rows each row was cut before it was added (prepare_rows).
void Optimizer::clip_values(Runtime& runtime) {
  const double limit = *common_.clipping.clipvalue;
  for_pieces(runtime, [&](std::size_t index) {
    const Piece& piece = pieces_[index];
    const Parameter& parameter = *parameters_[piece.parameter];
    if (comes_in_rows(parameter)) return;
    const TensorView gradient = stretch(parameter.gradient, piece.begin, piece.size);
    with_real(gradient.dtype(), [&](auto real) {
      using Real = decltype(real);
      const auto high = static_cast<Real>(limit);
      for (Real& slope : gradient.span<Real>()) slope = std::clamp(slope, -high, high);
    });
  });
}

// The squares of each gradient's norm, in scales_. A gradient that comes in rows has the norm of
// all rows together, not of their sums.
void Optimizer::measure_gradients(Runtime& runtime) {
  for_pieces(runtime, [&](std::size_t index) {
    const Piece& piece = pieces_[index];
    const Parameter& parameter = *parameters_[piece.parameter];
    const bool by_rows = comes_in_rows(parameter);
    const TensorView numbers =
        stretch(by_rows ? parameter.gradient_squares : parameter.gradient, piece.begin, piece.size);
    squares_[index] = with_real(numbers.dtype(), [&](auto real) {
      const auto* number = numbers.as<decltype(real)>();
      return sum_of(piece.size, [&](std::int64_t i) {
        const auto value = static_cast<double>(number[i]);
        return by_rows ? value : value * value;
      });
    });
  });
  std::fill(scales_.begin(), scales_.end(), 0.0);
  for (std::size_t i = 0; i < pieces_.size(); ++i) scales_[pieces_[i].parameter] += squares_[i];
}

void Optimizer::clip(Runtime& runtime) {
  if (common_.clipping.clipvalue) clip_values(runtime);
  if (!common_.clipping.clipnorm && !common_.clipping.global_clipnorm) return;

  measure_gradients(runtime);
  if (common_.clipping.clipnorm) {
    const double limit = *common_.clipping.clipnorm;
    for (double& scale : scales_) scale = limit / std::max(limit, std::sqrt(scale));
  } else {
    const double limit = *common_.clipping.global_clipnorm;
    double sum = 0.0;
    for (const double square : scales_) sum += square;
    // One gradient that is not finite makes the norm useless: Keras then spoils all, so that it is
    // noticed.
    const double scale = std::isfinite(sum) ? limit / std::max(limit, std::sqrt(sum))
                                            : std::numeric_limits<double>::quiet_NaN();
    std::fill(scales_.begin(), scales_.end(), scale);
  }
  scale_gradients(runtime);
}

void Optimizer::scale_gradients(Runtime& runtime) {
  for_pieces(runtime, [&](std::size_t index) {
    const Piece& piece = pieces_[index];
    const double scale = scales_[piece.parameter];
    if (scale == 1.0) return;
    const Parameter& parameter = *parameters_[piece.parameter];
    with_real(parameter.gradient.dtype(), [&](auto real) {
      using Real = decltype(real);
      const auto multiply = [&](const Tensor& numbers, double factor) {
        const TensorView part = stretch(numbers, piece.begin, piece.size);
        for (Real& number : part.span<Real>()) number *= static_cast<Real>(factor);
      };
      multiply(parameter.gradient, scale);
      if (!steps_by_rows(parameter)) return;
      multiply(parameter.gradient_squares, scale * scale);
      if (parameter.gradient_sizes) multiply(parameter.gradient_sizes, scale);
    });
  });
}

}  // namespace chronicler
