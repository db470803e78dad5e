// What a stream is made of, for the levels that let it learn.
#pragma once

#include <memory>
#include <vector>

#include "chronicler/model/model.h"
#include "chronicler/model/stream.h"
#include "layers/core/step.h"
#include "model/network.h"

namespace chronicler {

struct StreamLearning;

// What learns from the steps that a stream has noted; training/ makes one at the first target.
class StreamAdapter {
 public:
  virtual ~StreamAdapter() = default;
  // Learns from the noted steps, if there are targets among them, and moves the weights of
  // `learning.own`.
  virtual void learn_from(const StreamLearning& learning) = 0;
  // For another stream that goes on from the same state and weights.
  virtual std::unique_ptr<StreamAdapter> copy_for(const StreamLearning& learning) const = 0;
};

// What a stream that may learn has besides: its own weights, and the steps since it last learnt.
struct StreamLearning {
  StreamLearning(const AdaptOptions& options, std::shared_ptr<Model> own,
                 std::shared_ptr<const Network> trained, std::shared_ptr<Compiled> compiled);
  StreamLearning(const StreamLearning& other);

  bool is_full() const { return noted == options.steps; }
  void forget() { noted = 0; }

  AdaptOptions options;
  std::shared_ptr<Model> own;              // whose weights move
  std::shared_ptr<const Network> trained;  // the model's, whose weights stay
  std::shared_ptr<Compiled> compiled;      // null: the model never was
  std::vector<State> start;                // of each node, before the first noted step
  Tensor x;                                // (1, options.steps, F), or (1, options.steps) of ids
  std::int64_t noted = 0;                  // steps
  Tensor y;                                // (1, options.steps, width); empty before the first
  Tensor counts;                           // (1, options.steps): 1 where there is a target
  std::unique_ptr<StreamAdapter> adapter;
};

struct Stream::Parts {
  Parts(std::shared_ptr<const Network> shared, const StreamOptions& how);

  std::shared_ptr<const Network> network;
  StreamOptions options;
  Execution execution;
  Tensor input;
  std::vector<float> output;

  // The quick way: each layer's own step, one after the other, if all layers have one.
  std::vector<std::unique_ptr<LayerStep>> chain;

  void forge_chain();
  bool run_chain(const float* x, float* y) noexcept;
  bool run_network(std::span<const float> x, std::span<float> y) noexcept;

  // Null unless the stream may learn.
  std::unique_ptr<StreamLearning> learning;
  void note_step(std::span<const float> x) noexcept;
};

}  // namespace chronicler
