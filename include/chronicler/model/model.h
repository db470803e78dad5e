// Models: layers put together, with weights, training and streams.
//
// compile, fit, evaluate and their kin are declared here and defined in training/; save and
// load_model are defined in formats/. A program that only runs a model links neither.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/sequence_list.h"
#include "chronicler/base/tensor.h"
#include "chronicler/layers/layer.h"
#include "chronicler/layers/symbol.h"
#include "chronicler/model/compilation.h"

namespace chronicler {

class History;
class Execution;
class Network;
class Stream;
struct StreamOptions;
class Dataset;
class Trainer;
struct CompileOptions;
struct EvaluateOptions;
struct FitOptions;
struct FitStreamOptions;
struct PredictOptions;
struct Results;

struct SummaryOptions {
  std::optional<std::int64_t> line_length = {};
  bool show_trainable = false;
  std::function<void(const std::string&)> print_fn =
      {};  // called once with the whole text; default: standard output
};

// What belongs to a model besides its layers (a scaler, a vocabulary, notes): any bytes, by name.
using Assets = std::map<std::string, std::string>;

// A network of layers. Copying a model copies its weights (not its compilation); moving it keeps
// all.
class Model {
 public:
  virtual ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  virtual std::string_view class_name() const = 0;
  const std::string& name() const;
  const std::vector<LayerPtr>& layers() const;
  const LayerPtr& get_layer(std::string_view name) const;  // Error with the nearest names

  // Shapes with the batch axis (None), of the first input and output or of all. Error if the model
  // is not built yet.
  const Shape& input_shape() const;
  const Shape& output_shape() const;
  const std::vector<Shape>& input_shapes() const;
  std::vector<Shape> output_shapes() const;
  // By what data, losses and metrics of several outputs are called: the names of the layers that
  // they come from.
  virtual std::vector<std::string> input_names() const;
  virtual std::vector<std::string> output_names() const;
  bool built() const;
  // Builds for inputs of this shape, batch axis included: (None, 10, 8).
  void build(const Shape& input_shape);

  // Weights in Keras's order. get_weights copies; set_weights throws Error naming the weight that
  // does not fit.
  std::vector<Tensor> get_weights() const;
  void set_weights(const std::vector<Tensor>& weights);
  std::vector<Parameter*> parameters() const;
  std::int64_t count_params() const;
  std::int64_t count_trainable_params() const;

  void summary(const SummaryOptions& options = {}) const;
  std::string summary_text(const SummaryOptions& options = {}) const;

  // One batch through the network: (B, ...) to (B, ...); `training` turns dropout on. Stateful
  // layers carry on.
  Tensor operator()(const Tensor& x, bool training = false);
  // The same for any number of inputs and outputs.
  std::vector<Tensor> operator()(const std::vector<Tensor>& x, bool training = false);
  // The model as a layer of another one, sharing its weights. Builds it for these shapes if it is
  // not built.
  Symbols operator()(const Symbols& inputs);
  LayerPtr as_layer();
  // Forgets the states of stateful layers (Keras: layer.reset_states).
  void reset_states();

  // A live sequence: one step in, one step out (chronicler/model/stream.h). Error if a layer looks
  // ahead, or if it is to have bfloat16 weights and has no quick step.
  Stream stream() const;
  Stream stream(const StreamOptions& options) const;

  // ---- defined in training/ (link chronicler)
  void compile(const CompileOptions& options);
  // x and y: a tensor, or {a, b} in the order of the model's inputs and outputs.
  History fit(const TensorList& x, const TensorList& y, const FitOptions& options);
  // Batches as a Dataset makes them, another order of them in each epoch if it shuffles. What is
  // wrong with one throws Error with its number; the model is then as the batch before left it.
  History fit(const Dataset& data, const FitOptions& options);
  Results evaluate(const Dataset& data, const EvaluateOptions& options);
  // The outputs of all batches, one below the other.
  std::vector<Tensor> predict(const Dataset& data, const PredictOptions& options);
  // Learns along one sequence as its steps arrive, without a window, in memory that does not grow:
  // chronicler/training/fit_stream.h. x: (T, F), y: (T, outputs); or batches of one row.
  History fit_stream(const Tensor& x, const Tensor& y, const FitStreamOptions& options);
  History fit_stream(const Dataset& samples, const FitStreamOptions& options);
  Results evaluate(const TensorList& x, const TensorList& y);
  Results evaluate(const TensorList& x, const TensorList& y, const EvaluateOptions& options);
  // Sequences of different lengths, for models with one input and one output. Batches are made of
  // neighbours in length; if every layer knows masks, up to a tenth of a batch is masked padding,
  // else its sequences are equally long. y: a row for each sequence, or a list with a target for
  // each step. validation_data: lists, as TensorList.
  History fit(const SequenceList& x, const TensorList& y, const FitOptions& options);
  History fit(const SequenceList& x, const SequenceList& y, const FitOptions& options);
  Results evaluate(const SequenceList& x, const TensorList& y, const EvaluateOptions& options);
  Results evaluate(const SequenceList& x, const SequenceList& y, const EvaluateOptions& options);
  // What the model gives for each sequence, in the order of x.
  std::vector<Tensor> predict(const SequenceList& x);
  std::vector<Tensor> predict(const SequenceList& x, const PredictOptions& options);
  Tensor predict(const Tensor& x);
  Tensor predict(const Tensor& x, const PredictOptions& options);
  std::vector<Tensor> predict(const std::vector<Tensor>& x);
  std::vector<Tensor> predict(const std::vector<Tensor>& x, const PredictOptions& options);
  Results train_on_batch(const TensorList& x, const TensorList& y,
                         const TensorList& sample_weight = {});
  Results test_on_batch(const TensorList& x, const TensorList& y,
                        const TensorList& sample_weight = {});
  Tensor predict_on_batch(const Tensor& x);
  // A callback may set these. stop_training: training ends after the epoch, or is interrupted after
  // a batch. pause_training: the run pauses after a batch or an epoch, and BackupAndRestore goes
  // on.
  bool stop_training = false;
  bool pause_training = false;

  // ---- defined in formats/
  // Writes the whole model; the format follows from the extension. The file is whole or absent.
  void save(const std::string& path) const;
  void save_weights(const std::string& path) const;
  void load_weights(const std::string& path);

  // save() keeps them in the file, load_model() brings them back, clones have copies. In a .keras
  // file they lie under assets/chronicler/, which Keras ignores. A name is a path of letters,
  // digits,
  // "_", "-" and ".": "tokenizer.json", "scalers/target.csv".
  Assets& assets() { return assets_; }
  const Assets& assets() const { return assets_; }

  // What stateful layers carry at this moment, a state for each node of the network; empty if
  // nothing is carried. Files keep it.
  std::vector<State> carried_states() const;
  // Goes on with such states. Throws Error if they are not those of this model.
  void carry_states(std::vector<State> states);

  // What compile was given and what the optimizer has gathered since; empty if the model was never
  // compiled, nor saved so.
  std::optional<Compilation> compilation() const;

 protected:
  explicit Model(std::string name);

  // Starts network_ over and adds the layers, for one input of this shape.
  virtual void connect(const Shape& input_shape) = 0;
  void forget_network();  // after a change of layers
  // What the Input, or the first layer's input_shape, says; batch axis included. Empty: the first
  // data decides.
  virtual std::optional<Shape> declared_input() const = 0;
  // Another model of the same layers, which share their weights; or one with copies of them.
  virtual std::shared_ptr<Model> shared_model() const = 0;
  virtual std::shared_ptr<Model> cloned_model() const = 0;

  std::string name_;
  std::vector<LayerPtr> layers_;
  std::shared_ptr<Network> network_;
  Assets assets_;

 private:
  friend class ModelInternals;  // for the levels above: model/model_internals.h
  Execution& execution();
  std::vector<Tensor> prepare_inputs(const TensorList& x);
  void set_compilation(Compilation compilation);
  void restore_optimizer(const std::vector<Tensor>& variables);
  void run(const std::vector<Tensor>& inputs, bool training);

  std::unique_ptr<Execution> execution_;
  LayerPtr layer_;  // as_layer()
  std::shared_ptr<Trainer> trainer_;
  std::shared_ptr<Compiled> compiled_;
  std::int64_t optimizer_params_ = 0;
  std::uint64_t training_calls_ = 0;
};

// A chain of layers. Without an Input or an input_shape it is built by the first data that it sees.
class Sequential : public Model {
 public:
  Sequential();
  Sequential(std::initializer_list<LayerPtr> layers, const std::string& name = {});
  explicit Sequential(const std::vector<LayerPtr>& layers, const std::string& name = {});
  Sequential(Sequential&&) noexcept = default;
  Sequential& operator=(Sequential&&) noexcept = default;
  // A model of its own: same layers and weights, nothing shared.
  Sequential clone() const;

  std::string_view class_name() const override { return "Sequential"; }
  void add(const LayerPtr& layer);
  void pop();
  // The Input that was added, if any; it is not among layers().
  const LayerPtr& input() const { return input_; }
  std::vector<std::string> input_names() const override;

 private:
  std::optional<Shape> declared_input() const override;
  std::shared_ptr<Model> shared_model() const override;
  std::shared_ptr<Model> cloned_model() const override;
  void connect(const Shape& input_shape) override;
  void append(const LayerPtr& layer);
  void remove_last();
  void build_if_declared();

  LayerPtr input_;
};

}  // namespace chronicler
