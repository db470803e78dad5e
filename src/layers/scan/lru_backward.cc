#include "layers/scan/lru_backward.h"

#include <algorithm>
#include <array>

#include "layers/scan/lru_factors.h"

namespace chronicler {
namespace {

using kernels::Range;
using kernels::Start;
using kernels::StepUse;

// to [units] += the sums of d [rows][units], row by row.
template <class Real>
void add_output_sums(std::int64_t rows, std::int64_t units, const Real* d, Real* to) {
  constexpr std::int64_t at_a_time = 32;  // rows that the first-level cache holds
  for (std::int64_t row = 0; row < rows; row += at_a_time)
    kernels::add_rows(units, std::min(at_a_time, rows - row), d + row * units, units, to);
}

template <class Real>
class Backward {
 public:
  Backward(Pass& pass, const LruEquation& equation, const ScanFlags& flags, const Call& call,
           CallGradient& gradient)
      : pass_(pass),
        equation_(equation),
        flags_(flags),
        gradient_(gradient),
        record_(*static_cast<const LruRecord<Real>*>(call.tape->record)),
        plan_(record_.plan),
        rows_(plan_.rows),
        steps_(plan_.steps),
        n_(plan_.units),
        width_(2 * n_),
        units_(flags.units) {
    Arena& arena = pass.arena;
    gather_outputs();
    real_ = state_copy<Real>(arena, state_gradient(0), rows_ * n_);
    imaginary_ = state_copy<Real>(arena, state_gradient(1), rows_ * n_);
    of_lambda_ = state_copy<Real>(arena, {}, rows_ * width_);
    of_gamma_ = state_copy<Real>(arena, {}, rows_ * n_);
    to_states_ = packed_weight<Real>(arena, equation.output_kernel, true);
    if (flags.return_sequences) {
      of_states_ = arena.array<Real>(plan_.buffers() * plan_.block * width_);
    } else {
      pass_last_outputs_on();
    }
    if (!pass.observe) return;
    call.tape->observed = arena.tensor({steps_, rows_, n_}, dtype_of<Real>);
    trace_ = call.tape->observed.template as<Real>();
  }

  void run() {
    const auto to_hidden = [this](const ScanPlace& place) { this->to_hidden(place); };
    const auto scan = [this](const ScanPlace& place, Range some) { this->scan(place, some); };
    if (!gradient_.wanted[0]) {
      run_scan(pass_, plan_, true, to_hidden, scan, NoProducts());
      return;
    }
    const TensorView dx = pass_.arena.tensor(record_.input.x.shape(), dtype_of<Real>);
    gradient_.inputs[0] = dx;
    dx_ = scan_input<Real>(dx, flags_.go_backwards);
    kernel_ = packed_weight<Real>(pass_.arena, equation_.kernel, true);
    skip_kernel_ = packed_weight<Real>(pass_.arena, equation_.skip_kernel, true);
    run_scan(pass_, plan_, true, to_hidden, scan,
             [this](const ScanPlace& place) { to_input(place); });
    if (!flags_.return_sequences) {
      for (std::int64_t row = 0; row < rows_; ++row) {
        const std::int64_t t = record_.last_counted(row);
        if (t >= 0) skip_to_input({t, t + 1}, row, counted_ + row * units_);
      }
    }
    drop_gradient(pass_, record_.input.factors, dx);
  }

  void learn() {
    const auto x = scan_input<const Real>(record_.input.x, flags_.go_backwards);
    add_kernel_gradient<Real>(pass_, x, rows_, steps_, width_, record_.inputs,
                              equation_.kernel->gradient.as<Real>());
    if (flags_.return_sequences) {
      const ScanInput<const Real> hidden{record_.hidden, width_, steps_ * width_, width_};
      add_kernel_gradient<Real>(pass_, hidden, rows_, steps_, units_, counted_,
                                equation_.output_kernel->gradient.as<Real>());
      if (equation_.skip_kernel != nullptr) {
        add_kernel_gradient<Real>(pass_, x, rows_, steps_, units_, counted_,
                                  equation_.skip_kernel->gradient.as<Real>());
      }
    } else {
      for (std::int64_t row = 0; row < rows_; ++row) learn_last_output(row, x);
    }
    if (equation_.bias != nullptr) {
      add_output_sums(rows_ * (flags_.return_sequences ? steps_ : 1), units_, counted_,
                      equation_.bias->gradient.as<Real>());
    }
    Real* lambda_sums = state_copy<Real>(pass_.arena, {}, width_);
    Real* gamma_sums = state_copy<Real>(pass_.arena, {}, n_);
    add_row_sums(rows_, width_, of_lambda_, lambda_sums);
    add_row_sums(rows_, n_, of_gamma_, gamma_sums);
    add_lru_factor_gradients(equation_, record_.lambda, record_.gamma, lambda_sums, gamma_sums);
  }

  void give_state_gradients() {
    constexpr DType dtype = dtype_of<Real>;
    const std::array<TensorView, lru_states> states{TensorView(real_, dtype, {rows_, n_}),
                                                    TensorView(imaginary_, dtype, {rows_, n_}),
                                                    TensorView(before_, dtype, {rows_, units_})};
    for (std::size_t i = 0; i + 1 < gradient_.wanted.size(); ++i) {
      if (gradient_.wanted[i + 1]) gradient_.inputs[i + 1] = states[i];
    }
  }

 private:
  TensorView state_gradient(std::size_t i) const {
    return flags_.return_state ? gradient_.outputs[1 + i] : TensorView();
  }

  // dLoss/dy of the steps that count, by way of those that repeat it, too.
  void gather_outputs() {
    const TensorView& dy = gradient_.outputs[0];
    const TensorView of_last = state_gradient(2);
    before_ = state_copy<Real>(pass_.arena, of_last, rows_ * units_);
    if (flags_.return_sequences && dy && !of_last && record_.uses == nullptr) {
      counted_ = dy.as<Real>();
      return;
    }
    const std::int64_t kept = flags_.return_sequences ? steps_ : 1;
    Real* counted = state_copy<Real>(pass_.arena, {}, rows_ * kept * units_);
    counted_ = counted;
    const Real* from = dy ? dy.as<Real>() : nullptr;
    pass_.runtime.parallel(rows_, [&](std::int64_t row) {
      if (flags_.return_sequences) {
        gather_sequence(row, from, counted);
      } else {
        gather_last(row, from, counted);
      }
    });
  }
  void gather_last(std::int64_t row, const Real* from, Real* counted) {
    Real* carry = before_ + row * units_;
    if (from != nullptr && record_.use(row, steps_ - 1) != StepUse::idle) {
      for (std::int64_t u = 0; u < units_; ++u) carry[u] += from[row * units_ + u];
    }
    if (record_.last_counted(row) < 0) return;
    std::copy_n(carry, units_, counted + row * units_);
    std::fill_n(carry, units_, Real{0});
  }
  void gather_sequence(std::int64_t row, const Real* from, Real* counted) {
    Real* carry = before_ + row * units_;  // dLoss by the output that later steps repeat
    for (std::int64_t t = steps_; t-- > 0;) {
      const std::int64_t at = (row * steps_ + t) * units_;
      const StepUse use = record_.use(row, t);
      if (from != nullptr && use != StepUse::idle) {
        for (std::int64_t u = 0; u < units_; ++u) carry[u] += from[at + u];
      }
      if (use != StepUse::counts) continue;
      std::copy_n(carry, units_, counted + at);
      std::fill_n(carry, units_, Real{0});
    }
  }

  // Without sequences: what comes after the last step that counts leaves the state as it is.
  void pass_last_outputs_on() {
    Real* both = pass_.arena.array<Real>(width_);
    for (std::int64_t row = 0; row < rows_; ++row) {
      kernels::gemm_packed(1, width_, units_, counted_ + row * units_, units_, to_states_, both,
                           width_, Start::zero);
      for (std::int64_t u = 0; u < n_; ++u) {
        real_[row * n_ + u] += both[u];
        imaginary_[row * n_ + u] += both[n_ + u];
      }
    }
  }

  Real* of_states(const ScanPlace& place) const {
    if (of_states_ == nullptr) return nullptr;
    return of_states_ + (place.buffer * plan_.block + place.in_block()) * width_;
  }
  void to_hidden(const ScanPlace& place) {
    if (of_states_ == nullptr) return;
    kernels::gemm_packed(place.steps.size(), width_, units_,
                         counted_ + (place.row * steps_ + place.steps.begin) * units_, units_,
                         to_states_, of_states(place), width_, Start::zero);
  }
  void scan(const ScanPlace& place, Range some) {
    const std::int64_t at = place.row * steps_ + place.steps.begin;
    const bool first = place.steps.begin == 0;
    const Real* real = record_.real + place.row * n_;
    const Real* imaginary = record_.imaginary + place.row * n_;
    if (!first) {
      real = record_.hidden + (at - 1) * width_;
      imaginary = real + n_;
    }
    kernels::complex_backward<Real>(
        {place.steps.size(), n_, record_.inputs + at * width_, record_.lambda, record_.gamma,
         record_.uses_from(at), nullptr, nullptr, record_.hidden + at * width_},
        {real, imaginary, of_states(place), real_ + place.row * n_, imaginary_ + place.row * n_,
         of_lambda_ + place.row * width_, of_gamma_ + place.row * n_,
         trace_ == nullptr ? nullptr : trace_ + (place.steps.begin * rows_ + place.row) * n_,
         rows_ * n_},
        some);
  }
  void to_input(const ScanPlace& place) {
    const std::int64_t at = place.row * steps_ + place.steps.begin;
    kernels::gemm_packed(place.steps.size(), equation_.features(), width_,
                         record_.inputs + at * width_, width_, kernel_,
                         dx_.at(place.steps.begin, place.row), dx_.step_stride, Start::zero);
    if (flags_.return_sequences) skip_to_input(place.steps, place.row, counted_ + at * units_);
  }
  void skip_to_input(Range steps, std::int64_t row, const Real* dy) {
    if (skip_kernel_ == nullptr) return;
    kernels::gemm_packed(steps.size(), equation_.features(), units_, dy, units_, skip_kernel_,
                         dx_.at(steps.begin, row), dx_.step_stride, Start::accumulate);
  }

  void learn_last_output(std::int64_t row, const ScanInput<const Real>& x) {
    const std::int64_t t = record_.last_counted(row);
    if (t < 0) return;
    const Real* dy = counted_ + row * units_;
    kernels::gemm_outer(width_, units_, 1, record_.hidden + (row * steps_ + t) * width_, width_, dy,
                        units_, equation_.output_kernel->gradient.as<Real>(), units_);
    if (equation_.skip_kernel == nullptr) return;
    kernels::gemm_outer(x.features, units_, 1, x.at(t, row), x.features, dy, units_,
                        equation_.skip_kernel->gradient.as<Real>(), units_);
  }

  Pass& pass_;
  const LruEquation& equation_;
  const ScanFlags& flags_;
  CallGradient& gradient_;
  const LruRecord<Real>& record_;
  const ScanPlan& plan_;
  std::int64_t rows_, steps_, n_, width_, units_;
  const Real* counted_ = nullptr;  // [B][T][U], or without sequences [B][U] of each row's last one
  Real* before_ = nullptr;         // [B][U]  by the output before the first step
  Real* real_ = nullptr;           // [B][N]  by the state
  Real* imaginary_ = nullptr;
  Real* of_lambda_ = nullptr;  // [B][2N]
  Real* of_gamma_ = nullptr;   // [B][N]
  Real* of_states_ = nullptr;  // of a block of steps
  Real* trace_ = nullptr;
  const Real* to_states_ = nullptr;
  const Real* kernel_ = nullptr;
  const Real* skip_kernel_ = nullptr;
  ScanInput<Real> dx_;
};

}  // namespace

template <class Real>
void lru_backward(Pass& pass, const LruEquation& equation, const ScanFlags& flags, bool learns,
                  const Call& call, CallGradient& gradient) {
  Backward<Real> backward(pass, equation, flags, call, gradient);
  backward.run();
  if (learns) backward.learn();
  backward.give_state_gradients();
}

template void lru_backward<float>(Pass&, const LruEquation&, const ScanFlags&, bool, const Call&,
                                  CallGradient&);
template void lru_backward<double>(Pass&, const LruEquation&, const ScanFlags&, bool, const Call&,
                                   CallGradient&);

}  // namespace chronicler
