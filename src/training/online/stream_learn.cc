#include "training/online/stream_learn.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "model/compiled_before.h"
#include "model/model_internals.h"
#include "training/compile_config.h"

namespace chronicler {
namespace {

// How the model was compiled, and its optimizer if that has learnt, for the weights of `own`.
struct LearntBy {
  CompileOptions options;
  OptimizerPtr optimizer;
};

LearntBy learnt_by(const StreamLearning& learning) {
  LearntBy by;
  std::vector<Tensor> variables;
  if (const auto* trainer = dynamic_cast<const Trainer*>(learning.compiled.get())) {
    by.options = trainer->options();
    variables = trainer->optimizer().variables();
  } else if (const auto* before = dynamic_cast<const CompiledBefore*>(learning.compiled.get())) {
    const Compilation said = before->compilation(*learning.own);
    by.options = compile_options_from(said.config, learning.own->output_names());
    variables = said.optimizer_variables;
  }
  by.options.metrics.clear();
  by.options.weighted_metrics.clear();
  by.options.output_metrics.clear();
  by.options.output_weighted_metrics.clear();
  by.optimizer = by.options.optimizer.optimizer()->fresh();
  by.optimizer->build(Adaptation::trainable_weights(*learning.own));
  try {
    by.optimizer->set_variables(variables);
  } catch (const Error&) {
    by.optimizer = nullptr;  // it has not learnt, or was another one
  }
  return by;
}

}  // namespace

WindowAdapter::WindowAdapter(const StreamLearning& learning)
    : model_(*learning.own),
      execution_(ModelInternals::network(model_), true),
      trainer_([&] {
        LearntBy by = learnt_by(learning);
        optimizer_ = by.optimizer;
        return by.options;
      }()),
      adaptation_(*learning.own, learning.options, optimizer_.get(),
                  Adaptation::trainable_weights(*learning.own)) {
  begin(learning);
  optimizer_ = nullptr;
}

WindowAdapter::WindowAdapter(const StreamLearning& learning, const WindowAdapter& other)
    : model_(*learning.own),
      execution_(ModelInternals::network(model_), true),
      trainer_(other.trainer_.options()),
      adaptation_(*learning.own, other.adaptation_) {
  begin(learning);
}

void WindowAdapter::begin(const StreamLearning& learning) {
  Batch& batch = batch_;
  batch.x = TensorList({learning.x});
  batch.y = TensorList({learning.y});
  weights_ = TensorList({learning.counts});
  trainer_.prepare(model_, batch);
}

std::unique_ptr<StreamAdapter> WindowAdapter::copy_for(const StreamLearning& learning) const {
  return std::make_unique<WindowAdapter>(learning, *this);
}

void WindowAdapter::check(const TensorView& target, const Shape& output) const {
  trainer_.check_target(0, target, output);
}

void WindowAdapter::learn_from(const StreamLearning& learning) {
  const auto counts = learning.counts.span<float>();
  const auto targets = std::count(counts.begin(), counts.end(), 1.0F);
  if (targets == 0) return;
  batch_.sample_weight =
      targets == static_cast<std::int64_t>(counts.size()) ? TensorList() : weights_;
  std::vector<State>& states = execution_.states();
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].empty()) states[i] = clone_state(learning.start[i]);
    for (std::size_t k = 0; k < states[i].size(); ++k) copy(learning.start[i][k], states[i][k]);
  }
  const Value value{learning.x, {}};
  Execution::Mode mode;
  mode.keep = true;
  mode.logits = true;
  execution_.forward(std::span(&value, 1), mode);
  adaptation_.forget_gradients();
  if (std::isfinite(trainer_.gradients_of_run(execution_, batch_))) adaptation_.move();
}

namespace {

void check_can_learn(const StreamLearning* learning) {
  if (learning == nullptr) {
    throw Error("this stream does not learn: it was made without adapt options",
                "make it by model.stream({.adapt = AdaptOptions{}}), of a model that was compiled");
  }
  if (learning->compiled) return;
  throw CompileError(fmt::format("model \"{}\" must be compiled before a stream of it can learn",
                                 learning->own->name()),
                     "call model.compile({.optimizer = ..., .loss = ...}) before model.stream");
}

// The place of the targets, once it is known how many numbers they have.
void make_room(StreamLearning& learning, std::int64_t width, std::int64_t outputs) {
  const std::int64_t steps = learning.options.steps;
  const Shape shape = width == 1 && outputs != 1 ? Shape{1, steps} : Shape{1, steps, width};
  if (learning.y && learning.y.shape() == shape) return;
  if (learning.y) {
    throw Error(fmt::format("a target of {} numbers came after targets of {}", width,
                            learning.y.size() / steps));
  }
  WindowModel(*learning.own).check_outputs(learning.x.shape(), outputs);
  learning.y = Tensor(shape);
  try {
    learning.adapter = std::make_unique<WindowAdapter>(learning);
  } catch (...) {
    learning.y = Tensor();
    throw;
  }
}

}  // namespace

void Stream::learn(std::span<const float> target) {
  StreamLearning* learning = parts_->learning.get();
  check_can_learn(learning);
  if (learning->noted == 0 || learning->counts.as<float>()[learning->noted - 1] != 0.0F) {
    throw Error("a target came without a step", "call step(x) first, and learn(y) once for it");
  }
  for (const float number : target) {
    if (std::isfinite(number)) continue;
    throw Error(fmt::format("a target is {}", number), "leave it out: a step needs none");
  }
  const auto width = static_cast<std::int64_t>(target.size());
  if (width == 0) throw Error("a target has no numbers", "give as many as the model's outputs");
  make_room(*learning, width, outputs());
  const std::int64_t step = learning->noted - 1;
  float* place = learning->y.as<float>() + step * width;
  const Shape output{1, 1, outputs()};
  const Shape shape = learning->y.shape().rank() > 2 ? Shape{1, 1, width} : Shape{1, 1};
  std::copy(target.begin(), target.end(), place);
  static_cast<WindowAdapter&>(*learning->adapter)
      .check(TensorView(place, DType::float32, shape), output);
  learning->counts.as<float>()[step] = 1.0F;
  if (!learning->is_full()) return;
  learning->adapter->learn_from(*learning);
  learning->forget();
  for (const auto& each : parts_->chain) each->take_weights();
}

}  // namespace chronicler
