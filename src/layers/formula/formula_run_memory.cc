#include <algorithm>
#include <tuple>

#include "kernels/gemm.h"
#include "layers/core/invoke.h"
#include "layers/formula/formula_run.h"

namespace chronicler::formula {

using kernels::block_size;
using kernels::Range;

namespace {

// Fewer rows in all: weights are read where they are, not laid out first.
constexpr std::int64_t rows_worth_packing = 4;
// Units are shared in whole vectors, so that what a share writes is its own.
constexpr std::int64_t share_columns = 64;

}  // namespace

// Where the numbers of the way forward are. States have a place for each step if anything reads
// them later; else three take turns, so that a thread that is ahead by a step overwrites nothing.
template <class Real>
void FormulaRun<Real>::make_tracks(Arena& arena) {
  const auto count = program_->streams.size();
  tracks_ = arena_objects<Track>(arena, count).data();
  const std::int64_t few = std::min<std::int64_t>(3, sizes_.steps + 1);
  for (std::size_t i = 0; i < count; ++i) {
    const Stream& stream = program_->streams[i];
    Track& track = tracks_[i];
    const std::int64_t row = width(stream.width);
    track.stride = sizes_.rows * row;
    track.slots = window_steps_;
    switch (stream.kind) {
      case Stream::Kind::input:
        track.slots = sizes_.steps;
        continue;
      case Stream::Kind::state_before:
        continue;  // with its after
      case Stream::Kind::state_after: {
        const bool is_output = static_cast<StreamId>(i) == output_stream_;
        const bool keeps = sizes_.training || (is_output && sizes_.keeps_outputs);
        track.slots = keeps ? sizes_.steps + 1 : few;
        track.shift = 1;
        break;
      }
      case Stream::Kind::kept:
        if (sizes_.training) track.slots = sizes_.steps;
        break;
      case Stream::Kind::passing:
        break;
      case Stream::Kind::row:
        track.begin = arena.array<Real>(row + block_size);
        track.stride = 0;
        track.slots = 1;
        continue;
      default:
        continue;  // make_backward_tracks
    }
    track.begin = arena.array<Real>(track.slots * track.stride);
  }
  for (std::size_t i = 0; i < program_->before.size(); ++i) {
    Track& before = tracks_[program_->before[i]];
    before = tracks_[program_->after[i]];
    before.shift = 0;
  }
  row_count_ = static_cast<std::int64_t>(program_->rows.size());
  rows_ = arena.array<const Real*>(row_count_);
  for (std::int64_t i = 0; i < row_count_; ++i)
    rows_[i] = tracks_[program_->rows[static_cast<std::size_t>(i)]].begin;
}

template <class Real>
void FormulaRun<Real>::make_backward_tracks(Arena& arena, const Gradients& gradients) {
  for (std::size_t i = 0; i < program_->streams.size(); ++i) {
    const Stream& stream = program_->streams[i];
    Track& track = tracks_[i];
    const std::int64_t row = width(stream.width);
    switch (stream.kind) {
      case Stream::Kind::gradient_after:
        track.slots = 3;
        track.shift = 1;
        break;
      case Stream::Kind::gradient:
      case Stream::Kind::input_gradient:
        break;
      case Stream::Kind::row_gradient:
        track.begin = arena.array<Real>(row);
        std::fill_n(track.begin, row, Real{0});
        track.stride = 0;
        track.slots = 1;
        continue;
      default:
        continue;
    }
    track.begin = arena.array<Real>(track.slots * track.stride);
  }
  for (std::size_t i = 0; i < program_->gradients_before.size(); ++i) {
    Track& before = tracks_[program_->gradients_before[i]];
    const Track& after = tracks_[program_->gradients_after[i]];
    before = after;
    before.shift = 0;
    const TensorView given = gradients.states.empty() ? TensorView() : gradients.states[i];
    Real* last = after.at(sizes_.steps - 1);
    if (given) {
      std::copy_n(given.as<Real>(), after.stride, last);
    } else {
      std::fill_n(last, after.stride, Real{0});
    }
  }
  Track& output = tracks_[program_->gradients_after.back()];
  output.slots = gradients.of_all_steps && gradients.output ? sizes_.steps : 1;
  output.shift = 0;
  if (output.slots > 1) output.begin = arena.array<Real>(output.slots * output.stride);
  if (output.slots == 1) std::fill_n(output.begin, output.stride, Real{0});
}

template <class Real>
void FormulaRun<Real>::make_places(int threads, Arena& arena) {
  place_count_ = std::max<std::int64_t>(pieces(window_steps_ * sizes_.rows, piece_rows), threads);
  places_ = arena_objects<Place>(arena, static_cast<std::size_t>(place_count_)).data();
  const auto streams = static_cast<std::int64_t>(program_->streams.size());
  for (std::int64_t i = 0; i < place_count_; ++i) {
    places_[i].table = arena.array<Real*>(streams);
    places_[i].scratch = arena.array<Real>(program_->scratch_blocks * block_size);
    const auto fill = [&](const Code& code) {
      kernels::fill_numbers(code.program(), places_[i].scratch + code.scratch_begin * block_size);
    };
    for (const Part* part : program_->parts()) {
      for (const PartStep& step : *part) {
        fill(step.of_units);
        fill(step.of_features);
      }
    }
  }
}

template <class Real>
void FormulaRun<Real>::set_input(const TensorView& x, const TensorView& mask, Arena& arena) {
  const auto [rows, steps, features] = std::tuple(sizes_.rows, sizes_.steps, sizes_.features);
  const auto time_of = [&](std::int64_t step) {
    return sizes_.goes_backwards ? steps - 1 - step : step;
  };
  if (mask) {
    if (mask_memory_ == nullptr) mask_memory_ = arena.array<std::uint8_t>(steps * rows);
    for (std::int64_t step = 0; step < steps; ++step) {
      for (std::int64_t row = 0; row < rows; ++row)
        mask_memory_[step * rows + row] = mask.as<std::uint8_t>()[row * steps + time_of(step)];
    }
    mask_ = mask_memory_;
  }
  Track& track = tracks_[program_->input];
  const bool in_order = !mask && (steps == 1 || (rows == 1 && !sizes_.goes_backwards));
  if (in_order) {
    track.begin = x.as<Real>();
    return;
  }
  if (x_memory_ == nullptr) x_memory_ = arena.array<Real>(steps * rows * features);
  track.begin = x_memory_;
  // What does not count may be anything: nothing of it must reach a sum.
  for (std::int64_t step = 0; step < steps; ++step) {
    for (std::int64_t row = 0; row < rows; ++row) {
      Real* to = x_memory_ + (step * rows + row) * features;
      if (counts(step, row)) {
        std::copy_n(x.as<Real>() + (row * steps + time_of(step)) * features, features, to);
      } else {
        std::fill_n(to, features, Real{0});
      }
    }
  }
}

template <class Real>
void FormulaRun<Real>::set_state(std::size_t index, const TensorView& state) {
  const Track& track = tracks_[program_->before[index]];
  if (state) {
    std::copy_n(state.as<Real>(), track.stride, track.begin);
  } else {
    std::fill_n(track.begin, track.stride, Real{0});
  }
}

template <class Real>
void FormulaRun<Real>::set_first_output(bool continues) {
  continues_ = continues;
  if (program_->output_state >= 0) return;
  const Track& track = tracks_[output_stream_];
  if (continues) {
    std::copy_n(tracks_[program_->before[0]].begin, track.stride, track.begin);
  } else {
    std::fill_n(track.begin, track.stride, Real{0});
  }
}

// ---- Weights

// Bytes of the matrices that every step of the way forward reads.
template <class Real>
std::int64_t FormulaRun<Real>::state_weights() const {
  std::int64_t numbers = 0;
  for (const PartStep& step : program_->state_forward) {
    for (const Product& product : step.products)
      numbers += width_of(product.from) * width_of(product.to);
  }
  return numbers * static_cast<std::int64_t>(sizeof(Real));
}

template <class Real>
Range FormulaRun<Real>::share_of(std::int64_t share, std::int64_t width) const {
  const std::int64_t parts = pieces(width, share_columns);
  return {std::min(width, parts * share / shares_ * share_columns),
          std::min(width, parts * (share + 1) / shares_ * share_columns)};
}

template <class Real>
void FormulaRun<Real>::take_weights(Runtime& runtime, Arena& arena) {
  const bool can_share = threads_ > 1 && sizes_.rows < 2 * threads_ && sizes_.steps > 1 &&
                         mask_ == nullptr &&
                         static_cast<double>(state_weights()) >= small_weights &&
                         pieces(sizes_.units, share_columns) >= threads_;
  shares_ = can_share ? threads_ : 1;
  take_rows();
  if (packed_[0] == nullptr && sizes_.rows * sizes_.steps > rows_worth_packing)
    pack(runtime, false, arena);
}

template <class Real>
void FormulaRun<Real>::take_rows() const {
  for (const Program::WeightRow& row : program_->weight_rows) {
    const Tensor& value = (*weights_)[static_cast<std::size_t>(row.weight)].value;
    std::copy_n(value.as<Real>(), width_of(row.stream), tracks_[row.stream].begin);
  }
  run_weights_part(program_->weights_forward);
  for (const StreamId id : program_->rows) {
    Real* row = tracks_[id].begin;
    const std::int64_t size = width_of(id);
    for (std::int64_t i = 0; i < block_size; ++i) row[size + i] = row[i % size];
  }
}

template <class Real>
void FormulaRun<Real>::run_weights_part(const Part& part) const {
  std::int64_t waits = 0;
  fill_table(0, places_[0].table);
  run_part(part, {{0, 1}, {0, sizes_.units}}, places_[0], nullptr, waits);
}

template <class Real>
void FormulaRun<Real>::pack(Runtime& runtime, bool transposed, Arena& arena) {
  const auto weights = static_cast<std::int64_t>(weights_->size());
  Real** packed = arena.array<Real*>(weights * shares_);
  packed_[transposed ? 1 : 0] = packed;
  const auto shape_of = [&](std::int64_t weight) {
    return (*weights_)[static_cast<std::size_t>(weight)].value.shape();
  };
  std::int64_t numbers = 0;
  for (std::int64_t i = 0; i < weights * shares_; ++i) {
    packed[i] = nullptr;
    const Shape& shape = shape_of(i / shares_);
    if (shape.rank() != 2) continue;
    const Range columns = share_of(i % shares_, shape[transposed ? 0 : 1]);
    numbers += columns.size() * shape[transposed ? 1 : 0];
    packed[i] =
        arena.array<Real>(kernels::packed_size<Real>(shape[transposed ? 1 : 0], columns.size()));
  }
  const auto pack_one = [&](std::int64_t i) {
    if (packed[i] == nullptr) return;
    const Shape& shape = shape_of(i / shares_);
    const Range columns = share_of(i % shares_, shape[transposed ? 0 : 1]);
    const Real* from = (*weights_)[static_cast<std::size_t>(i / shares_)].value.template as<Real>();
    kernels::pack(shape[transposed ? 1 : 0], columns.size(),
                  from + columns.begin * (transposed ? shape[1] : 1), shape[1], transposed,
                  packed[i]);
  };
  constexpr std::int64_t few = 100'000;
  if (numbers < few) {
    for (std::int64_t i = 0; i < weights * shares_; ++i) pack_one(i);
  } else {
    runtime.parallel(weights * shares_, pack_one);
  }
}

template class FormulaRun<float>;
template class FormulaRun<double>;

}  // namespace chronicler::formula
