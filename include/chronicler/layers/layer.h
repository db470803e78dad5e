// What every layer is: options, weights, and two functions that are const while they run.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/arena.h"
#include "chronicler/base/number_array.h"
#include "chronicler/base/runtime.h"
#include "chronicler/base/tensor.h"
#include "chronicler/layers/options.h"

namespace chronicler {

// A weight: what an optimizer sees of a layer.
struct Parameter {
  std::string name;  // Keras's: "kernel", "recurrent_kernel", "bias"
  Tensor value;
  Tensor gradient;  // of the same shape; empty until the model trains
  // A table whose rows are looked up: its gradient is made of one row for each use, and on
  // TensorFlow Keras's optimizers work on these before they add them up. What an optimizer needs of
  // them is gathered here.
  bool by_rows = false;
  Tensor gradient_squares = {};  // the sums of the rows' squares
  Tensor gradient_sizes = {};    // of their absolute values; empty unless an optimizer asks
  double row_limit =             // a row's elements are cut to it, and its negative, before they
      std::numeric_limits<double>::infinity();  // are added
  bool trainable = true;
  Initializer initializer;
  Regularizer regularizer;
  Constraint constraint;
};

// The weights of a layer, in Keras's order: its own, then those of the layers that it holds. A
// weight that several layers know is one object.
class ParameterList {
 public:
  template <class Element>
  class Iterator {
   public:
    explicit Iterator(const std::shared_ptr<Parameter>* at) : at_(at) {}
    Element& operator*() const { return **at_; }
    Element* operator->() const { return at_->get(); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) = default;

   private:
    const std::shared_ptr<Parameter>* at_;
  };

  std::size_t size() const { return list_.size(); }
  bool empty() const { return list_.empty(); }
  Parameter& operator[](std::size_t index) { return *list_[index]; }
  const Parameter& operator[](std::size_t index) const { return *list_[index]; }
  Parameter& back() { return *list_.back(); }
  Iterator<Parameter> begin() { return Iterator<Parameter>(list_.data()); }
  Iterator<Parameter> end() { return Iterator<Parameter>(list_.data() + list_.size()); }
  Iterator<const Parameter> begin() const { return Iterator<const Parameter>(list_.data()); }
  Iterator<const Parameter> end() const {
    return Iterator<const Parameter>(list_.data() + list_.size());
  }

  void add(Parameter parameter) {
    list_.push_back(std::make_shared<Parameter>(std::move(parameter)));
  }
  // The same objects as in `other`.
  void share(const ParameterList& other) {
    list_.insert(list_.end(), other.list_.begin(), other.list_.end());
  }
  void resize(std::size_t size) { list_.resize(size); }
  // Objects of its own, equal to those that it had.
  void separate() {
    for (std::shared_ptr<Parameter>& each : list_) each = std::make_shared<Parameter>(*each);
  }

 private:
  std::vector<std::shared_ptr<Parameter>> list_;
};

// The state of a recurrent layer between two calls: h, or h and c, each (B, U). A value: copying it
// with clone_state copies the numbers, so a beam may keep and reorder states.
using State = std::vector<Tensor>;
State clone_state(const State& state);

// What flows along one edge of a network: data, and the mask that goes with it, boolean (B, T),
// true = use the step; empty: every step counts.
struct Value {
  TensorView data;
  TensorView mask;
};

// What one run over a network shares with all of its layers.
struct Pass {
  Arena&
      arena;  // outputs, tapes and gradients; they live until the arena is reset for the next pass
  Runtime& runtime;
  bool training = false;  // dropout is on
  std::uint64_t step =
      0;  // counts training batches; with the layer's seed it fixes every dropout mask
  bool observe = false;    // recurrent layers also record dLoss/dh of every step (Tape::observed)
  bool continues = false;  // the call goes on with a sequence: before its first step, the last
                           // output was the carried state (a stream)
  double activity_penalty = 0.0;  // of all layers so far, divided by the batch size
  // What the layer that is called may keep of its steps for backward, in bytes; it computes the
  // others again. None: all of them.
  std::optional<std::int64_t> keep_bytes = {};
};

// What a call of a layer may ask for besides its inputs.
struct CallFlags {
  bool use_causal_mask = false;          // attention: a step sees no later ones
  bool return_attention_scores = false;  // attention: the weights are a further output
  bool reverse = false;                  // ReversibleEmbedding: from vectors to scores of ids
};

// What forward keeps for backward. Each layer decides what its places mean.
class Tape {
 public:
  static constexpr int places = 12;
  TensorView& operator[](int place) { return kept_[static_cast<std::size_t>(place)]; }
  const TensorView& operator[](int place) const { return kept_[static_cast<std::size_t>(place)]; }
  void* record = nullptr;  // a layer's own record of the call, in the arena; trivially destructible
  TensorView observed;     // (T, B, U): dLoss/dh after each processed step, if Pass::observe

 private:
  std::array<TensorView, places> kept_;
};

// What the last softmax or sigmoid of an output was given, from which a cross-entropy is computed.
struct Logits {
  TensorView data;          // empty: the output is neither's
  bool is_softmax = false;  // the output is their softmax over the last axis
};

// One call of a layer in a pass.
struct Call {
  std::span<const Value> inputs;
  std::span<Value> outputs;  // forward sets them, in the arena; backward reads them
  Tape* tape = nullptr;      // null: inference, keep nothing
  // Carried from call to call (stateful, streaming): read at the start, written at the end; as
  // many tensors as initial_state() has, or none.
  std::span<Tensor> state = {};
  CallFlags flags = {};
  std::int64_t time = 0;          // of a cell in a loop: how many steps came before
  std::span<Logits> logits = {};  // of each output, set by forward; empty: nobody asks
};

// The gradients of one call.
struct CallGradient {
  std::span<const TensorView> outputs;  // empty views: nothing flows back there
  std::span<TensorView> inputs;         // backward sets those that are wanted, in the arena
  std::span<const bool> wanted;         // one flag an input
  // Of the logits of each output, to be added to what comes from the outputs; may be empty.
  std::span<const TensorView> logits = {};

  TensorView of_logits() const { return logits.empty() ? TensorView() : logits.front(); }
};

class Layer;
class LayerLearner;
class LayerStep;
class Symbols;
struct CallOptions;

// A layer, shared by whoever holds it. Called on symbols (layers/symbol.h) it gives symbols: that
// is how the graph of a Functional model is written down.
class LayerPtr : public std::shared_ptr<Layer> {
 public:
  using std::shared_ptr<Layer>::shared_ptr;
  LayerPtr(std::shared_ptr<Layer> layer)  // NOLINT(google-explicit-constructor)
      : std::shared_ptr<Layer>(std::move(layer)) {}

  Symbols operator()(const Symbols& inputs) const;
  Symbols operator()(const Symbols& inputs, const CallOptions& options) const;
};

// Reads or writes every option of a layer, in Keras's order: config files, Python keywords,
// summaries and documentation are all visitors. A visitor that only reads leaves the fields as they
// are.
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  virtual void field(std::string_view name, std::int64_t& value) = 0;
  virtual void field(std::string_view name, double& value) = 0;
  virtual void field(std::string_view name, bool& value) = 0;
  virtual void field(std::string_view name, std::string& value) = 0;
  virtual void field(std::string_view name, std::optional<std::int64_t>& value) = 0;
  virtual void field(std::string_view name, Shape& value) = 0;
  virtual void field(std::string_view name, Activation& value) = 0;
  virtual void field(std::string_view name, Initializer& value) = 0;
  virtual void field(std::string_view name, Regularizer& value) = 0;
  virtual void field(std::string_view name, Constraint& value) = 0;
  virtual void field(std::string_view name, std::optional<double>& value) = 0;
  virtual void field(std::string_view name, std::optional<std::string>& value) = 0;
  // Whole numbers: axes, sizes. A reader may take a single number for a list of one.
  virtual void field(std::string_view name, std::vector<std::int64_t>& value) = 0;
  virtual void field(std::string_view name, std::vector<std::string>& value) = 0;
  virtual void field(std::string_view name, NumberArray& value) = 0;
  // Layers that the layer holds: objects of their own in files, or null. A visitor that writes puts
  // new layers there.
  virtual void field(std::string_view name, LayerPtr& value) = 0;
  virtual void field(std::string_view name, std::vector<LayerPtr>& value) = 0;
};

class Layer {
 public:
  virtual ~Layer() = default;

  virtual std::string_view class_name() const = 0;   // Keras's: "LSTM"
  const std::string& name() const { return name_; }  // empty until given or until a model names it
  void set_name(std::string name) { name_ = std::move(name); }
  bool trainable() const { return trainable_; }
  void set_trainable(bool trainable);  // also of the layers that it holds
  DType dtype() const { return dtype_; }
  // Changes what the weights and results of a layer that is not yet built are made of.
  void set_dtype(DType dtype);

  // (None, F)-like shape of one sample, if the options gave one; a Sequential starts from it.
  const std::optional<Shape>& input_shape() const { return input_shape_; }
  const std::optional<std::int64_t>& batch_size() const { return batch_size_; }

  // Checks the input shapes and makes the weights. Input shapes include the batch. Throws Error,
  // naming the layer. A second call with fitting shapes does nothing.
  void build(std::span<const Shape> inputs);
  // Builds a layer around weights that another layer has made.
  void build_around(const ParameterList& weights, std::span<const Shape> inputs);
  bool built() const { return built_; }
  const std::vector<Shape>& build_shapes() const { return build_shapes_; }

  // Shapes of the outputs for these inputs; None where an input is None.
  virtual std::vector<Shape> output_shapes(std::span<const Shape> inputs) const = 0;
  // The same for a call with flags.
  virtual std::vector<Shape> call_shapes(std::span<const Shape> inputs,
                                         const CallFlags& flags) const;

  // Sets call.outputs (data and mask) and, if call.tape, keeps there what backward needs. The layer
  // itself does not change. Shapes were checked by check_inputs.
  virtual void forward(Pass& pass, Call& call) const = 0;
  // Adds to the parameters' gradients, and sets the wanted input gradients.
  virtual void backward(Pass& pass, const Call& call, CallGradient& gradient) const = 0;

  // The layer's part of a live stream, which works on `state` (that of one row) in place and
  // outlives neither it nor the layer; null if the layer has none and must run as a whole.
  virtual std::unique_ptr<LayerStep> make_step(State& state) const;
  // The same for a call with flags.
  virtual std::unique_ptr<LayerStep> make_call_step(State& state, const CallFlags& flags) const;

  // The layer's part of exact learning along a stream (layers/core/learner.h), which goes with the
  // step on `state`; null if the layer has none.
  virtual std::unique_ptr<LayerLearner> make_learner(State& state) const;

  // What forward keeps for backward of inputs of these shapes, where it could keep less
  // (Pass::keep_bytes); none: the layer has no loop over time.
  struct KeptSteps {
    std::int64_t steps = 0;
    std::int64_t step_bytes = 0;   // of the tape, a step
    std::int64_t state_bytes = 0;  // from which later steps are computed again
  };
  virtual std::optional<KeptSteps> kept_steps(std::span<const Shape> inputs) const;

  // Throws Error if the layer cannot take inputs of these shapes and types.
  virtual void check_inputs(std::span<const Value> inputs) const;

  // What a state is for a batch of `batch` rows; empty for layers without one.
  virtual State initial_state(std::int64_t batch) const;
  // How many tensors initial_state has.
  virtual std::size_t state_size() const;
  virtual bool stateful() const { return false; }
  // True if step t of the output depends on steps up to t only, and the layer can therefore run
  // step by step.
  virtual bool causal() const { return true; }
  // True if the layer shows masks on (or makes or uses them); if false, a mask ends here with
  // Keras's warning.
  virtual bool supports_masking() const { return true; }

  // True if integers given to the layer are ids, which must stay what they are; other layers
  // compute with them as numbers.
  virtual bool takes_ids() const { return false; }
  // True if the layer is given texts (base/texts.h), and nothing else.
  virtual bool takes_texts() const { return false; }
  // True if a call gives its input itself, unchanged: Dropout, unless it trains.
  virtual bool passes_on(bool /*training*/) const { return false; }
  // A network that is being put together will call the layer so.
  virtual void expect_call(const CallFlags& /*flags*/) {}
  // True for what Keras keeps in a graph as an operation, not as a layer (layers/operation.h).
  virtual bool is_operation() const { return false; }

  // Weights in Keras's order (the layer's own order for files and set_weights).
  ParameterList& parameters() { return parameters_; }
  const ParameterList& parameters() const { return parameters_; }
  // Whether training changes weight `index`: neither it, nor the layer, nor one in between is
  // frozen.
  bool trains(std::size_t index) const;
  // Where files keep them below the layer: "vars/0", "cell/vars/1". Keras's H5 paths.
  virtual std::string weight_path(std::size_t index) const;
  // The layers that it holds, by Keras's names for them: "forward_layer", "cell".
  struct Sublayer {
    std::string path;
    LayerPtr layer;
  };
  std::span<const Sublayer> sublayers() const { return sublayers_; }
  std::int64_t count_params() const;

  virtual void fields(FieldVisitor& visitor) = 0;
  // Those of the fields that Keras does not know: files have them only where they are not at their
  // defaults.
  virtual std::span<const std::string_view> own_fields() const { return {}; }
  // Throws Error if an option is out of its range. The factories call it, and so must who sets
  // fields by a visitor.
  virtual void validate() const {}
  virtual const Regularizer& activity_regularizer() const;  // none, unless a layer has that option

  // Of a layer that only the running program can make again, as one that is written in Python: what
  // files hold of it, as JSON (formats/keras/layer_config.h). Empty: its fields say all.
  virtual std::string file_object() const { return {}; }

  // A layer with the same options and, if built, its own copy of the weights.
  virtual LayerPtr clone() const = 0;
  // Where a layer that draws random numbers keeps the seed that they follow from, if its options
  // give none; null for other layers.
  virtual std::uint64_t* seed_place() { return nullptr; }
  // Draws that seed anew, also those of the layers that it holds: a copy that is to differ from its
  // original.
  void draw_seed();

 protected:
  Layer() = default;
  Layer(const Layer&) = default;
  Layer& operator=(const Layer&) = default;

  // What build does for one kind of layer: calls add_weight for each weight, in Keras's order.
  virtual void build_weights(std::span<const Shape> inputs);
  struct WeightOptions {
    Initializer initializer;
    Regularizer regularizer = {};
    Constraint constraint = {};
    bool trainable = true;
  };
  void add_weight(std::string name, const Shape& shape, WeightOptions options);
  // For errors: `LSTM "lstm_1"`.
  std::string described() const;
  // The options that all layers share, from a layer's own option struct.
  template <class Options>
  void take_common(const Options& options) {
    name_ = options.name;
    trainable_ = options.trainable;
    dtype_ = dtype_from_name(options.dtype);
    input_shape_ = options.input_shape;
    batch_size_ = options.batch_size;
  }
  template <class Derived>
  static std::shared_ptr<Layer> clone_of(const Derived& layer) {
    auto copy = std::make_shared<Derived>(layer);
    copy->own_parameters();
    return copy;
  }
  void own_parameters();
  // Takes a layer in, before the own weights are made. The first call of build() builds it by
  // build_weights; its weights are the layer's from then on.
  void hold(std::string path, LayerPtr layer);
  void forget_sublayers() { sublayers_.clear(); }
  const Layer& sublayer(std::size_t index) const { return *sublayers_[index].layer; }
  void set_input(const Shape& shape, std::optional<std::int64_t> batch_size) {
    input_shape_ = shape;
    batch_size_ = batch_size;
  }

  ParameterList parameters_;
  std::vector<Sublayer> sublayers_;

 private:
  void check_activations();
  void adopt_parameters();
  struct Place {
    const Sublayer* holder;  // null: one of the layer's own
    std::size_t index;
  };
  Place place_of(std::size_t index) const;

  std::string name_;
  std::size_t own_count_ = 0;
  bool trainable_ = true;
  bool built_ = false;
  DType dtype_ = DType::float32;
  std::optional<Shape> input_shape_;
  std::optional<std::int64_t> batch_size_;
  std::vector<Shape> build_shapes_;
};

// The automatic name of the next object of a class, as Keras counts them: "lstm", "lstm_1", ...
std::string unique_name(std::string_view class_name);
// "SimpleRNN" to "simple_rnn": Keras's snake case, also of paths in files.
std::string snake_case(std::string_view class_name);
// Starts the automatic names anew, as keras.backend.clear_session.
void clear_session();

}  // namespace chronicler
