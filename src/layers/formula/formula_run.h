// A formula run over a batch of sequences: memory, and the walk over steps.
//
// Steps are walked over in windows. Of a window, what depends on x alone is computed at once, in
// pieces that threads share; the rest step by step, for slices of the rows, or, where rows are few
// and units many, for shares of the units. Sums over rows are taken window by window. Rows and
// windows are cut by shapes alone, so the bits do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <span>

#include "chronicler/layers/layer.h"
#include "kernels/gemm.h"
#include "kernels/recurrence.h"
#include "kernels/step_barrier.h"
#include "layers/formula/program.h"
#include "layers/recurrent/checkpoints.h"
#include "layers/recurrent/cut_choice.h"
#include "layers/recurrent/keep_plan.h"
#include "layers/recurrent/sequence_output.h"
#include "layers/recurrent/slices.h"

namespace chronicler::formula {

struct RunSizes {
  std::int64_t rows = 0;
  std::int64_t steps = 0;
  std::int64_t features = 0;
  std::int64_t units = 0;
  bool training = false;  // keeps what backward reads
  bool goes_backwards = false;
  // Of a run that learns: what it keeps of its steps, in segments of whole windows.
  KeepPlan plan = {};
  bool repeats = false;  // runs many times with the same weights: it pays to lay them out
};

// Rows, of one step or of several, whose products are taken together.
inline constexpr std::int64_t piece_rows = 64;

// Places that take turns, so that a thread that is ahead by a step overwrites nothing that another
// one reads.
inline constexpr std::int64_t turns = 3;

inline std::int64_t pieces(std::int64_t size, std::int64_t piece) {
  return (size + piece - 1) / piece;
}

// Steps of a window of so many rows, whose sums are taken in one go.
std::int64_t window_steps(std::int64_t rows, std::int64_t steps);

// What a run that learns keeps of a step, and of a state from which steps are computed again, in
// bytes.
Layer::KeptSteps kept_steps(const Program& program, const RunSizes& sizes, std::size_t number_size);

// Made in the memory of an arena, where it lives with all that it points to.
template <class Real>
class FormulaRun {
 public:
  FormulaRun(const Program& program, const ParameterList& weights, const RunSizes& sizes,
             int threads, Arena& arena);

  // x (rows, steps, features); mask (rows, steps) or empty. x is read until the run's end.
  void set_input(const TensorView& x, const TensorView& mask, Arena& arena);
  // Before the first step: (rows, units); empty: 0.
  void set_state(std::size_t index, const TensorView& state);
  // Whether there was an output before the first step: the first state. After set_state.
  void set_first_output(bool continues);

  // Lays out the weights as they are now. After set_input.
  void take_weights(Runtime& runtime, Arena& arena);
  // y (rows, units) or, of all steps, (rows, steps, units). Written by forward.
  struct Output {
    TensorView y;
    bool of_all_steps = false;
    bool zero_masked = false;
  };
  void forward(Runtime& runtime, Arena& arena, const Output& output);

  // After forward: (rows, units) after the last step, and before the first.
  TensorView state(std::size_t index) const;
  TensorView first_state(std::size_t index) const {
    return {tracks_[program_->before[index]].begin, dtype_of<Real>, {sizes_.rows, sizes_.units}};
  }
  const Real* last_output() const { return tracks_[output_stream_].at(sizes_.steps - 1); }

  struct Gradients {
    TensorView output;  // of y; empty: none
    bool of_all_steps = false;
    bool zero_masked = false;
    std::span<const TensorView> states;  // after the last step; empty views: none
    TensorView input;                    // written unless empty: (rows, steps, features)
    std::span<TensorView> first_states;  // written unless empty
    bool learns = false;                 // adds to the weights' gradients
    TensorView observed;                 // (steps, rows, units), written unless empty
  };
  void backward(Runtime& runtime, Arena& arena, const Gradients& gradients);

 private:
  // Where a stream is at a step: one after the other, and again from the beginning.
  struct Track {
    Real* begin = nullptr;
    std::int64_t stride = 0;  // numbers of a step
    std::int64_t slots = 0;
    std::int64_t shift = 0;  // of the slot of step 0
    Real* at(std::int64_t step) const { return begin + (step + shift) % slots * stride; }
    // From where a step is to where the next one and the one before are.
    Real* next(Real* at) const {
      return at + stride == begin + slots * stride ? begin : at + stride;
    }
    Real* previous(Real* at) const { return (at == begin ? begin + slots * stride : at) - stride; }
  };
  struct Window {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t size() const { return end - begin; }
  };
  // Rows, and of each some units: all, but where units are shared.
  struct Cells {
    kernels::Range rows;
    kernels::Range units;
    std::int64_t share = 0;
  };
  // How a pass is shared between threads.
  struct Cut {
    bool by_units = false;
    bool is_timed = false;    // while it is not known which is quicker
    std::int64_t slices = 1;  // of rows
    bool with_input = false;  // slices do what depends on x alone, too
  };
  // What a task has for itself.
  struct Place {
    Real** table = nullptr;  // of all streams, at a step
    Real* scratch = nullptr;
  };

  const Stream& stream(StreamId id) const {
    return program_->streams[static_cast<std::size_t>(id)];
  }
  std::int64_t width(Width width) const {
    return width == Width::features ? sizes_.features : sizes_.units;
  }
  std::int64_t width_of(StreamId id) const { return width(stream(id).width); }

  void make_tracks(Arena& arena);
  void make_backward_tracks(Arena& arena, const Gradients& gradients);
  void make_places(int threads, Arena& arena);
  void fill_table(std::int64_t step, Real** table) const;
  void find_moving(Arena& arena);

  void run_code(const Code& code, std::int64_t width, const Cells& cells, const Place& place) const;
  void run_products(const PartStep& step, const Cells& cells, const Place& place) const;
  void run_group(const PartStep& step, const ProductGroup& group, const Cells& cells,
                 const Place& place) const;
  void run_transposed(const Product& product, const Cells& cells, const Place& place) const;
  void run_as_they_are(const Product& product, const Cells& cells, const Place& place) const;
  kernels::Range shares_of(const Cells& cells) const {
    return cells.units.size() == sizes_.units ? kernels::Range{0, shares_}
                                              : kernels::Range{cells.share, cells.share + 1};
  }
  const Real* row_of(const Product& product) const {
    return product.row < 0 ? nullptr : rows_[product.row];
  }
  static kernels::Start start_of(const Product& product) {
    if (product.accumulates) return kernels::Start::accumulate;
    return product.row < 0 ? kernels::Start::zero : kernels::Start::row;
  }
  void run_part(const Part& part, const Cells& cells, const Place& place,
                kernels::StepBarrier* barrier, std::int64_t& waits) const;
  void run_weights_part(const Part& part) const;
  void take_rows() const;

  std::int64_t segment_count() const { return keeps_all_ ? 1 : sizes_.plan.segments + 1; }
  Window segment_at(std::int64_t index) const;
  Real* state_memory(StreamId after, std::int64_t step) const {
    const Track& track = tracks_[after];
    return track.begin + step % track.slots * track.stride;
  }
  void keep_state(std::int64_t segment) const;
  void take_state(std::int64_t segment) const;
  void run_to(Runtime& runtime, const Cut& cut, std::int64_t target) const;
  void run_segment(Runtime& runtime, const Cut& cut, const Window& segment) const;
  void run_segment_back(Runtime& runtime, const Cut& cut, const Window& segment,
                        const Gradients& gradients) const;
  void write_step(std::int64_t step, const Cells& cells, const Place& place) const;
  void write_last() const;
  void run_input_part(Runtime& runtime, const Part& part, const Window& window,
                      std::span<const StreamId> cleared) const;
  void run_input_step(const Part& part, std::int64_t step, const Cells& cells, const Place& place,
                      std::span<const StreamId> cleared) const;
  void clear_masked(std::span<const StreamId> streams, std::int64_t step, kernels::Range rows,
                    const Place& place) const;
  Cut choose_cut(Runtime& runtime, bool backward) const;
  RunShape run_shape(bool backward) const;
  void heed_cut(const Cut& cut, bool backward, double seconds) const;
  template <class Walk>
  void run_cut(Runtime& runtime, const Cut& cut, const Walk& walk) const;
  void walk_forward(const Window& window, const Cut& cut, const Cells& cells, const Place& place,
                    kernels::StepBarrier* barrier) const;
  void walk_backward(const Window& window, const Cut& cut, const Cells& cells, const Place& place,
                     kernels::StepBarrier* barrier, const Gradients& gradients) const;
  void pass_on_masked(std::int64_t step, const Cells& cells, const Place& place) const;
  void pass_back_masked(std::int64_t step, const Cells& cells, const Place& place) const;
  bool counts(std::int64_t step, std::int64_t row) const {
    return mask_ == nullptr || mask_[step * sizes_.rows + row] != 0;
  }

  std::int64_t state_weights() const;
  void pack_joined(Runtime& runtime, Arena& arena);
  void pack_transposed(Runtime& runtime, Arena& arena);
  template <class Task>
  static void pack_all(Runtime& runtime, std::int64_t numbers, std::int64_t tasks,
                       const Task& task);
  kernels::Range share_of(std::int64_t share, std::int64_t width) const;
  void set_output_gradient(std::int64_t step, const Cells& cells, const Place& place,
                           const Gradients& gradients) const;
  void find_output_gradient(Arena& arena, const Gradients& gradients);
  void gather_output_gradient(const Window& window, const Cells& cells,
                              const Gradients& gradients) const;
  void observe(std::int64_t step, const Cells& cells, const Place& place,
               const TensorView& observed) const;
  void sum_window(Runtime& runtime, const Window& window) const;
  void sum_matrix(std::size_t group, kernels::Range columns, const Window& window) const;
  void sum_rows(const Window& window) const;
  void finish_rows() const;
  void write_input_gradient(const Window& window, const TensorView& to) const;
  kernels::Recurrence<Real> as_recurrence() const;

  const Program* program_;
  const ParameterList* weights_;
  RunSizes sizes_;
  std::int64_t window_steps_ = 1;
  std::int64_t shares_ = 1;  // of the units, in which weights are laid out
  int threads_ = 1;
  Track* tracks_ = nullptr;     // by stream
  StreamId* moving_ = nullptr;  // the streams that are elsewhere at another step
  std::int64_t moving_count_ = 0;
  const Real** rows_ = nullptr;  // rows of weights, by index
  std::int64_t row_count_ = 0;
  Real** joined_ = nullptr;      // [group][share]
  Real** transposed_ = nullptr;  // [weight][share]
  Place* places_ = nullptr;
  std::int64_t place_count_ = 0;
  Real* x_memory_ = nullptr;            // null: x is read where it is
  const std::uint8_t* mask_ = nullptr;  // [steps][rows]
  std::uint8_t* mask_memory_ = nullptr;
  bool continues_ = false;
  bool keeps_all_ = true;
  std::int64_t room_ = 0;  // steps whose values are kept at a time
  Checkpoints* checkpoints_ = nullptr;
  Real* checkpoint_memory_ = nullptr;  // [slot][states and output][rows][units]
  Output output_;
  std::uint8_t* seen_ = nullptr;  // by row: whether there was an output
  bool writes_ = true;
  Real* carry_ = nullptr;               // [rows][units], of outputs that masked steps repeat
  StreamId output_stream_ = 0;          // its value after a step
  std::int64_t* last_steps_ = nullptr;  // by row: the step whose output is the last; -1: none
};

// Calls walk(cells, place, barrier) for every slice of the rows, or for every share of the units.
template <class Real>
template <class Walk>
void FormulaRun<Real>::run_cut(Runtime& runtime, const Cut& cut, const Walk& walk) const {
  if (cut.by_units) {
    kernels::StepBarrier barrier(shares_);
    const bool ran = runtime.together(shares_, [&](std::int64_t share) {
      walk(Cells{{0, sizes_.rows}, share_of(share, sizes_.units), share}, places_[share], &barrier);
    });
    if (ran) return;
  }
  runtime.parallel(cut.slices, [&](std::int64_t i) {
    walk(Cells{slice(i, cut.slices, sizes_.rows), {0, sizes_.units}}, places_[i], nullptr);
  });
}

}  // namespace chronicler::formula
