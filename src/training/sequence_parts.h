// Batches of long sequences, cut into parts that follow one another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chronicler/training/dataset.h"
#include "chronicler/training/fit_options.h"
#include "model/step_axes.h"

namespace chronicler {

// Steps [begin, end) of the sequences of a batch.
struct Part {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t counted = 0;  // the losses of the steps before this one were counted before
  bool is_last = true;       // of the batch
  double share = 1.0;        // of the targets of the batch
  bool learns = true;        // there are targets for it; if not it only carries states

  std::int64_t steps() const { return end - begin; }
};

// The parts of sequences of so many steps. Where targets belong to the steps: of `steps` steps
// each, a new one every `stride` steps, and the last has what is left. Where they belong to the
// end: only the last `steps` steps learn, and the parts before carry states up to there.
class PartPlan {
 public:
  PartPlan() = default;
  PartPlan(std::int64_t steps, const Bptt& bptt, bool targets_of_steps);

  std::int64_t size() const { return carrying_ + learning_; }
  // How many of them learn.
  std::int64_t learning() const { return learning_; }
  Part operator[](std::int64_t index) const;

 private:
  std::int64_t steps_ = 0;
  Bptt bptt_;
  std::int64_t carrying_ = 0;  // they come first
  std::int64_t learning_ = 0;
};

// With the stride that it stands for. Throws Error unless 1 <= stride <= steps, or the whole is
// off.
Bptt checked_bptt(Bptt bptt);
// For checkpoints: "256:64"; empty if it is off.
std::string text_of(const Bptt& bptt);

// Cuts one batch after the other.
class BatchParts {
 public:
  explicit BatchParts(StepAxes axes) : axes_(std::move(axes)) {}

  const StepAxes& axes() const { return axes_; }
  bool targets_of_steps() const;
  // The steps of a batch. Throws Error if its inputs differ in that, or if there is not a target
  // for each step where there should be one.
  std::int64_t steps_of(const Batch& batch) const;

  // Inputs and masks of the steps of a part, targets and weights of those that count there. It
  // shares the elements of a batch of one row, and of others is valid until the next call. Throws
  // Error if a file that the batch is mapped from is not what it was.
  const Batch& cut(const Batch& batch, const Part& part);
  // The same of other steps, inputs and masks only.
  const Batch& inputs(const Batch& batch, std::int64_t begin, std::int64_t end);
  // Gives back what the batch is mapped from, of these steps.
  void done_with(const Batch& batch, std::int64_t begin, std::int64_t end) const;

 private:
  // One for each tensor that was cut, to be used again.
  struct Room {
    Batch cut;
    std::vector<Tensor> tensors;
    std::size_t next = 0;
  };
  Tensor steps(const Tensor& whole, std::int64_t begin, std::int64_t end, Room& room) const;
  void cut_inputs(const Batch& batch, std::int64_t begin, std::int64_t end, Room& room) const;
  bool has_steps(const TensorList& list, std::size_t index, const std::vector<bool>& axes,
                 std::int64_t steps) const;

  StepAxes axes_;
  Room part_;
  Room inputs_;
};

}  // namespace chronicler
