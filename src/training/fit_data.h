// What fit and evaluate were given, checked: batches that the model can take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/training/dataset.h"
#include "chronicler/training/fit_options.h"
#include "training/dataset/sequence_rows.h"
#include "training/trainer.h"

namespace chronicler {

// How data that lie in memory are cut into batches.
struct BatchCut {
  std::int64_t batch_size = 32;
  std::optional<std::int64_t> limit = {};  // of batches
  bool shuffle = false;
};

struct FitData {
  Dataset batches;
  std::optional<std::int64_t> steps;  // in an epoch; empty: not known before its end
  std::int64_t samples = 0;           // 0: not known
  // What lies in memory was checked as a whole; a batch of a Dataset is checked when its turn
  // comes.
  enum class Kind { tensors, sequences, given } kind = Kind::tensors;
  Batch all = {};           // of tensors
  std::string prefix = {};  // of names in messages: "", "validation "
  // How long sequences are cut into parts; off unless steps are set.
  Bptt parts = {};
  std::vector<std::int64_t> batch_steps = {};  // of sequences: the longest of each batch
  // How often an epoch learns or is judged: batches, or parts of them; empty: not known.
  std::optional<std::int64_t> updates = {};
};

// Cuts long sequences into parts to learn from. Throws Error if they are not cut at all, or if the
// model or its losses have no parts.
void cut_into_parts(FitData& data, const Bptt& bptt, Model& model);

// x, y and weights that belong together, checked and as the model takes them; builds the model if
// it is not built. Throws Error that names what does not fit.
Batch tensors_for(Model& model, const TensorList& x, const TensorList& y,
                  const TensorList& sample_weight, std::string_view prefix);
TensorList as_float32(const TensorList& weights);

FitData fit_data(Batch tensors, const BatchCut& cut);
// Throws Error as check_takes_sequences(), or if the data do not fit together.
FitData fit_data(Model& model, SequenceData sequences, const BatchCut& cut);
FitData fit_data(Dataset given, const std::optional<std::int64_t>& limit, std::string_view prefix);

// Builds the model for any number of steps if it is not built. Throws Error unless it has one input
// and one output and takes sequences of different lengths.
void check_takes_sequences(Model& model, const SequenceList& x);
// How the model's sequences lie together: without padding if a layer does not know masks.
BucketOptions bucket_options(const Model& model, std::int64_t batch_size);
// Whether padding changes nothing: every layer of the model knows masks.
bool knows_masks(const Model& model);

// Lets the trainer look at the data before it begins.
void prepare(const FitData& data, Trainer& trainer, Model& model);

// The batches of one epoch, from `first` on.
class FitBatches {
 public:
  FitBatches(const FitData& data, const Epoch& epoch, std::int64_t first, Trainer& trainer,
             Model& model);
  // Null at the end. Throws Error, which says which batch it was, for one that the model cannot
  // take, and if there are fewer than data.steps.
  const Batch* next();
  // In this epoch; empty if nobody knows before its end.
  std::optional<std::int64_t> size() const { return data_.steps ? data_.steps : batches_.size(); }
  std::int64_t done() const { return index_; }

 private:
  const Batch* next_checked();
  const Batch* checked(const Batch& batch);

  const FitData& data_;
  Trainer& trainer_;
  Model& model_;
  Epoch epoch_;
  Batches batches_;
  std::int64_t index_;
  Batch prepared_;
};

}  // namespace chronicler
