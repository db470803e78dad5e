#include "layers/formula/formula_run.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <tuple>

#include "kernels/gemm.h"
#include "kernels/joined_products.h"
#include "layers/core/invoke.h"
#include "layers/recurrent/slices.h"

namespace chronicler::formula {

using kernels::block_size;
using kernels::Range;

namespace {

constexpr std::int64_t window_rows = 256;
// Rows of a step that a matrix is worth reading for.
constexpr std::int64_t rows_worth_reading = 6;

}  // namespace

std::int64_t window_steps(std::int64_t rows, std::int64_t steps) {
  return std::clamp<std::int64_t>(pieces(window_rows, rows), 1, steps);
}

template <class Real>
FormulaRun<Real>::FormulaRun(const Program& program, const ParameterList& weights,
                             const RunSizes& sizes, int threads, Arena& arena)
    : program_(&program), weights_(&weights), sizes_(sizes), threads_(threads) {
  window_steps_ = window_steps(sizes.rows, sizes.steps);
  keeps_all_ = !sizes.training || sizes.plan.keeps_all();
  room_ = keeps_all_ ? sizes.steps : pieces(sizes.plan.room(), window_steps_) * window_steps_;
  output_stream_ = program.output_state < 0
                       ? program.after.back()
                       : program.after[static_cast<std::size_t>(program.output_state)];
  make_tracks(arena);
  make_places(threads, arena);
}

// ---- A part of the program, for some rows

template <class Real>
void FormulaRun<Real>::fill_table(std::int64_t step, Real** table) const {
  const std::size_t count = program_->streams.size();
  for (std::size_t i = 0; i < count; ++i)
    table[i] = tracks_[i].begin == nullptr ? nullptr : tracks_[i].at(step);
}

template <class Real>
void FormulaRun<Real>::run_code(const Code& code, std::int64_t width, const Cells& cells,
                                const Place& place) const {
  if (code.instructions.empty()) return;
  const kernels::BlockMemory<Real> memory{place.table, rows_, width,
                                          place.scratch + code.scratch_begin * block_size};
  if (cells.units.size() == sizes_.units) {
    kernels::run_block_program(code.program(), memory, cells.rows.begin * width,
                               cells.rows.end * width);
    return;
  }
  for (std::int64_t row = cells.rows.begin; row < cells.rows.end; ++row) {
    kernels::run_block_program(code.program(), memory, row * width + cells.units.begin,
                               row * width + cells.units.end);
  }
}

template <class Real>
void FormulaRun<Real>::run_products(const PartStep& step, const Cells& cells,
                                    const Place& place) const {
  if (step.groups.empty()) {
    for (const Product& product : step.products) run_transposed(product, cells, place);
  } else if (joined_ == nullptr) {
    for (const Product& product : step.products) run_as_they_are(product, cells, place);
  } else {
    for (const ProductGroup& group : step.groups) run_group(step, group, cells, place);
  }
}

template <class Real>
void FormulaRun<Real>::run_group(const PartStep& step, const ProductGroup& group,
                                 const Cells& cells, const Place& place) const {
  const Product& first = step.products[group.begin];
  const std::int64_t depth = width_of(first.from);
  const std::int64_t columns = width_of(first.to);
  const std::int64_t count = static_cast<std::int64_t>(group.end - group.begin);
  const Real* from = place.table[first.from] + cells.rows.begin * depth;
  const Range shares = shares_of(cells);
  for (std::int64_t share = shares.begin; share < shares.end; ++share) {
    const Range some = share_of(share, columns);
    if (some.size() == 0) continue;
    kernels::JoinedOutput<Real> outputs[kernels::most_joined];
    for (std::int64_t i = 0; i < count; ++i) {
      const Product& product = step.products[group.begin + static_cast<std::size_t>(i)];
      const Real* row = row_of(product);
      outputs[i] = {place.table[product.to] + cells.rows.begin * columns + some.begin,
                    start_of(product), row == nullptr ? nullptr : row + some.begin};
    }
    kernels::gemm_joined<Real>(count, cells.rows.size(), some.size(), depth, from, depth,
                               joined_[group.index * shares_ + share], outputs, columns);
  }
}

template <class Real>
void FormulaRun<Real>::run_transposed(const Product& product, const Cells& cells,
                                      const Place& place) const {
  const std::int64_t depth = width_of(product.from);
  const std::int64_t columns = width_of(product.to);
  const Range shares = shares_of(cells);
  for (std::int64_t share = shares.begin; share < shares.end; ++share) {
    const Range some = share_of(share, columns);
    if (some.size() == 0) continue;
    kernels::gemm_packed<Real>(cells.rows.size(), some.size(), depth,
                               place.table[product.from] + cells.rows.begin * depth, depth,
                               transposed_[product.weight * shares_ + share],
                               place.table[product.to] + cells.rows.begin * columns + some.begin,
                               columns, start_of(product), nullptr);
  }
}

// By the weights where they lie.
template <class Real>
void FormulaRun<Real>::run_as_they_are(const Product& product, const Cells& cells,
                                       const Place& place) const {
  const std::int64_t depth = width_of(product.from);
  const std::int64_t columns = width_of(product.to);
  const Tensor& weight = (*weights_)[static_cast<std::size_t>(product.weight)].value;
  kernels::gemm<Real>(
      cells.rows.size(), columns, depth, place.table[product.from] + cells.rows.begin * depth,
      depth, weight.as<Real>(), columns, place.table[product.to] + cells.rows.begin * columns,
      columns, start_of(product), row_of(product));
}

// Where units are shared, the others' numbers must be there before a product reads them.
template <class Real>
void FormulaRun<Real>::run_part(const Part& part, const Cells& cells, const Place& place,
                                kernels::StepBarrier* barrier, std::int64_t& waits) const {
  for (const PartStep& step : part) {
    run_code(step.of_units, sizes_.units, cells, place);
    run_code(step.of_features, sizes_.features, cells, place);
    if (step.products.empty()) continue;
    if (barrier != nullptr) barrier->wait(waits);
    run_products(step, cells, place);
  }
}

// ---- Windows of steps

template <class Real>
typename FormulaRun<Real>::Window FormulaRun<Real>::segment_at(std::int64_t index) const {
  if (keeps_all_) return {0, sizes_.steps};
  const std::int64_t size = sizes_.plan.segment_steps;
  return {index * size, index == sizes_.plan.segments ? sizes_.steps : (index + 1) * size};
}

// Rows of all steps of a window, piece by piece. What does not count is cleared in what sums read.
template <class Real>
void FormulaRun<Real>::run_input_part(Runtime& runtime, const Part& part, const Window& window,
                                      std::span<const StreamId> cleared) const {
  if (part.empty()) return;
  const std::int64_t all = window.size() * sizes_.rows;
  runtime.parallel(pieces(all, piece_rows), [&](std::int64_t piece) {
    const Place& place = places_[piece];
    fill_table(window.begin, place.table);
    std::int64_t waits = 0;
    const Range rows{piece * piece_rows, std::min(all, (piece + 1) * piece_rows)};
    run_part(part, {rows, {0, sizes_.units}}, place, nullptr, waits);
    clear_masked(cleared, window.begin, rows, place);
  });
}

// `rows` from those of a step on, over the steps behind it.
template <class Real>
void FormulaRun<Real>::clear_masked(std::span<const StreamId> streams, std::int64_t step,
                                    Range rows, const Place& place) const {
  if (mask_ == nullptr) return;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    if (mask_[step * sizes_.rows + row] != 0) continue;
    for (const StreamId id : streams)
      std::fill_n(place.table[id] + row * width_of(id), width_of(id), Real{0});
  }
}

// The same for the rows of a slice at one step.
template <class Real>
void FormulaRun<Real>::run_input_step(const Part& part, std::int64_t step, const Cells& cells,
                                      const Place& place, std::span<const StreamId> cleared) const {
  std::int64_t waits = 0;
  run_part(part, cells, place, nullptr, waits);
  clear_masked(cleared, step, cells.rows, place);
}

template <class Real>
typename FormulaRun<Real>::Cut FormulaRun<Real>::choose_cut(Runtime& runtime, bool backward) const {
  Cut cut;
  if (shares_ > 1) {
    cut.is_timed = true;
    cut.by_units = cut_to_take(run_shape(backward)) == chronicler::Cut::units;
  }
  const double work = static_cast<double>(sizes_.steps * sizes_.rows) *
                      static_cast<double>(state_weights()) / static_cast<double>(sizeof(Real));
  if (work >= inline_work) cut.slices = std::min<std::int64_t>(runtime.threads(), sizes_.rows);
  cut.with_input =
      !cut.by_units && cut.slices > 1 && sizes_.rows / cut.slices >= rows_worth_reading;
  return cut;
}

template <class Real>
RunShape FormulaRun<Real>::run_shape(bool backward) const {
  return {program_->identity, sizes_.rows, sizes_.features, sizes_.units, threads_, backward};
}

template <class Real>
void FormulaRun<Real>::forward(Runtime& runtime, Arena& arena, const Output& output) {
  output_ = output;
  if (mask_ != nullptr && output.of_all_steps) {
    if (seen_ == nullptr) seen_ = arena.array<std::uint8_t>(sizes_.rows);
    std::fill_n(seen_, sizes_.rows, static_cast<std::uint8_t>(continues_));
  }
  if (!keeps_all_) {
    const std::int64_t slots = sizes_.plan.slots;
    const auto states = static_cast<std::int64_t>(program_->after.size());
    checkpoint_memory_ = arena.array<Real>(slots * states * sizes_.rows * sizes_.units);
    const auto kept = arena_objects<std::int64_t>(arena, static_cast<std::size_t>(slots));
    checkpoints_ = new (arena.allocate(sizeof(Checkpoints))) Checkpoints(kept);
    keep_state(0);
  }
  const Cut cut = choose_cut(runtime, false);
  const auto start = std::chrono::steady_clock::now();
  writes_ = output.of_all_steps;
  run_to(runtime, cut, segment_count() - 1);
  writes_ = false;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  heed_cut(cut, false, took.count());
  if (!output.of_all_steps) write_last();
}

// From the last kept state over the segments to the end of `target`.
template <class Real>
void FormulaRun<Real>::run_to(Runtime& runtime, const Cut& cut, std::int64_t target) const {
  std::int64_t at = keeps_all_ ? 0 : checkpoints_->segment();
  while (at < target) {
    const Checkpoints::Stop stop = checkpoints_->next(target);
    for (; at < stop.segment; ++at) run_segment(runtime, cut, segment_at(at));
    if (stop.keeps) keep_state(at);
  }
  run_segment(runtime, cut, segment_at(target));
}

// The states before a segment, to the slot where the last kept ones belong, and from there.
template <class Real>
void FormulaRun<Real>::keep_state(std::int64_t segment) const {
  const std::int64_t size = sizes_.rows * sizes_.units;
  const auto states = static_cast<std::int64_t>(program_->after.size());
  Real* to = checkpoint_memory_ + checkpoints_->slot() * states * size;
  for (const StreamId id : program_->after) {
    std::copy_n(state_memory(id, segment_at(segment).begin), size, to);
    to += size;
  }
}

template <class Real>
void FormulaRun<Real>::take_state(std::int64_t segment) const {
  const std::int64_t size = sizes_.rows * sizes_.units;
  const auto states = static_cast<std::int64_t>(program_->after.size());
  const Real* from = checkpoint_memory_ + checkpoints_->slot() * states * size;
  for (const StreamId id : program_->after) {
    std::copy_n(from, size, state_memory(id, segment_at(segment).begin));
    from += size;
  }
}

template <class Real>
void FormulaRun<Real>::run_segment(Runtime& runtime, const Cut& cut, const Window& segment) const {
  const auto walk = [&](const Window& window) {
    run_cut(runtime, cut,
            [&](const Cells& cells, const Place& place, kernels::StepBarrier* barrier) {
              walk_forward(window, cut, cells, place, barrier);
            });
  };
  if (cut.with_input) return walk(segment);
  for (std::int64_t begin = segment.begin; begin < segment.end; begin += window_steps_) {
    const Window window{begin, std::min(segment.end, begin + window_steps_)};
    run_input_part(runtime, program_->input_forward, window, program_->input_factors);
    walk(window);
  }
}

template <class Real>
void FormulaRun<Real>::heed_cut(const Cut& cut, bool backward, double seconds) const {
  if (!cut.is_timed) return;
  cut_took(run_shape(backward), cut.by_units ? chronicler::Cut::units : chronicler::Cut::rows,
           seconds / static_cast<double>(sizes_.steps));
}

template <class Real>
void FormulaRun<Real>::walk_forward(const Window& window, const Cut& cut, const Cells& cells,
                                    const Place& place, kernels::StepBarrier* barrier) const {
  std::int64_t waits = 0;
  for (std::int64_t step = window.begin; step < window.end; ++step) {
    if (step == window.begin) {
      fill_table(step, place.table);
    } else {
      for (std::int64_t i = 0; i < moving_count_; ++i)
        place.table[moving_[i]] = tracks_[moving_[i]].next(place.table[moving_[i]]);
    }
    if (cut.with_input)
      run_input_step(program_->input_forward, step, cells, place, program_->input_factors);
    run_part(program_->state_forward, cells, place, barrier, waits);
    if (mask_ != nullptr) {
      pass_on_masked(step, cells, place);
      clear_masked(program_->state_factors, step, cells.rows, place);
    }
    if (writes_) write_step(step, cells, place);
  }
}

// A step that does not count changes no state, and puts out what was put out before it.
template <class Real>
void FormulaRun<Real>::pass_on_masked(std::int64_t step, const Cells& cells,
                                      const Place& place) const {
  for (std::int64_t row = cells.rows.begin; row < cells.rows.end; ++row) {
    if (counts(step, row)) continue;
    for (const StreamId id : program_->after) {
      const Real* before = tracks_[id].at(step - tracks_[id].shift);
      std::copy_n(before + row * sizes_.units, sizes_.units, place.table[id] + row * sizes_.units);
    }
  }
}

template <class Real>
TensorView FormulaRun<Real>::state(std::size_t index) const {
  const Track& track = tracks_[program_->after[index]];
  return {track.at(sizes_.steps - 1), dtype_of<Real>, {sizes_.rows, sizes_.units}};
}

template <class Real>
kernels::Recurrence<Real> FormulaRun<Real>::as_recurrence() const {
  kernels::Recurrence<Real> run;
  run.steps = sizes_.steps;
  run.rows = sizes_.rows;
  run.units = sizes_.units;
  run.mask = mask_;
  run.state_slots = tracks_[output_stream_].slots;
  run.hidden = tracks_[output_stream_].begin;
  return run;
}

// As in Keras a masked step repeats the output before it; before the first step that counts there
// is none, and the output is 0, whatever the state.
template <class Real>
void FormulaRun<Real>::write_step(std::int64_t step, const Cells& cells, const Place& place) const {
  const std::int64_t units = sizes_.units;
  const Real* from = place.table[output_stream_];
  Real* to = output_.y.template as<Real>() + step * units;
  for (std::int64_t row = cells.rows.begin; row < cells.rows.end; ++row) {
    bool shows = true;
    if (mask_ != nullptr) {
      const bool counted = counts(step, row);
      if (counted) seen_[row] = 1;
      shows = counted || (seen_[row] != 0 && !output_.zero_masked);
    }
    Real* out = to + row * sizes_.steps * units + cells.units.begin;
    if (shows) {
      std::copy_n(from + row * units + cells.units.begin, cells.units.size(), out);
    } else {
      std::fill_n(out, cells.units.size(), Real{0});
    }
  }
}

template <class Real>
void FormulaRun<Real>::write_last() const {
  const kernels::Recurrence<Real> run = as_recurrence();
  for (std::int64_t row = 0; row < sizes_.rows; ++row) {
    Real* to = output_.y.template as<Real>() + row * sizes_.units;
    if (last_output_is_state(run, {output_.zero_masked, continues_}, row)) {
      std::copy_n(last_output() + row * sizes_.units, sizes_.units, to);
    } else {
      std::fill_n(to, sizes_.units, Real{0});
    }
  }
}

template class FormulaRun<float>;
template class FormulaRun<double>;

}  // namespace chronicler::formula
