#include "chronicler/training/stream_learner.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"
#include "model/model_internals.h"
#include "training/field_settings.h"
#include "training/online/learner_model.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

void check_finite(std::span<const float> numbers, std::string_view what) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (std::isfinite(numbers[i])) continue;
    throw Error(fmt::format("number {} of {} is {}", i, what, numbers[i]),
                "leave the sample out, or fill in what is missing");
  }
}

}  // namespace

struct StreamLearner::Parts {
  Parts(Model& given, const FitStreamOptions& how)
      : owner(given),
        options(checked_fields(how)),
        trainer(trainer_of(given, "fit_stream")),
        model(given),
        execution(ModelInternals::execution(model)) {
    const std::vector<Parameter*> weights = given.parameters();
    const DType dtype = weights.empty() ? DType::float32 : weights.front()->value.dtype();
    sample.x = TensorList({Tensor(model.step_shape(), dtype)});
    trainer.build_optimizer(owner);
  }

  void forward();
  void take_target(std::span<const float> y);
  void forget_gradients();
  void move_weights();

  Model& owner;
  FitStreamOptions options;
  Trainer& trainer;
  LearnerModel model;
  Execution& execution;
  Runtime one_thread{1};  // a step's work is too little to wake another
  Batch sample{};
  std::vector<float> target;  // numbers that the last target had
  std::vector<float> prediction;
  std::int64_t steps = 0;
  std::int64_t gathered = 0;  // samples whose gradients wait for a step of the optimizer
  bool has_step = false;
};

void StreamLearner::Parts::forward() {
  const Value value{sample.x.front(), {}};
  Execution::Mode mode;
  mode.keep = true;
  mode.logits = true;
  execution.forward(std::span(&value, 1), mode);
  const TensorView result = execution.output().data;
  prediction.resize(static_cast<std::size_t>(result.size()));
  with_real(result.dtype(), [&](auto real) {
    using Real = decltype(real);
    std::transform(result.as<Real>(), result.as<Real>() + result.size(), prediction.begin(),
                   [](Real number) { return static_cast<float>(number); });
  });
}

// Targets are of the outputs' shape, or labels, a number for each row of it.
void StreamLearner::Parts::take_target(std::span<const float> y) {
  const Shape& output = execution.output().data.shape();
  const auto count = static_cast<std::int64_t>(y.size());
  Shape shape = output;
  if (count == 1 && output[-1] != 1) {
    shape = output.rank() > 2 ? Shape{1, 1} : Shape{1};
  } else {
    shape.set(-1, count);
  }
  const bool is_first = sample.y.size() == 0;
  if (is_first || !(sample.y.front().shape() == shape)) {
    Batch other = sample;
    other.y = TensorList({Tensor(shape)});
    std::copy(y.begin(), y.end(), other.y.front().as<float>());
    trainer.prepare(model, other);
    trainer.reset_metrics();
    sample = other;
    return;
  }
  std::copy(y.begin(), y.end(), sample.y.front().as<float>());
  trainer.check_target(0, sample.y.front(), output);
}

// Wherever they are: fit may have moved them in the meantime.
void StreamLearner::Parts::forget_gradients() {
  trainer.optimizer().prepare_rows();
  for (const LayerPtr& layer : model.layers()) {
    for (Parameter& parameter : layer->parameters()) {
      for (const Tensor* sums : {&parameter.gradient, &parameter.gradient_squares}) {
        if (*sums) std::memset(sums->view().raw(), 0, sums->bytes());
      }
    }
  }
}

void StreamLearner::Parts::move_weights() {
  trainer.move_weights(model, gathered, one_thread);
  gathered = 0;
}

StreamLearner::StreamLearner(Model& model, const FitStreamOptions& options)
    : parts_(std::make_unique<Parts>(model, options)) {
  // Two steps, as for a Stream: the second takes all memory that a step needs in one piece.
  for (int i = 0; i < 2; ++i) parts_->forward();
  parts_->model.reset();
}
StreamLearner::~StreamLearner() = default;
StreamLearner::StreamLearner(StreamLearner&&) noexcept = default;
StreamLearner& StreamLearner::operator=(StreamLearner&&) noexcept = default;

std::int64_t StreamLearner::features() const { return parts_->sample.x.front().size(); }
std::int64_t StreamLearner::outputs() const {
  return static_cast<std::int64_t>(parts_->prediction.size());
}

std::span<const float> StreamLearner::step(std::span<const float> x) {
  if (static_cast<std::int64_t>(x.size()) != features()) {
    throw Error(fmt::format("a step of model \"{}\" has {} features, got {}", parts_->owner.name(),
                            features(), x.size()));
  }
  check_finite(x, "x");
  const TensorView input = parts_->sample.x.front();
  with_real(input.dtype(),
            [&](auto real) { std::copy(x.begin(), x.end(), input.as<decltype(real)>()); });
  parts_->forward();
  parts_->has_step = true;
  return parts_->prediction;
}

double StreamLearner::learn(std::span<const float> y) {
  Parts& parts = *parts_;
  if (!parts.has_step) {
    throw Error("a target came without a step", "call step(x) first, and learn(y) once for it");
  }
  check_finite(y, "y");
  parts.take_target(y);
  if (parts.gathered == 0) parts.forget_gradients();
  const double loss = parts.trainer.learn_from_run(parts.model, parts.sample);
  parts.has_step = false;
  ++parts.steps;
  if (++parts.gathered >= parts.options.update_every) parts.move_weights();
  return loss;
}

StreamLearner::Sample StreamLearner::learn(std::span<const float> x, std::span<const float> y) {
  const std::span<const float> prediction = step(x);
  return {learn(y), prediction};
}

void StreamLearner::reset() {
  parts_->model.reset();
  parts_->has_step = false;
}

Results StreamLearner::results() const { return parts_->trainer.results(); }
void StreamLearner::reset_results() { parts_->trainer.reset_metrics(); }
std::int64_t StreamLearner::steps() const { return parts_->steps; }

bool StreamLearner::exact() const {
  const auto& learners = parts_->model.learners();
  return std::all_of(learners.begin(), learners.end(),
                     [](const LayerLearner* learner) { return learner->exact(); });
}

std::int64_t StreamLearner::trace_bytes() const {
  std::int64_t bytes = 0;
  for (const LayerLearner* learner : parts_->model.learners()) bytes += learner->trace_bytes();
  return bytes;
}

}  // namespace chronicler
