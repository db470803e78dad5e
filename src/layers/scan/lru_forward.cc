#include "layers/scan/lru_forward.h"

#include <algorithm>
#include <array>

#include "layers/scan/lru_factors.h"

namespace chronicler {
namespace {

using kernels::Range;
using kernels::Start;
using kernels::StepUse;

template <class Real>
class Forward {
 public:
  Forward(Pass& pass, const LruEquation& equation, const ScanFlags& flags, Call& call)
      : pass_(pass),
        equation_(equation),
        flags_(flags),
        call_(call),
        rows_(call.inputs[0].data.shape()[0]),
        steps_(call.inputs[0].data.shape()[1]),
        features_(equation.features()),
        n_(equation.numbers()),
        width_(2 * n_),
        units_(flags.units),
        training_(call.tape != nullptr) {
    Arena& arena = pass.arena;
    record_.plan = plan_scan(
        pass, rows_, steps_, n_, width_,
        static_cast<double>(rows_ * steps_) * static_cast<double>(width_ * (features_ + units_)));
    record_.input = drop_input<Real>(pass, flags, call.inputs[0].data);
    record_.uses = step_uses(pass, flags, call.inputs[0].mask);
    x_ = scan_input<const Real>(record_.input.x, flags.go_backwards);
    Real* lambda = arena.array<Real>(width_);
    Real* gamma = arena.array<Real>(n_);
    lru_factors(equation, lambda, gamma);
    record_.lambda = lambda;
    record_.gamma = gamma;
    kernel_ = packed_weight<Real>(arena, equation.kernel, false);
    output_kernel_ = packed_weight<Real>(arena, equation.output_kernel, false);
    skip_kernel_ = packed_weight<Real>(arena, equation.skip_kernel, false);
    take_states();
    // Without a tape a block of steps is enough at a time.
    kept_ = training_ ? steps_ : record_.plan.block;
    const std::int64_t numbers = (training_ ? rows_ : record_.plan.buffers()) * kept_ * width_;
    record_.inputs = arena.array<Real>(numbers);
    if (training_ || flags.return_sequences) record_.hidden = arena.array<Real>(numbers);
    const TensorView y =
        arena.tensor(flags.return_sequences ? Shape{rows_, steps_, units_} : Shape{rows_, units_},
                     dtype_of<Real>);
    y_ = y.template as<Real>();
    call.outputs[0] = {y, flags.return_sequences ? call.inputs[0].mask : TensorView()};
  }

  void run() {
    const auto project = [this](const ScanPlace& place) { this->project(place); };
    const auto scan = [this](const ScanPlace& place, Range some) { this->scan(place, some); };
    if (flags_.return_sequences) {
      run_scan(pass_, record_.plan, false, project, scan, [this](const ScanPlace& place) {
        const std::int64_t out = place.row * steps_ + place.steps.begin;
        read_out(place.steps, place.row, record_.hidden + at(place) * width_, y_ + out * units_);
      });
      repeat_outputs();
    } else {
      run_scan(pass_, record_.plan, false, project, scan, NoProducts());
    }
    Real* both = pass_.arena.array<Real>(width_);
    for (std::int64_t row = 0; row < rows_; ++row) write_last(row, both);
    give_states();
    if (!training_) return;
    using Record = LruRecord<Real>;
    call_.tape->record = new (pass_.arena.allocate(sizeof(Record))) Record(record_);
  }

 private:
  void take_states() {
    Arena& arena = pass_.arena;
    record_.real = state_copy<Real>(arena, given_state(call_, 0), rows_ * n_);
    record_.imaginary = state_copy<Real>(arena, given_state(call_, 1), rows_ * n_);
    before_ = state_copy<Real>(arena, given_state(call_, 2), rows_ * units_);
    real_ = state_copy<Real>(arena, given_state(call_, 0), rows_ * n_);
    imaginary_ = state_copy<Real>(arena, given_state(call_, 1), rows_ * n_);
    last_ = state_copy<Real>(arena, given_state(call_, 2), rows_ * units_);
  }
  void give_states() {
    constexpr DType dtype = dtype_of<Real>;
    const std::array<TensorView, lru_states> states{TensorView(real_, dtype, {rows_, n_}),
                                                    TensorView(imaginary_, dtype, {rows_, n_}),
                                                    TensorView(last_, dtype, {rows_, units_})};
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (flags_.return_state) call_.outputs[1 + i] = {states[i], {}};
      if (!call_.state.empty()) copy(states[i], call_.state[i]);
    }
  }

  std::int64_t at(const ScanPlace& place) const {
    return training_ ? place.row * steps_ + place.steps.begin
                     : place.buffer * kept_ + place.in_block();
  }
  void project(const ScanPlace& place) {
    kernels::gemm_packed(place.steps.size(), width_, features_, x_.at(place.steps.begin, place.row),
                         x_.step_stride, kernel_, record_.inputs + at(place) * width_, width_,
                         Start::zero);
  }
  void scan(const ScanPlace& place, Range some) {
    kernels::complex_forward<Real>(
        {place.steps.size(), n_, record_.inputs + at(place) * width_, record_.lambda, record_.gamma,
         record_.uses_from(place.row * steps_ + place.steps.begin), real_ + place.row * n_,
         imaginary_ + place.row * n_,
         record_.hidden == nullptr ? nullptr : record_.hidden + at(place) * width_},
        some);
  }
  // y of some steps, from h and x: the same sums for one step and for many.
  void read_out(Range steps, std::int64_t row, const Real* hidden, Real* y) {
    const Real* bias = equation_.bias == nullptr ? nullptr : equation_.bias->value.as<Real>();
    kernels::gemm_packed(steps.size(), units_, width_, hidden, width_, output_kernel_, y, units_,
                         bias == nullptr ? Start::zero : Start::row, bias);
    if (skip_kernel_ == nullptr) return;
    kernels::gemm_packed(steps.size(), units_, features_, x_.at(steps.begin, row), x_.step_stride,
                         skip_kernel_, y, units_, Start::accumulate);
  }
  // A masked step repeats the output before it, or is 0.
  void repeat_outputs() {
    if (record_.uses == nullptr) return;
    pass_.runtime.parallel(rows_, [this](std::int64_t row) {
      const Real* last = before_ + row * units_;
      for (std::int64_t t = 0; t < steps_; ++t) {
        Real* out = y_ + (row * steps_ + t) * units_;
        if (record_.use(row, t) == StepUse::repeats) std::copy_n(last, units_, out);
        if (record_.use(row, t) == StepUse::idle) std::fill_n(out, units_, Real{0});
        last = out;
      }
    });
  }
  // The output of the last step that counts, as a state and, without sequences, as the output.
  void write_last(std::int64_t row, Real* both) {
    const std::int64_t t = record_.last_counted(row);
    Real* out = last_ + row * units_;
    if (t >= 0 && flags_.return_sequences) {
      std::copy_n(y_ + (row * steps_ + t) * units_, units_, out);
    } else if (t >= 0) {  // what came after it left the state as it was
      std::copy_n(imaginary_ + row * n_, n_, std::copy_n(real_ + row * n_, n_, both));
      read_out({t, t + 1}, row, both, out);
    }
    if (flags_.return_sequences) return;
    if (record_.use(row, steps_ - 1) == StepUse::idle) {
      std::fill_n(y_ + row * units_, units_, Real{0});
    } else {
      std::copy_n(out, units_, y_ + row * units_);
    }
  }

  Pass& pass_;
  const LruEquation& equation_;
  const ScanFlags& flags_;
  Call& call_;
  std::int64_t rows_, steps_, features_, n_, width_, units_;
  bool training_;
  LruRecord<Real> record_;
  ScanInput<const Real> x_;
  const Real* kernel_ = nullptr;
  const Real* output_kernel_ = nullptr;
  const Real* skip_kernel_ = nullptr;
  const Real* before_ = nullptr;  // the outputs before the first step
  Real* real_ = nullptr;
  Real* imaginary_ = nullptr;
  Real* last_ = nullptr;
  Real* y_ = nullptr;
  std::int64_t kept_ = 0;  // steps that the buffers hold
};

}  // namespace

template <class Real>
void lru_forward(Pass& pass, const LruEquation& equation, const ScanFlags& flags, Call& call) {
  Forward<Real>(pass, equation, flags, call).run();
}

template void lru_forward<float>(Pass&, const LruEquation&, const ScanFlags&, Call&);
template void lru_forward<double>(Pass&, const LruEquation&, const ScanFlags&, Call&);

}  // namespace chronicler
