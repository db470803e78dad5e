#include "layers/formula/formula_run.h"

#include <algorithm>
#include <chrono>
#include <tuple>

#include "kernels/gemm.h"
#include "layers/core/invoke.h"
#include "layers/recurrent/slices.h"

namespace chronicler::formula {

using kernels::block_size;
using kernels::Range;
using kernels::Start;

namespace {

// Rows of a window: of one that only goes forward, and of one that learns.
constexpr std::int64_t window_rows = 256;
constexpr std::int64_t training_window_rows = 256;
// Rows of a step that a matrix is worth reading for.
constexpr std::int64_t rows_worth_reading = 6;

}  // namespace

template <class Real>
FormulaRun<Real>::FormulaRun(const Program& program, const ParameterList& weights,
                             const RunSizes& sizes, int threads, Arena& arena)
    : program_(&program), weights_(&weights), sizes_(sizes), threads_(threads) {
  const std::int64_t wanted = sizes.training ? training_window_rows : window_rows;
  window_steps_ = std::clamp<std::int64_t>(pieces(wanted, sizes.rows), 1, sizes.steps);
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
  const bool is_share = cells.units.size() != sizes_.units;
  for (const Product& product : step.products) {
    const std::int64_t depth = width_of(product.from);
    const std::int64_t columns = width_of(product.to);
    const Real* from = place.table[product.from] + cells.rows.begin * depth;
    Real* to = place.table[product.to] + cells.rows.begin * columns;
    const Real* row = product.row < 0 ? nullptr : rows_[product.row];
    const Start start = product.accumulates ? Start::accumulate
                        : row == nullptr    ? Start::zero
                                            : Start::row;
    Real** packed = packed_[product.is_transposed ? 1 : 0];
    if (packed == nullptr) {
      const Tensor& value = (*weights_)[static_cast<std::size_t>(product.weight)].value;
      kernels::gemm<Real>(cells.rows.size(), columns, depth, from, depth, value.as<Real>(), columns,
                          to, columns, start, row);
      continue;
    }
    for (std::int64_t share = is_share ? cells.share : 0;
         share < (is_share ? cells.share + 1 : shares_); ++share) {
      const Range some = share_of(share, columns);
      if (some.size() == 0) continue;
      kernels::gemm_packed<Real>(cells.rows.size(), some.size(), depth, from, depth,
                                 packed[product.weight * shares_ + share], to + some.begin, columns,
                                 start, row == nullptr ? nullptr : row + some.begin);
    }
  }
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
typename FormulaRun<Real>::Window FormulaRun<Real>::window_at(std::int64_t index) const {
  return {index * window_steps_, std::min(sizes_.steps, (index + 1) * window_steps_)};
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
void FormulaRun<Real>::forward(Runtime& runtime) {
  const Cut cut = choose_cut(runtime, false);
  const auto start = std::chrono::steady_clock::now();
  const Window all{0, sizes_.steps};
  const auto walk = [&](const Window& window) {
    run_cut(runtime, cut,
            [&](const Cells& cells, const Place& place, kernels::StepBarrier* barrier) {
              walk_forward(window, cut, cells, place, barrier);
            });
  };
  if (cut.with_input) {
    walk(all);
  } else {
    for (std::int64_t i = 0; i < pieces(sizes_.steps, window_steps_); ++i) {
      run_input_part(runtime, program_->input_forward, window_at(i), program_->input_factors);
      walk(window_at(i));
    }
  }
  heed_cut(cut, false,
           std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
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
    fill_table(step, place.table);
    if (cut.with_input)
      run_input_step(program_->input_forward, step, cells, place, program_->input_factors);
    run_part(program_->state_forward, cells, place, barrier, waits);
    if (mask_ == nullptr) continue;
    pass_on_masked(step, cells, place);
    clear_masked(program_->state_factors, step, cells.rows, place);
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

template <class Real>
void FormulaRun<Real>::write_output(Runtime& runtime, bool of_all_steps, bool zero_masked,
                                    const TensorView& y) const {
  const kernels::Recurrence<Real> run = as_recurrence();
  const MaskedOutput masked{zero_masked, continues_};
  const std::int64_t size = (of_all_steps ? sizes_.steps : 1) * sizes_.units;
  constexpr std::int64_t few = 50'000;
  const std::int64_t slices =
      size * sizes_.rows < few ? 1 : std::min<std::int64_t>(runtime.threads(), sizes_.rows);
  runtime.parallel(slices, [&](std::int64_t i) {
    const Range rows = slice(i, slices, sizes_.rows);
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      Real* to = y.as<Real>() + row * size;
      if (of_all_steps) {
        write_sequence(run, masked, row, to);
      } else if (last_output_is_state(run, masked, row)) {
        std::copy_n(last_output() + row * sizes_.units, sizes_.units, to);
      } else {
        std::fill_n(to, sizes_.units, Real{0});
      }
    }
  });
}

template class FormulaRun<float>;
template class FormulaRun<double>;

}  // namespace chronicler::formula
