// What fit, evaluate and predict take.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chronicler/base/tensor.h"
#include "chronicler/training/callbacks.h"
#include "chronicler/training/dataset.h"

namespace chronicler {

// Tensors, or a data set of batches.
struct ValidationData {
  TensorList x = {};
  TensorList y = {};
  TensorList sample_weight = {};
  std::optional<Dataset> batches = {};
};

// As options write it: {x_test, y_test}, with a third for weights, a Dataset, or {} for none.
class OptionalValidation : public std::optional<ValidationData> {
 public:
  using std::optional<ValidationData>::optional;
  OptionalValidation(TensorList x, TensorList y, TensorList sample_weight = {})
      : optional(ValidationData{std::move(x), std::move(y), std::move(sample_weight)}) {}
  OptionalValidation(Dataset batches)  // NOLINT(google-explicit-constructor)
      : optional(ValidationData{{}, {}, {}, std::move(batches)}) {}
};

// Truncated backpropagation through time (Williams and Peng 1990): sequences longer than `steps`
// are learnt part by part, and states are carried from part to part.
struct Bptt {
  std::int64_t steps = 0;   // how far the gradient goes back; 0: through whole sequences
  std::int64_t stride = 0;  // a part begins every so many steps; 0: as many as `steps`
};

// With a Dataset, whose batches are made already, batch_size and shuffle say nothing, and
// validation_split and sample_weight are an Error.
struct FitOptions {
  std::int64_t batch_size = 32;
  std::int64_t epochs = 1;
  int verbose = 1;  // 0 nothing, 1 progress bar (a plain line an epoch when not on a terminal), 2
                    // one line an epoch
  std::vector<CallbackPtr> callbacks = {};
  double validation_split = 0.0;
  OptionalValidation validation_data = {};
  bool shuffle = true;
  std::map<std::int64_t, double> class_weight = {};
  TensorList sample_weight = {};  // (N) or (N, T); one for all outputs or one for each
  std::int64_t initial_epoch = 0;
  std::optional<std::int64_t> steps_per_epoch = {};
  std::optional<std::int64_t> validation_steps = {};
  std::optional<std::int64_t> validation_batch_size = {};
  std::int64_t validation_freq = 1;
  // Limits instead of `epochs`: the run ends, amid an epoch, after so many seconds of all its
  // interruptions together, or after so many epochs, 2.5 for instance. The last epoch ends like any
  // other, with validation.
  std::optional<double> max_seconds = {};
  std::optional<double> max_epochs = {};
  // Pauses after this many epochs, without shortening what follows the share of the run (the
  // learning rate): with BackupAndRestore it goes on.
  std::optional<std::int64_t> pause_after = {};
  // Of the order of the samples; empty: next_seed().
  std::optional<std::uint64_t> seed = {};
  // What a batch may keep for the way back: "64MB", "1.5GB", "800KB" (powers of 1,000; MiB: of
  // 1,024) or a number of bytes; empty: everything. It holds the outputs of all layers and their
  // gradients, and what recurrent layers keep: these keep states at some steps and compute the
  // steps between again, to the same bits. Data, weights, their gradients and the optimizer come
  // besides. With verbose > 0 the plan is printed. Error, saying how much is needed, if it cannot
  // hold even the smallest plan.
  std::string memory_budget = {};
  Bptt bptt = {};
};

struct EvaluateOptions {
  std::int64_t batch_size = 32;
  int verbose = 1;
  TensorList sample_weight = {};
  std::optional<std::int64_t> steps = {};
  std::vector<CallbackPtr> callbacks = {};
  // Long sequences run part by part, the states carried, so many steps at a time; 0: the whole
  // sequence, or of one that is mapped from a file as much as a few MB hold.
  std::int64_t steps_at_a_time = 0;
};

struct PredictOptions {
  std::int64_t batch_size = 32;
  int verbose = 0;
  std::optional<std::int64_t> steps = {};
  std::vector<CallbackPtr> callbacks = {};
  std::int64_t steps_at_a_time = 0;  // as in EvaluateOptions
  // A .npy file that results are written to; the tensor that predict gives is that file, mapped.
  std::string output = {};
};

}  // namespace chronicler
