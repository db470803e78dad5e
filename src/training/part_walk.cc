#include "training/part_walk.h"

#include <string>
#include <utility>

#include "base/mapped_memory.h"
#include "chronicler/base/error.h"
#include "model/model_internals.h"
#include "model/network.h"

namespace chronicler {
namespace {

// Whole batches, and of a whole batch all.
void give_back(const Batch& batch) {
  for (const TensorList* list : {&batch.x, &batch.y, &batch.sample_weight}) {
    for (const Tensor& tensor : *list) done_with(tensor);
  }
}

void check_unchanged(const Batch& batch) {
  for (const TensorList* list : {&batch.x, &batch.y, &batch.sample_weight}) {
    for (const Tensor& tensor : *list) check_mapped(tensor);
  }
}

[[noreturn]] void refuse_parts(const std::string& reason) {
  throw Error(reason, "go over whole sequences, or use a loss of each step");
}

}  // namespace

// ---- learning

LearningWalk::LearningWalk(const FitData& data, const Epoch& epoch, std::int64_t first,
                           Trainer& trainer, Model& model)
    : data_(data),
      trainer_(trainer),
      model_(model),
      batches_(data, epoch, data.parts.steps == 0 ? first : 0, trainer, model) {
  if (data.parts.steps == 0) return;
  parts_.emplace(step_axes(ModelInternals::network(model), "bptt"));
  skip(first);
}

// The states are those that the part before left.
void LearningWalk::skip(std::int64_t updates) {
  while (updates > 0 && (batch_ = batches_.next()) != nullptr) {
    begin_batch();
    if (updates < plan_.learning()) {
      next_ = updates;
      return;
    }
    updates -= plan_.learning();
    batch_ = nullptr;
  }
}

void LearningWalk::begin_batch() {
  plan_ = PartPlan(parts_->steps_of(*batch_), data_.parts, parts_->targets_of_steps());
  const std::string reason = trainer_.why_no_parts(model_, *batch_, parts_->axes().outputs);
  if (!reason.empty()) refuse_parts(reason);
  next_ = 0;
}

bool LearningWalk::next() {
  if (!parts_) {
    batch_ = batches_.next();
    return batch_ != nullptr;
  }
  if (batch_ != nullptr && next_ < plan_.size()) return true;
  batch_ = batches_.next();
  if (batch_ == nullptr) return false;
  begin_batch();
  return true;
}

double LearningWalk::share() const {
  const std::optional<std::int64_t> all = batches_.size();
  if (!all || *all == 0) return 0.0;
  auto done = static_cast<double>(batches_.done());
  if (parts_ && batch_ != nullptr)
    done += static_cast<double>(next_) / static_cast<double>(plan_.size()) - 1.0;
  return done / static_cast<double>(*all);
}

void LearningWalk::learn() {
  if (!parts_) {
    check_unchanged(*batch_);
    trainer_.train_batch(model_, *batch_);
    return give_back(*batch_);
  }
  for (; !plan_[next_].learns; ++next_) carry_to(plan_[next_]);
  learn_part(plan_[next_++]);
}

void LearningWalk::carry_to(const Part& part) {
  {
    const PartsRun run(model_, batch_->size(), part.begin > 0);
    trainer_.carry_batch(model_, parts_->inputs(*batch_, part.begin, part.end));
  }
  parts_->done_with(*batch_, part.begin, part.end);
}

namespace {

// Copies the numbers; `to` has the same states, or none.
void copy_states(const std::vector<State>& from, std::vector<State>& to) {
  to.resize(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    bool fits = to[i].size() == from[i].size();
    for (std::size_t k = 0; fits && k < from[i].size(); ++k)
      fits = to[i][k].shape() == from[i][k].shape();
    if (!fits) {
      to[i] = clone_state(from[i]);
      continue;
    }
    for (std::size_t k = 0; k < from[i].size(); ++k) copy(from[i][k], to[i][k]);
  }
}

}  // namespace

// Where the next part begins amid this one, the states that it starts from are made before: by the
// weights that this part is learnt with, too.
void LearningWalk::learn_part(const Part& part) {
  Execution& execution = ModelInternals::execution(model_);
  const bool overlaps = !part.is_last && data_.parts.stride < data_.parts.steps;
  const std::int64_t next = overlaps ? part.begin + data_.parts.stride : part.end;
  const PartsRun run(model_, batch_->size(), part.begin > 0);
  if (overlaps) {
    copy_states(execution.states(), states_after_);
    trainer_.carry_batch(model_, parts_->inputs(*batch_, part.begin, next));
    execution.states().swap(states_after_);
  }
  const PartOfBatch place{false, part.is_last, part.counted - part.begin, part.share,
                          &parts_->axes().outputs};
  trainer_.train_batch(model_, parts_->cut(*batch_, part), place);
  if (overlaps) execution.states().swap(states_after_);
  parts_->done_with(*batch_, part.begin, next);
}

// ---- judging

TestWalk::TestWalk(const FitData& data, Trainer& trainer, Model& model)
    : data_(data),
      trainer_(trainer),
      model_(model),
      batches_(data, {}, 0, trainer, model),
      aside_(model) {}

void TestWalk::test(const Batch& batch) {
  const std::int64_t length = part_length(model_, batch, data_.parts.steps);
  if (length == 0 || !has_parts(batch)) {
    check_unchanged(batch);
    trainer_.test_batch(model_, batch);
    return give_back(batch);
  }
  const PartPlan plan(parts_->steps_of(batch), {length, length}, true);
  const PartsRun run(model_, batch.size());
  for (std::int64_t i = 0; i < plan.size(); ++i) {
    const Part part = plan[i];
    const PartOfBatch place{false, part.is_last, 0, part.share, &parts_->axes().outputs};
    trainer_.test_batch(model_, parts_->cut(batch, part), place);
    parts_->done_with(batch, part.begin, part.end);
  }
}

// Nobody asked for parts of what is mapped from a file.
bool TestWalk::has_parts(const Batch& batch) {
  if (!parts_) parts_.emplace(step_axes(ModelInternals::network(model_), "steps_at_a_time"));
  const std::string reason = trainer_.why_no_parts(model_, batch, parts_->axes().outputs);
  if (!reason.empty() && data_.parts.steps > 0) refuse_parts(reason);
  return reason.empty();
}

}  // namespace chronicler
