// A model that learns sample by sample.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "chronicler/training/compile.h"
#include "chronicler/training/fit_stream.h"

namespace chronicler {

class Model;

// What fit_stream runs, for who has the samples one at a time. A step's gradient is that of its
// loss by way of all steps so far (real-time recurrent learning, Williams and Zipser 1989): exact
// for cells whose units do not see one another (MinGRU, MinLSTM, RGLRU, LRU; Zucchet et al. 2023),
// SnAp-1 (Menick et al. 2020) for LSTM, GRU and SimpleRNN. Of several recurrent layers, one on
// another, each is learnt so by itself: what flows from one to the layer below is that of the same
// step. Dropout is off, and BatchNormalization uses what it has gathered before.
//
//   StreamLearner learner(model);
//   std::span<const float> forecast = learner.step(x);   // before y is known
//   double loss = learner.learn(y);
//
// It learns by the loss and optimizer of compile and moves the model's own weights. After the first
// sample nothing allocates. The model must outlive it.
class StreamLearner {
 public:
  // Throws Error if the model was never compiled, has more than one input or output, looks ahead,
  // or has a layer with a state that does not learn along a stream, which it names.
  explicit StreamLearner(Model& model, const FitStreamOptions& options = {});
  ~StreamLearner();
  StreamLearner(StreamLearner&&) noexcept;
  StreamLearner& operator=(StreamLearner&&) noexcept;

  std::int64_t features() const;  // of a step
  std::int64_t outputs() const;   // numbers that a step gives

  // One step without learning; the result lives until the next step. Throws Error if the number of
  // features is another or one of them is not finite; nothing has changed then.
  std::span<const float> step(std::span<const float> x);
  // The target of the last step, as many numbers as outputs(), or a label: learns from it and
  // returns its loss as it was before. Throws Error for a target that the loss cannot take, or if
  // no step came before it.
  double learn(std::span<const float> y);
  struct Sample {
    double loss = 0.0;
    std::span<const float> prediction = {};  // made before the step learnt; until the next step
  };
  Sample learn(std::span<const float> x, std::span<const float> y);

  // The start of another sequence: zero states, nothing carried. What was learnt stays.
  void reset();

  // Means since the start, or since reset_results: loss, then the metrics of compile.
  Results results() const;
  void reset_results();
  std::int64_t steps() const;  // learnt from
  // Whether the gradient of every recurrent layer is all that backpropagation through the whole
  // sequence would give, and not SnAp-1's.
  bool exact() const;
  // Bytes of what is carried of how the states depend on the weights: as many numbers as these
  // have, or twice for an LSTM and an LRU.
  std::int64_t trace_bytes() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace chronicler
