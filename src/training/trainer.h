// What compile attaches to a model, and the loops of fit, evaluate and predict.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/model/model.h"
#include "chronicler/training/compile.h"
#include "chronicler/training/dataset.h"
#include "model/network.h"
#include "training/memory_budget.h"
#include "training/part_of_batch.h"

namespace chronicler {

class Trainer final : public Compiled {
 public:
  explicit Trainer(const CompileOptions& options);

  Compilation compilation(const Model& model) const override;
  void restore(Model& model, const std::vector<Tensor>& optimizer_variables) override;

  const CompileOptions& options() const { return options_; }
  Optimizer& optimizer() const { return *options_.optimizer.optimizer(); }
  // Batches trained on so far: fixes the dropout masks of the next one.
  std::uint64_t step() const { return step_; }
  void set_step(std::uint64_t step) { step_ = step; }

  // Finds the metrics that names stand for once shapes are known, and lets the loss look at all
  // targets.
  void prepare(Model& model, const Batch& data);
  // Throws Error unless the targets fit the outputs.
  void check(const Model& model, const Batch& batch);
  void reset_metrics();

  // One batch: forward, loss, and for train_batch also backward and a step of the optimizer. Counts
  // the metrics.
  void train_batch(Model& model, const Batch& batch, const PartOfBatch& part = {});
  void test_batch(Model& model, const Batch& batch, const PartOfBatch& part = {});
  // Goes over steps that are not learnt here, for the states that they leave.
  void carry_batch(Model& model, const Batch& batch);
  // Which loss is not of steps though its output is; empty if all are.
  std::string why_no_parts(const Model& model, const Batch& batch,
                           const std::vector<bool>& outputs_with_steps);

  // The parts of train_batch, for who has run the model's network himself (keeping, with logits).
  // learn_from_run takes the loss of that run, counts the metrics and adds to the gradients that
  // there are; move_weights makes a step by them, divided by how many they were.
  double learn_from_run(Model& model, const Batch& batch);
  void move_weights(Model& model, std::int64_t count, Runtime& runtime);
  // The loss of a run in any execution, and its gradients, added to those that there are.
  double gradients_of_run(Execution& execution, const Batch& batch);
  // Throws Error unless the output's loss can take this target for outputs of that shape.
  void check_target(std::size_t output, const TensorView& target, const Shape& shape) const;

  // What the batches that are trained on from now on have for their way back; none: as much as they
  // like.
  void set_memory_budget(std::optional<MemoryBudget> budget) { budget_ = std::move(budget); }

  // What train_batch and test_batch do with a loss before anything else, for who computes it
  // himself.
  void note_loss(Model& model, double loss);
  // Why the first batch since prepare() whose loss was not finite was so; empty while there is
  // none.
  const std::string& not_finite() const { return not_finite_; }

  // Makes the optimizer's variables, if they are not there yet; train_batch does it by itself.
  void build_optimizer(Model& model);

  // What has been counted since reset_metrics, and the batches before: for checkpoints.
  struct Progress {
    std::uint64_t step = 0;
    // The sum, the number of samples; of several outputs their sums, and the number of batches.
    std::vector<double> losses;
    std::vector<std::vector<double>> metrics;
  };
  Progress progress() const;
  // Throws Error if it is not that of a trainer with these outputs and metrics.
  void set_progress(const Progress& progress);

  // The means since reset_metrics: loss, then the metrics in the order of compile.
  Results results() const;
  // In which direction a key of the logs improves; unknown for keys that are not compiled metrics.
  Direction direction(std::string_view key) const;

 private:
  struct Output {
    std::string name;
    LossPtr loss;  // may be none
    double weight = 1.0;
    double loss_sum = 0.0;  // over batches, as Keras has it
    // Of the parts of a batch so far.
    double part_sum = 0.0;
    double part_divisor = 0.0;
  };
  // An output, as far as it counts.
  struct Seen {
    bool counts = true;
    Value value;
    Logits logits;
    double share = 1.0;  // of a sample
  };
  struct Tracked {
    std::string key;
    MetricPtr metric;
    bool weighted;
    std::size_t output;
  };
  double forward(Model& model, const Batch& batch, const PartOfBatch& part, bool training,
                 bool gradients);
  void run(Model& model, const Batch& batch, const Execution::Mode& mode);
  void see_outputs(Execution& execution, const PartOfBatch& part);
  Seen seen_part(Execution& execution, std::size_t index, std::int64_t old_steps) const;
  double losses_of_run(Execution& execution, const Batch& batch, const PartOfBatch& part,
                       bool gradients);
  double output_loss(Execution& execution, const Batch& batch, std::size_t index, bool gradients);
  void spread_gradients(Execution& execution, const PartOfBatch& part);
  double end_of_parts(Model& model);
  void count(const Batch& batch);
  void count_loss(double loss, double size, double share);
  void find_outputs(const Model& model);
  void track(const std::vector<MetricOption>& options, bool weighted, std::size_t output,
             const Shape& y_true, const Shape& y_pred);
  void name_tracked();

  CompileOptions options_;
  std::vector<Output> outputs_;
  std::vector<Tracked> tracked_;
  std::vector<Value> inputs_;
  std::vector<Seen> seen_;
  double counted_loss_ = 0.0;          // of the last pass: what it is of that of its batch
  double part_activity_ = 0.0;         // of the parts of a batch so far
  bool takes_logits_ = false;          // whether a loss or a metric does
  std::vector<TensorView> gradients_;  // of the outputs
  std::vector<TensorView> logit_gradients_;
  double loss_sum_ = 0.0;
  double loss_count_ = 0.0;
  double batch_count_ = 0.0;
  std::string not_finite_;
  std::uint64_t step_ = 0;
  std::optional<MemoryBudget> budget_;
};

// The model's trainer; if it was compiled before it was saved, as then. Throws Error, saying what
// cannot be done, if it never was.
Trainer& trainer_of(Model& model, std::string_view verb);

// The penalties of all trainable weights; adds their gradients if asked.
double weight_penalty(Model& model, bool gradients);

}  // namespace chronicler
