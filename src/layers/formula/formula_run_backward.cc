#include <algorithm>
#include <chrono>

#include "kernels/gemm.h"
#include "layers/formula/formula_run.h"
#include "layers/recurrent/slices.h"

namespace chronicler::formula {

using kernels::Range;

namespace {

// Columns of a matrix that a task sums up.
constexpr std::int64_t task_columns = 64;

}  // namespace

template <class Real>
void FormulaRun<Real>::backward(Runtime& runtime, Arena& arena, const Gradients& gradients) {
  make_backward_tracks(arena, gradients);
  pack_transposed(runtime, arena);
  find_output_gradient(arena, gradients);
  const Cut cut = choose_cut(runtime, true);
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t target = segment_count(); target-- > 0;) {
    if (target + 1 < segment_count()) {
      take_state(checkpoints_->segment());
      run_to(runtime, cut, target);
    }
    run_segment_back(runtime, cut, segment_at(target), gradients);
    if (!keeps_all_) checkpoints_->taken_back(target);
  }
  heed_cut(cut, true,
           std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (gradients.learns) finish_rows();
  for (std::size_t i = 0; i < gradients.first_states.size(); ++i) {
    if (!gradients.first_states[i]) continue;
    const Track& before = tracks_[program_->gradients_before[i]];
    std::copy_n(before.at(0), before.stride, gradients.first_states[i].template as<Real>());
  }
}

template <class Real>
void FormulaRun<Real>::run_segment_back(Runtime& runtime, const Cut& cut, const Window& segment,
                                        const Gradients& gradients) const {
  const Part& of_input = program_->input_backward[gradients.input ? 1 : 0];
  for (std::int64_t i = pieces(segment.size(), window_steps_); i-- > 0;) {
    const std::int64_t begin = segment.begin + i * window_steps_;
    const Window window{begin, std::min(segment.end, begin + window_steps_)};
    run_cut(runtime, cut,
            [&](const Cells& cells, const Place& place, kernels::StepBarrier* barrier) {
              walk_backward(window, cut, cells, place, barrier, gradients);
            });
    if (!cut.with_input) run_input_part(runtime, of_input, window, program_->input_gradients);
    if (gradients.learns) sum_window(runtime, window);
    if (gradients.input) write_input_gradient(window, gradients.input);
  }
}

// Of the last output: the step that it is of. Of all outputs: what masked steps repeat.
template <class Real>
void FormulaRun<Real>::find_output_gradient(Arena& arena, const Gradients& gradients) {
  if (!gradients.output) return;
  if (gradients.of_all_steps) {
    carry_ = arena.array<Real>(sizes_.rows * sizes_.units);
    std::fill_n(carry_, sizes_.rows * sizes_.units, Real{0});
    return;
  }
  last_steps_ = arena.array<std::int64_t>(sizes_.rows);
  for (std::int64_t row = 0; row < sizes_.rows; ++row) {
    std::int64_t last = sizes_.steps - 1;
    while (last >= 0 && !counts(last, row)) last = gradients.zero_masked ? -1 : last - 1;
    last_steps_[row] = last;
  }
}

// The gradients of the outputs of a window, to the steps whose values they show.
template <class Real>
void FormulaRun<Real>::gather_output_gradient(const Window& window, const Cells& cells,
                                              const Gradients& gradients) const {
  if (!gradients.output || !gradients.of_all_steps) return;
  const std::int64_t units = sizes_.units;
  Real* to = tracks_[program_->gradients_after.back()].at(window.begin);
  const Real* from = gradients.output.template as<Real>() + window.begin * units;
  kernels::Recurrence<Real> run = as_recurrence();
  run.steps = window.size();
  if (mask_ != nullptr) run.mask = mask_ + window.begin * sizes_.rows;
  for (std::int64_t row = cells.rows.begin; row < cells.rows.end; ++row) {
    const Real* of_row = from + row * sizes_.steps * units;
    if (mask_ != nullptr) {
      gather_sequence_gradient(run, gradients.zero_masked, row, of_row, carry_ + row * units, to);
      continue;
    }
    for (std::int64_t step = 0; step < window.size(); ++step) {
      std::copy_n(of_row + step * units + cells.units.begin, cells.units.size(),
                  to + (step * sizes_.rows + row) * units + cells.units.begin);
    }
  }
}

template <class Real>
void FormulaRun<Real>::set_output_gradient(std::int64_t step, const Cells& cells,
                                           const Place& place, const Gradients& gradients) const {
  if (!gradients.output || gradients.of_all_steps) return;
  Real* to = place.table[program_->gradients_after.back()];
  const std::int64_t units = sizes_.units;
  for (std::int64_t row = cells.rows.begin; row < cells.rows.end; ++row) {
    const std::int64_t at = row * units + cells.units.begin;
    if (last_steps_[row] == step)
      std::copy_n(gradients.output.template as<Real>() + at, cells.units.size(), to + at);
    if (last_steps_[row] == step + turns) std::fill_n(to + at, cells.units.size(), Real{0});
  }
}

template <class Real>
void FormulaRun<Real>::walk_backward(const Window& window, const Cut& cut, const Cells& cells,
                                     const Place& place, kernels::StepBarrier* barrier,
                                     const Gradients& gradients) const {
  const Part& of_input = program_->input_backward[gradients.input ? 1 : 0];
  std::int64_t waits = 0;
  const std::int64_t units = sizes_.units;
  gather_output_gradient(window, cells, gradients);
  for (std::int64_t step = window.end; step-- > window.begin;) {
    if (step + 1 == window.end) {
      fill_table(step, place.table);
    } else {
      for (std::int64_t i = 0; i < moving_count_; ++i)
        place.table[moving_[i]] = tracks_[moving_[i]].previous(place.table[moving_[i]]);
    }
    set_output_gradient(step, cells, place, gradients);
    if (gradients.observed) observe(step, cells, place, gradients.observed);
    run_part(program_->state_backward, cells, place, barrier, waits);
    for (const int state : program_->unread_states) {
      Real* to = place.table[program_->gradients_before[static_cast<std::size_t>(state)]];
      for (std::int64_t row = cells.rows.begin; row < cells.rows.end; ++row)
        std::fill_n(to + row * units + cells.units.begin, cells.units.size(), Real{0});
    }
    if (mask_ != nullptr) {
      clear_masked(program_->state_gradients, step, cells.rows, place);
      pass_back_masked(step, cells, place);
    }
    if (cut.with_input) run_input_step(of_input, step, cells, place, program_->input_gradients);
  }
}

template <class Real>
void FormulaRun<Real>::pass_back_masked(std::int64_t step, const Cells& cells,
                                        const Place& place) const {
  const std::int64_t units = sizes_.units;
  for (std::int64_t row = cells.rows.begin; row < cells.rows.end; ++row) {
    if (counts(step, row)) continue;
    for (std::size_t i = 0; i < program_->gradients_before.size(); ++i) {
      std::copy_n(place.table[program_->gradients_after[i]] + row * units, units,
                  place.table[program_->gradients_before[i]] + row * units);
    }
  }
}

// What flows into the output and the state that it is, else the first one.
template <class Real>
void FormulaRun<Real>::observe(std::int64_t step, const Cells& cells, const Place& place,
                               const TensorView& observed) const {
  const auto state = static_cast<std::size_t>(std::max(0, program_->output_state));
  const Real* of_output = place.table[program_->gradients_after.back()];
  const Real* of_state = place.table[program_->gradients_after[state]];
  const std::int64_t units = sizes_.units;
  Real* to = observed.as<Real>() + step * sizes_.rows * units;
  for (std::int64_t row = cells.rows.begin; row < cells.rows.end; ++row) {
    for (std::int64_t i = row * units + cells.units.begin; i < row * units + cells.units.end; ++i)
      to[i] = of_output[i] + of_state[i];
  }
}

// ---- Sums over rows and steps

template <class Real>
void FormulaRun<Real>::sum_matrix(std::size_t group, Range columns, const Window& window) const {
  const std::int64_t rows = window.size() * sizes_.rows;
  for (std::size_t i = program_->matrix_groups[group]; i < program_->matrix_groups[group + 1];
       ++i) {
    const Program::MatrixSum& sum = program_->matrix_sums[i];
    const std::int64_t depth = width_of(sum.from);
    const std::int64_t width = width_of(sum.gradient);
    const Tensor& to = (*weights_)[static_cast<std::size_t>(sum.weight)].gradient;
    kernels::gemm_outer<Real>(depth, columns.size(), rows, tracks_[sum.from].at(window.begin),
                              depth, tracks_[sum.gradient].at(window.begin) + columns.begin, width,
                              to.as<Real>() + columns.begin, width);
  }
}

template <class Real>
void FormulaRun<Real>::sum_rows(const Window& window) const {
  for (const Program::RowSum& sum : program_->row_sums) {
    const std::int64_t width = width_of(sum.gradient);
    kernels::add_rows<Real>(
        width, window.size() * sizes_.rows, tracks_[sum.gradient].at(window.begin), width,
        tracks_[program_->row_gradients[static_cast<std::size_t>(sum.row)]].begin);
  }
}

template <class Real>
void FormulaRun<Real>::sum_window(Runtime& runtime, const Window& window) const {
  const std::int64_t groups = static_cast<std::int64_t>(program_->matrix_groups.size()) - 1;
  const std::int64_t cuts = pieces(sizes_.units, task_columns);
  const double work = static_cast<double>(window.size() * sizes_.rows * groups) *
                      static_cast<double>(sizes_.units * sizes_.units);
  const auto task = [&](std::int64_t i) {
    if (i == groups * cuts) return sum_rows(window);
    const std::int64_t begin = i % cuts * task_columns;
    sum_matrix(static_cast<std::size_t>(i / cuts),
               {begin, std::min(sizes_.units, begin + task_columns)}, window);
  };
  if (work < inline_work) {
    for (std::int64_t i = 0; i <= groups * cuts; ++i) task(i);
  } else {
    runtime.parallel(groups * cuts + 1, task);
  }
}

template <class Real>
void FormulaRun<Real>::finish_rows() const {
  run_weights_part(program_->weights_backward);
  for (const Program::WeightRow& row : program_->weight_row_gradients) {
    const Real* from = tracks_[row.stream].begin;
    Real* to = (*weights_)[static_cast<std::size_t>(row.weight)].gradient.template as<Real>();
    for (std::int64_t i = 0; i < width_of(row.stream); ++i) to[i] += from[i];
  }
}

template <class Real>
void FormulaRun<Real>::write_input_gradient(const Window& window, const TensorView& to) const {
  const std::int64_t features = sizes_.features;
  const Track& track = tracks_[program_->input_gradient];
  for (std::int64_t step = window.begin; step < window.end; ++step) {
    const std::int64_t time = sizes_.goes_backwards ? sizes_.steps - 1 - step : step;
    for (std::int64_t row = 0; row < sizes_.rows; ++row) {
      Real* out = to.as<Real>() + (row * sizes_.steps + time) * features;
      if (counts(step, row)) {
        std::copy_n(track.at(step) + row * features, features, out);
      } else {
        std::fill_n(out, features, Real{0});
      }
    }
  }
}

template class FormulaRun<float>;
template class FormulaRun<double>;

}  // namespace chronicler::formula
