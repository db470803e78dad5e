#include "layers/scan/gated_forward.h"

#include <algorithm>

#include "kernels/gemm.h"

namespace chronicler {
namespace {

using kernels::Range;
using kernels::Start;
using kernels::StepUse;

// A tape of more bytes leaves the caches before backward comes to it.
constexpr std::int64_t large_tape = 16 << 20;

template <class Real>
class Forward {
 public:
  Forward(Pass& pass, const GatedEquation& equation, const ScanFlags& flags, Call& call)
      : pass_(pass),
        equation_(equation),
        flags_(flags),
        call_(call),
        rows_(call.inputs[0].data.shape()[0]),
        steps_(call.inputs[0].data.shape()[1]),
        units_(flags.units),
        width_(equation.width()),
        training_(call.tape != nullptr),
        plan_(plan_scan(pass, rows_, steps_, units_, width_,
                        projection_work(equation, rows_, steps_))) {
    Arena& arena = pass.arena;
    record_.rows = rows_;
    record_.steps = steps_;
    record_.units = units_;
    record_.input = drop_input<Real>(pass, flags, call.inputs[0].data);
    record_.uses = step_uses(pass, flags, call.inputs[0].mask);
    x_ = scan_input<const Real>(record_.input.x, flags.go_backwards);
    if (equation.decay != nullptr) {
      Real* logs = arena.array<Real>(units_);
      decay_logs(*equation.decay, logs);
      record_.decay = logs;
    }
    record_.first = state_copy<Real>(arena, given_state(call, 0), rows_ * units_);
    state_ = state_copy<Real>(arena, given_state(call, 0), rows_ * units_);
    make_room(arena);
    Real* packed = arena.array<Real>(kernels::packed_size<Real>(equation.features(), width_));
    kernels::pack(equation.features(), width_, equation.kernel->value.as<Real>(), width_, false,
                  packed);
    packed_ = packed;
    if (equation.bias != nullptr) bias_ = equation.bias->value.as<Real>();
  }

  void run() {
    run_scan(
        pass_, plan_, false, [this](const ScanPlace& place) { project(place); },
        [this](const ScanPlace& place, Range some) { scan(place, some); }, NoProducts());
    if (flags_.return_sequences) {
      call_.outputs[0] = {record_.uses == nullptr ? hidden_ : masked_outputs(),
                          call_.inputs[0].mask};
    } else {
      call_.outputs[0] = {last_outputs(), {}};
    }
    const TensorView last(state_, dtype_of<Real>, {rows_, units_});
    if (flags_.return_state) call_.outputs[1] = {last, {}};
    if (!call_.state.empty()) copy(last, call_.state[0]);
    if (!training_) return;
    using Record = GatedRecord<Real>;
    call_.tape->record = new (pass_.arena.allocate(sizeof(Record))) Record(record_);
  }

 private:
  // A block of projections is enough at a time without a tape, and where the tape goes past the
  // caches.
  void make_room(Arena& arena) {
    const std::int64_t numbers = rows_ * steps_ * width_;
    record_.large = numbers * static_cast<std::int64_t>(sizeof(Real)) > large_tape;
    if (training_) record_.gates = arena.array<Real>(numbers);
    in_blocks_ = !training_ || record_.large;
    gates_ = in_blocks_ ? arena.array<Real>(plan_.buffers() * plan_.block * width_) : record_.gates;
    if (!training_ && !flags_.return_sequences) return;
    hidden_ = arena.tensor({rows_, steps_, units_}, dtype_of<Real>);
    record_.hidden = hidden_.template as<Real>();
  }

  std::int64_t at(const ScanPlace& place) const { return place.row * steps_ + place.steps.begin; }
  Real* gates_at(const ScanPlace& place) const {
    return gates_ +
           (in_blocks_ ? place.buffer * plan_.block + place.in_block() : at(place)) * width_;
  }
  void project(const ScanPlace& place) {
    kernels::gemm_packed(place.steps.size(), width_, equation_.features(),
                         x_.at(place.steps.begin, place.row), x_.step_stride, packed_,
                         gates_at(place), width_, bias_ != nullptr ? Start::row : Start::zero,
                         bias_);
  }
  void scan(const ScanPlace& place, Range some) {
    kernels::GatedScan<Real> run{equation_.cell, place.steps.size(), units_, gates_at(place),
                                 record_.decay};
    if (record_.uses != nullptr) run.uses = record_.uses + at(place);
    run.state = state_ + place.row * units_;
    if (record_.hidden != nullptr) run.hidden = record_.hidden + at(place) * units_;
    if (training_ && in_blocks_) run.kept = record_.gates + at(place) * width_;
    run.past_caches = training_ && record_.large;
    kernels::gated_forward(run, some);
  }

  // A tensor of their own where some of the outputs are 0 and not the state.
  TensorView masked_outputs() {
    const TensorView y = pass_.arena.tensor(hidden_.shape(), dtype_of<Real>);
    pass_.runtime.parallel(rows_, [&](std::int64_t row) {
      for (std::int64_t i = row * steps_; i < (row + 1) * steps_; ++i) {
        Real* out = y.as<Real>() + i * units_;
        if (record_.uses[i] == StepUse::idle) {
          std::fill_n(out, units_, Real{0});
        } else {
          std::copy_n(record_.hidden + i * units_, units_, out);
        }
      }
    });
    return y;
  }
  TensorView last_outputs() {
    const TensorView y = pass_.arena.tensor({rows_, units_}, dtype_of<Real>);
    for (std::int64_t row = 0; row < rows_; ++row) {
      Real* out = y.as<Real>() + row * units_;
      if (record_.ends_with_state(row)) {
        std::copy_n(state_ + row * units_, units_, out);
      } else {
        std::fill_n(out, units_, Real{0});
      }
    }
    return y;
  }

  Pass& pass_;
  const GatedEquation& equation_;
  const ScanFlags& flags_;
  Call& call_;
  std::int64_t rows_, steps_, units_, width_;
  bool training_;
  ScanPlan plan_;
  GatedRecord<Real> record_;
  ScanInput<const Real> x_;
  const Real* packed_ = nullptr;
  const Real* bias_ = nullptr;
  Real* state_ = nullptr;
  TensorView hidden_;
  Real* gates_ = nullptr;  // of all steps, or of a block in each of the plan's buffers
  bool in_blocks_ = false;
};

}  // namespace

template <class Real>
void gated_forward(Pass& pass, const GatedEquation& equation, const ScanFlags& flags, Call& call) {
  Forward<Real>(pass, equation, flags, call).run();
}

template void gated_forward<float>(Pass&, const GatedEquation&, const ScanFlags&, Call&);
template void gated_forward<double>(Pass&, const GatedEquation&, const ScanFlags&, Call&);

}  // namespace chronicler
