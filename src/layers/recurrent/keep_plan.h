// What a loop over time keeps of its steps, so that all it has for the way back fits some bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "chronicler/layers/layer.h"

namespace chronicler {

// Pairs of steps and rows whose part in the gradients of the weights is summed in one go, in the
// order of time; these sums are then added up from the last to the first. They are cut by shapes
// alone, so that it makes no difference whether the steps were kept or are computed again.
std::int64_t summed_steps(std::int64_t rows, bool large_weights);

// The first `segments` segments of a sequence are computed again on the way back, each from the
// state before it; what comes after them (the rest), if anything, is kept as it was computed.
struct KeepPlan {
  std::int64_t steps = 0;
  std::int64_t segments = 0;       // 0: everything is kept
  std::int64_t segment_steps = 0;  // a multiple of the steps that are summed together
  std::int64_t slots = 0;          // states that are kept at a time

  bool keeps_all() const { return segments == 0; }
  std::int64_t first_kept() const { return std::min(steps, segments * segment_steps); }
  std::int64_t kept_steps() const { return steps - first_kept(); }
  // Steps there is room for: what is kept, and later each segment in turn.
  std::int64_t room() const;
  std::int64_t bytes(const Layer::KeptSteps& kept) const;
  // How many times a step runs forward on average: 1 if everything is kept.
  double forward_runs() const;
};

KeepPlan keep_everything(std::int64_t steps);

// The plan of these bytes that computes the least again. Steps are computed again by multiples of
// `together`. With fewer bytes than least_bytes(): as with these. Without `with_rest` all steps are
// computed again, unless everything is kept.
KeepPlan keep_plan(const Layer::KeptSteps& kept, std::int64_t together, std::int64_t bytes,
                   bool with_rest = true);

// What the smallest plan needs: room for the steps that are summed together, and states enough for
// every step to run only about as often as the logarithm of their number.
std::int64_t least_bytes(const Layer::KeptSteps& kept, std::int64_t together);
// What keeping everything needs.
std::int64_t most_bytes(const Layer::KeptSteps& kept);

// Of layers that run over the same steps, all together.
Layer::KeptSteps sum_of(const Layer::KeptSteps& a, const Layer::KeptSteps& b);
// What of the bytes for all of them is one's own.
std::optional<std::int64_t> share_of(const std::optional<std::int64_t>& bytes,
                                     const Layer::KeptSteps& own, const Layer::KeptSteps& all);

// Steps that this layer, or one that it holds, sums together for so many rows.
std::int64_t steps_together(const Layer& layer, std::int64_t rows);
// Whether it keeps the rest of a plan: a loop over the steps of a cell (step_loop.h) does not.
bool keeps_rest(const Layer& layer);

}  // namespace chronicler
