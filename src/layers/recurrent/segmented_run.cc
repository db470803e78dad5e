#include "layers/recurrent/segmented_run.h"

#include <algorithm>

#include "base/mapped_memory.h"
#include "layers/recurrent/slices.h"

namespace chronicler {
namespace {

using kernels::Range;
using kernels::Recurrence;
using kernels::RecurrenceGradient;
using kernels::Share;

// ---- Forward

// Bytes of the input that a run without a tape reads before it gives them back, if they are a
// file's.
constexpr std::int64_t most_input_bytes = 8 << 20;

// Gives back the pages of a mapped input: nobody reads these steps soon.
template <class Real>
void done_with_input(const Recurrence<Real>& part) {
  const std::int64_t first = part.x.step_stride < 0 ? part.steps - 1 : 0;
  const auto bytes = static_cast<std::size_t>(part.steps * part.features) * sizeof(Real);
  for (std::int64_t n = 0; n < part.rows; ++n) done_with(part.x.at(first, n), bytes);
}

// Runs a part of the steps. With `writes`, these steps of a sequence of outputs are written.
template <class Real>
void run_part(Pass& pass, SegmentedRun<Real>& segments, const Recurrence<Real>& part,
              std::int64_t begin, bool writes) {
  const kernels::CellKernels<Real>& kernels = *segments.kernels;
  const std::int64_t slices =
      slice_count(pass, part.rows, multiplications(part, kernels.gate_blocks));
  run_in_cuts(
      pass, part, kernels, slices, false, [](Range) {},
      [&](Range rows) { kernels.forward(part, rows); },
      [&](Share share, kernels::StepBarrier& barrier) {
        kernels.forward_units(part, share, barrier);
      },
      [&](Range rows) {
        if (!writes || !segments.sequences) return;
        for (std::int64_t n = rows.begin; n < rows.end; ++n) {
          MaskedOutput masked = segments.masked;
          if (segments.seen != nullptr) masked.seen = segments.seen[n] != 0;
          Real* out = segments.y + (n * segments.steps + begin) * part.units;
          const bool seen = write_sequence(part, masked, n, out);
          if (segments.seen != nullptr) segments.seen[n] = static_cast<std::uint8_t>(seen);
        }
      });
  done_with_input(part);
}

template <class Real>
Real* kept_state(const SegmentedRun<Real>& segments, std::int64_t which) {
  return segments.kept_states +
         (segments.walk->slot() * segments.states() + which) * segments.state_size();
}
template <class Real>
void keep_states(SegmentedRun<Real>& segments) {
  for (std::int64_t i = 0; i < segments.states(); ++i)
    std::copy_n(segments.state(0, i), segments.state_size(), kept_state(segments, i));
}

// ---- Backward

// Adds to the gradients of the weights, block of steps by block, from the last.
template <class Real>
void learn(Pass& pass, SegmentedRun<Real>& segments, const RecurrenceGradient<Real>& flow,
           Range steps) {
  const std::int64_t block = segments.steps_summed;
  pass.runtime.parallel(segments.weight_shares, [&](std::int64_t share) {
    Real* workspace = segments.workspace + share * segments.workspace_size;
    for (std::int64_t end = steps.end; end > steps.begin;) {
      const std::int64_t begin = std::max(steps.begin, (end - 1) / block * block);
      segments.kernels->weight_gradient(segments.part({begin, end}), flow,
                                        {share, segments.weight_shares}, workspace);
      end = begin;
    }
  });
}

template <class Real>
void take_back_part(Pass& pass, SegmentedRun<Real>& segments, Range steps) {
  const kernels::CellKernels<Real>& kernels = *segments.kernels;
  const Recurrence<Real> part = segments.part(steps);
  RecurrenceGradient<Real> flow = segments.flow;
  flow.output = segments.output_flow;
  if (flow.x.data != nullptr) flow.x.data += steps.begin * flow.x.step_stride;
  if (flow.trace != nullptr) flow.trace += steps.begin * segments.state_size();
  const std::int64_t slices =
      slice_count(pass, part.rows, multiplications(part, kernels.gate_blocks));
  run_in_cuts(
      pass, part, kernels, slices, true,
      [&](Range rows) {
        for (std::int64_t n = rows.begin; segments.dy != nullptr && n < rows.end; ++n) {
          gather_sequence_gradient(part, segments.masked.zero, n,
                                   segments.dy + (n * segments.steps + steps.begin) * part.units,
                                   segments.carry + n * part.units, segments.output_flow);
        }
      },
      [&](Range rows) { kernels.backward(part, flow, rows); },
      [&](Share share, kernels::StepBarrier& barrier) {
        kernels.backward_units(part, flow, share, barrier);
      },
      [&](Range rows) {
        if (flow.x.data != nullptr) kernels.input_gradient(part, flow, rows);
      });
  if (segments.weight_shares > 0) learn(pass, segments, flow, steps);
  done_with_input(part);
}

}  // namespace

template <class Real>
void run_briefly(Pass& pass, SegmentedRun<Real>& segments, Range steps, bool writes) {
  const bool shows_all = writes && segments.sequences;
  const std::int64_t step_bytes =
      segments.run.rows * segments.run.features * std::int64_t{sizeof(Real)};
  const std::int64_t most =
      shows_all ? segments.room : std::max<std::int64_t>(1, most_input_bytes / step_bytes);
  for (std::int64_t begin = steps.begin; begin < steps.end; begin += most) {
    const Range some{begin, std::min(begin + most, steps.end)};
    const std::int64_t slots = shows_all ? some.size() + 1 : 2;
    run_part(pass, segments, segments.brief_part(some, slots), begin, writes);
    const std::int64_t last = some.size() % slots;
    if (last == 0) continue;
    for (std::int64_t i = 0; i < segments.states(); ++i)
      std::copy_n(segments.state(last, i), segments.state_size(), segments.state(0, i));
  }
}

template <class Real>
void run_fully(Pass& pass, SegmentedRun<Real>& segments, Range steps, bool writes) {
  run_part(pass, segments, segments.part(steps), steps.begin, writes);
}

namespace {

// From the last kept states to those before segment `target`.
template <class Real>
void run_up_to(Pass& pass, SegmentedRun<Real>& segments, std::int64_t target, bool writes) {
  const std::int64_t size = segments.plan.segment_steps;
  std::int64_t at = segments.walk->segment();
  while (at < target) {
    const Checkpoints::Stop stop = segments.walk->next(target);
    run_briefly(pass, segments, {at * size, stop.segment * size}, writes);
    at = stop.segment;
    if (stop.keeps) keep_states(segments);
  }
  segments.first = target * size;
}

}  // namespace

template <class Real>
void run_forgetting(Pass& pass, SegmentedRun<Real>& segments) {
  keep_states(segments);
  run_up_to(pass, segments, segments.plan.segments, true);
  run_fully(pass, segments, {segments.first, segments.steps}, true);
}

template <class Real>
void take_back(Pass& pass, SegmentedRun<Real>& segments, Range steps) {
  for (std::int64_t end = steps.end; end > steps.begin;) {
    const std::int64_t piece = segments.piece_steps;
    const std::int64_t begin = std::max(steps.begin, (end - 1) / piece * piece);
    take_back_part(pass, segments, {begin, end});
    end = begin;
  }
}

template <class Real>
void take_back_forgotten(Pass& pass, SegmentedRun<Real>& segments) {
  take_back(pass, segments, {segments.first, segments.steps});
  const std::int64_t size = segments.plan.segment_steps;
  for (std::int64_t target = segments.plan.segments; target-- > 0;) {
    for (std::int64_t i = 0; i < segments.states(); ++i)
      std::copy_n(kept_state(segments, i), segments.state_size(), segments.state(0, i));
    run_up_to(pass, segments, target, false);
    const Range steps{segments.first, segments.first + size};
    run_fully(pass, segments, steps, false);
    take_back(pass, segments, steps);
    segments.walk->taken_back(target);
  }
}

template void run_briefly(Pass&, SegmentedRun<float>&, Range, bool);
template void run_fully(Pass&, SegmentedRun<float>&, Range, bool);
template void run_forgetting(Pass&, SegmentedRun<float>&);
template void take_back(Pass&, SegmentedRun<float>&, Range);
template void take_back_forgotten(Pass&, SegmentedRun<float>&);
template void run_briefly(Pass&, SegmentedRun<double>&, Range, bool);
template void run_fully(Pass&, SegmentedRun<double>&, Range, bool);
template void run_forgetting(Pass&, SegmentedRun<double>&);
template void take_back(Pass&, SegmentedRun<double>&, Range);
template void take_back_forgotten(Pass&, SegmentedRun<double>&);

}  // namespace chronicler
