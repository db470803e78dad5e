#include <algorithm>
#include <tuple>

#include "kernels/gemm.h"
#include "kernels/joined_products.h"
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
  const std::int64_t few = std::min<std::int64_t>(turns, sizes_.steps + 1);
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
        // Whole windows, so that each lies in one piece.
        track.slots = !sizes_.training ? few
                      : keeps_all_     ? sizes_.steps + 1
                                       : room_ + window_steps_;
        track.shift = 1;
        break;
      }
      case Stream::Kind::kept:
        if (sizes_.training) track.slots = room_;
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

Layer::KeptSteps kept_steps(const Program& program, const RunSizes& sizes,
                            std::size_t number_size) {
  const std::int64_t row = sizes.rows * static_cast<std::int64_t>(number_size);
  const std::int64_t states = static_cast<std::int64_t>(program.after.size()) * sizes.units * row;
  Layer::KeptSteps kept{sizes.steps, states, states};
  for (const Stream& stream : program.streams) {
    if (stream.kind != Stream::Kind::kept) continue;
    kept.step_bytes += row * (stream.width == Width::features ? sizes.features : sizes.units);
  }
  return kept;
}

template <class Real>
void FormulaRun<Real>::make_backward_tracks(Arena& arena, const Gradients& gradients) {
  for (std::size_t i = 0; i < program_->streams.size(); ++i) {
    const Stream& stream = program_->streams[i];
    Track& track = tracks_[i];
    const std::int64_t row = width(stream.width);
    switch (stream.kind) {
      case Stream::Kind::gradient_after:
        track.slots = turns;
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
  output.slots = gradients.of_all_steps && gradients.output ? window_steps_ : turns;
  output.shift = 0;
  output.begin = arena.array<Real>(output.slots * output.stride);
  std::fill_n(output.begin, output.slots * output.stride, Real{0});
  find_moving(arena);
}

template <class Real>
void FormulaRun<Real>::find_moving(Arena& arena) {
  const auto count = static_cast<std::int64_t>(program_->streams.size());
  if (moving_ == nullptr) moving_ = arena.array<StreamId>(count);
  moving_count_ = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (tracks_[i].begin != nullptr && tracks_[i].slots > 1)
      moving_[moving_count_++] = static_cast<StreamId>(i);
  }
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
  if (shares_ == 1) return {0, width};
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
  find_moving(arena);
  if (sizes_.repeats || sizes_.rows * sizes_.steps > rows_worth_packing)
    pack_joined(runtime, arena);
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

// A few numbers are copied sooner than a second thread wakes up.
template <class Real>
template <class Task>
void FormulaRun<Real>::pack_all(Runtime& runtime, std::int64_t numbers, std::int64_t tasks,
                                const Task& task) {
  constexpr std::int64_t few = 100'000;
  if (numbers < few) {
    for (std::int64_t i = 0; i < tasks; ++i) task(i);
  } else {
    runtime.parallel(tasks, task);
  }
}

template <class Real>
void FormulaRun<Real>::pack_joined(Runtime& runtime, Arena& arena) {
  struct Joined {
    const PartStep* step;
    const ProductGroup* group;
  };
  const std::int64_t groups = program_->group_count;
  const std::span<Joined> all = arena_objects<Joined>(arena, static_cast<std::size_t>(groups));
  for (const Part* part : {&program_->input_forward, &program_->state_forward}) {
    for (const PartStep& step : *part) {
      for (const ProductGroup& group : step.groups)
        all[static_cast<std::size_t>(group.index)] = {&step, &group};
    }
  }
  const bool is_new = joined_ == nullptr;
  if (is_new) joined_ = arena.array<Real*>(groups * shares_);
  std::int64_t numbers = 0;
  for (std::int64_t i = 0; i < groups * shares_; ++i) {
    const Joined& joined = all[static_cast<std::size_t>(i / shares_)];
    const Product& first = joined.step->products[joined.group->begin];
    const std::int64_t size = kernels::joined_size<Real>(
        static_cast<std::int64_t>(joined.group->end - joined.group->begin), width_of(first.from),
        share_of(i % shares_, width_of(first.to)).size());
    if (is_new) joined_[i] = arena.array<Real>(size);
    numbers += size;
  }
  pack_all(runtime, numbers, groups * shares_, [&](std::int64_t i) {
    const Joined& joined = all[static_cast<std::size_t>(i / shares_)];
    const Product& first = joined.step->products[joined.group->begin];
    const Range columns = share_of(i % shares_, width_of(first.to));
    const Real* matrices[kernels::most_joined];
    std::int64_t count = 0;
    for (std::size_t at = joined.group->begin; at < joined.group->end; ++at) {
      const auto weight = static_cast<std::size_t>(joined.step->products[at].weight);
      matrices[count++] = (*weights_)[weight].value.template as<Real>() + columns.begin;
    }
    kernels::pack_joined<Real>(count, width_of(first.from), columns.size(), matrices,
                               width_of(first.to), joined_[i]);
  });
}

template <class Real>
void FormulaRun<Real>::pack_transposed(Runtime& runtime, Arena& arena) {
  const auto weights = static_cast<std::int64_t>(weights_->size());
  transposed_ = arena.array<Real*>(weights * shares_);
  const auto value_of = [&](std::int64_t i) -> const Tensor& {
    return (*weights_)[static_cast<std::size_t>(i / shares_)].value;
  };
  std::int64_t numbers = 0;
  for (std::int64_t i = 0; i < weights * shares_; ++i) {
    transposed_[i] = nullptr;
    const Shape& shape = value_of(i).shape();
    if (shape.rank() != 2) continue;
    const std::int64_t columns = share_of(i % shares_, shape[0]).size();
    numbers += columns * shape[1];
    transposed_[i] = arena.array<Real>(kernels::packed_size<Real>(shape[1], columns));
  }
  pack_all(runtime, numbers, weights * shares_, [&](std::int64_t i) {
    if (transposed_[i] == nullptr) return;
    const Shape& shape = value_of(i).shape();
    const Range columns = share_of(i % shares_, shape[0]);
    kernels::pack(shape[1], columns.size(),
                  value_of(i).template as<Real>() + columns.begin * shape[1], shape[1], true,
                  transposed_[i]);
  });
}

template class FormulaRun<float>;
template class FormulaRun<double>;

}  // namespace chronicler::formula
