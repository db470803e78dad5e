#include "layers/recurrent/keep_plan.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "layers/recurrent/checkpoints.h"
#include "layers/recurrent/recurrent.h"
#include "layers/recurrent/sequence_cell.h"

namespace chronicler {
namespace {

std::int64_t pieces_of(std::int64_t size, std::int64_t piece) { return (size + piece - 1) / piece; }

// States with which `segments` segments, and the rest, run about as often as their number has
// binary digits.
std::int64_t least_slots(std::int64_t segments) {
  return std::min(segments, static_cast<std::int64_t>(
                                std::bit_width(static_cast<std::uint64_t>(segments) + 1)));
}

// The plan of segments of this size; no slots if there is no room for it.
KeepPlan plan_of(const Layer::KeptSteps& kept, std::int64_t segment_steps, std::int64_t bytes,
                 bool with_rest) {
  KeepPlan plan{.steps = kept.steps, .segment_steps = segment_steps};
  plan.segments = pieces_of(kept.steps, segment_steps) - (with_rest ? 1 : 0);
  const std::int64_t for_states = bytes - segment_steps * kept.step_bytes;
  plan.slots = std::min(plan.segments, for_states / kept.state_bytes);
  if (plan.slots < plan.segments || !with_rest) return plan;
  // Steps at the end may be kept in what is left. Few of them save no time worth the memory.
  constexpr std::int64_t worth_keeping = 8;  // one of so many steps
  const std::int64_t most = (bytes - plan.slots * kept.state_bytes) / kept.step_bytes;
  if (most < kept.steps / worth_keeping) return plan;
  const std::int64_t segments = pieces_of(kept.steps - most, plan.segment_steps);
  plan.segments = plan.slots = std::clamp<std::int64_t>(segments, 1, plan.segments);
  return plan;
}

}  // namespace

std::int64_t summed_steps(std::int64_t rows, bool large_weights) {
  return std::max<std::int64_t>(1, pieces_of(large_weights ? 384 : 256, rows));
}

std::int64_t KeepPlan::room() const {
  return keeps_all() ? steps : std::max(segment_steps, kept_steps());
}

std::int64_t KeepPlan::bytes(const Layer::KeptSteps& kept) const {
  return room() * kept.step_bytes + slots * kept.state_bytes;
}

double KeepPlan::forward_runs() const {
  if (keeps_all()) return 1.0;
  const double again = segments_again(segments + 1, slots);
  return 1.0 + again * static_cast<double>(segment_steps) / static_cast<double>(steps);
}

KeepPlan keep_everything(std::int64_t steps) { return {.steps = steps, .segment_steps = steps}; }

KeepPlan keep_plan(const Layer::KeptSteps& kept, std::int64_t together, std::int64_t bytes,
                   bool with_rest) {
  if (bytes >= most_bytes(kept)) return keep_everything(kept.steps);
  bytes = std::max(bytes, least_bytes(kept, together));
  KeepPlan best;
  double least = 0.0;
  // Small segments first, which stay in the caches: a larger one must save time.
  for (std::int64_t size = together; size < kept.steps;
       size += pieces_of(size, 8 * together) * together) {
    const KeepPlan plan = plan_of(kept, size, bytes, with_rest);
    if (plan.slots < 1) break;
    const double runs = plan.forward_runs();
    if (best.slots > 0 && runs > 0.99 * least) continue;
    best = plan;
    least = runs;
  }
  if (best.slots == 0) return keep_everything(kept.steps);  // no shorter than one segment
  return best;
}

std::int64_t least_bytes(const Layer::KeptSteps& kept, std::int64_t together) {
  const std::int64_t segments = pieces_of(kept.steps, together) - 1;
  if (segments < 1) return most_bytes(kept);
  return std::min(most_bytes(kept),
                  together * kept.step_bytes + least_slots(segments) * kept.state_bytes);
}

std::int64_t most_bytes(const Layer::KeptSteps& kept) { return kept.steps * kept.step_bytes; }

Layer::KeptSteps sum_of(const Layer::KeptSteps& a, const Layer::KeptSteps& b) {
  return {std::max(a.steps, b.steps), a.step_bytes + b.step_bytes, a.state_bytes + b.state_bytes};
}

std::optional<std::int64_t> share_of(const std::optional<std::int64_t>& bytes,
                                     const Layer::KeptSteps& own, const Layer::KeptSteps& all) {
  if (!bytes) return bytes;
  const double share = static_cast<double>(own.step_bytes) /
                       static_cast<double>(std::max<std::int64_t>(1, all.step_bytes));
  return static_cast<std::int64_t>(share * static_cast<double>(*bytes));
}

std::int64_t steps_together(const Layer& layer, std::int64_t rows) {
  if (const auto* recurrent = dynamic_cast<const RecurrentLayer*>(&layer))
    return recurrent->steps_summed(rows);
  if (const auto* cell = dynamic_cast<const SequenceCell*>(&layer))
    return cell->steps_together(rows);
  std::int64_t most = 1;
  for (const Layer::Sublayer& held : layer.sublayers())
    most = std::max(most, steps_together(*held.layer, rows));
  return most;
}

bool keeps_rest(const Layer& layer) {
  if (const auto* recurrent = dynamic_cast<const RecurrentLayer*>(&layer))
    return !recurrent->runs_by_steps();
  return std::any_of(layer.sublayers().begin(), layer.sublayers().end(),
                     [](const Layer::Sublayer& held) { return keeps_rest(*held.layer); });
}

}  // namespace chronicler
