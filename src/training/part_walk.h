// The batches of an epoch, and the parts of those that are cut.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "training/fit_data.h"
#include "training/part_length.h"
#include "training/sequence_parts.h"

namespace chronicler {

// To learn from them. The layers' states are carried from part to part, and begin anew with each
// batch.
class LearningWalk {
 public:
  // From update `first` of the epoch on; the states that go on are in the model.
  LearningWalk(const FitData& data, const Epoch& epoch, std::int64_t first, Trainer& trainer,
               Model& model);

  // Goes to the next batch, or the next part that learns; false at the end. Errors as those of
  // FitBatches, and of a batch that has no parts.
  bool next();
  // Learns from it.
  void learn();

  // Batches of this epoch, the one that is gone through included, and how many there are, if that
  // is known.
  std::int64_t batches() const { return batches_.done(); }
  std::optional<std::int64_t> size() const { return batches_.size(); }
  // How much of them was learnt.
  double share() const;

 private:
  void begin_batch();
  void skip(std::int64_t updates);
  void carry_to(const Part& part);
  void learn_part(const Part& part);

  const FitData& data_;
  Trainer& trainer_;
  Model& model_;
  FitBatches batches_;
  std::optional<BatchParts> parts_;  // none: whole batches
  const Batch* batch_ = nullptr;
  PartPlan plan_;
  std::int64_t next_ = 0;  // part of the plan
  std::vector<State> states_after_;
};

// To judge a model by them.
class TestWalk {
 public:
  TestWalk(const FitData& data, Trainer& trainer, Model& model);

  // Null at the end; errors as those of FitBatches.
  const Batch* next() { return batches_.next(); }
  // Goes through the batch, or all of its parts.
  void test(const Batch& batch);

 private:
  bool has_parts(const Batch& batch);

  const FitData& data_;
  Trainer& trainer_;
  Model& model_;
  FitBatches batches_;
  std::optional<BatchParts> parts_;
  StatesAside aside_;
};

}  // namespace chronicler
