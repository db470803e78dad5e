// A live sequence: one step at a time, the state kept.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/model/adapt_options.h"

namespace chronicler {

class Model;
class Network;

struct StreamOptions {
  // How a stream holds the kernels of its recurrent and Dense layers, and the way back of a
  // ReversibleEmbedding: "float32", or "bfloat16", which keeps 8 significant bits. Half as much to
  // read, which is what a step of 128 units and more spends its time on. Biases, sums and states
  // stay float32.
  std::string weights = "float32";
  // With these the stream has a copy of the weights of its own and may learn (Stream::learn).
  std::optional<AdaptOptions> adapt = {};
};

// A model, a state and scratch for one sequence (several streams may share one model). After n
// steps the output is, to the bit, what the model predicts for those n steps as one sequence; for a
// return_sequences model, its last row. With bfloat16: of the model with its kernels rounded.
class Stream {
 public:
  // Made by Model::stream().
  explicit Stream(std::shared_ptr<const Network> network, const StreamOptions& options = {});
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  Stream(const Stream& other);  // an independent sequence that goes on from the same state
  Stream& operator=(const Stream& other);

  std::int64_t features() const;  // of a step
  std::int64_t outputs() const;   // numbers that a step gives

  // One step. x: features() numbers (ids as numbers for an Embedding); y: outputs() numbers.
  // Allocates nothing and takes no lock. Ids outside a table and lengths that do not fit leave y
  // full of NaN and the state unchanged.
  void step(std::span<const float> x, std::span<float> y) noexcept;
  // As above, with a result of its own that lives until the next step.
  std::span<const float> step(std::span<const float> x) noexcept;

  // The target of the last step, as many numbers as outputs(), or a label: once
  // AdaptOptions::steps steps have come, the stream's own copy of the weights learns from those
  // that had a target, by the loss of compile; the model and its file stay as they are. Defined in
  // training/ (link chronicler). Throws Error for a target that the loss cannot take, for a stream
  // that was made without StreamOptions::adapt, and for one of a model that was never compiled.
  void learn(std::span<const float> target);

  // The start of a new sequence. What the stream has learnt stays.
  void reset();
  // A stream computes with the weights that the model had when the stream was made, laid out for
  // single steps: the model may train meanwhile. This takes the model's weights anew; not while the
  // model trains. Allocates nothing. What the stream has learnt is forgotten.
  void take_weights();
  // States of all layers that have one, in the order of the layers; a copy.
  std::vector<State> state() const;
  // Throws Error unless the shapes are those of state().
  void set_state(const std::vector<State>& state);

 private:
  friend class Model;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace chronicler
