#include "layers/scan/gated_backward.h"

#include <algorithm>

#include "kernels/gemm.h"

namespace chronicler {
namespace {

using kernels::Range;
using kernels::Start;

// Part by part, so that the gradients of the gates are still in a cache when the kernel's are made
// of them: some whole rows, or some steps of one row, by the sizes alone. Parts of rows follow one
// another in their order, steps from the end.
struct Parts {
  std::int64_t rows = 0;   // of a part
  std::int64_t steps = 0;  // of a part
};
Parts parts_of(std::int64_t rows, std::int64_t steps, std::int64_t width) {
  constexpr std::int64_t most = std::int64_t{1} << 19;  // numbers of the gates of a part
  constexpr std::int64_t whole = 384;                   // steps that a product takes at once
  if (rows * steps * width <= most) return {rows, steps};
  if (steps * width > most) {
    const std::int64_t some = std::max<std::int64_t>(1, most / width / whole) * whole;
    return {1, std::min(steps, some)};
  }
  std::int64_t some = 1;
  while (2 * some * steps * width <= most) some *= 2;
  return {some, steps};
}

template <class Real>
class Backward {
 public:
  Backward(Pass& pass, const GatedEquation& equation, const ScanFlags& flags, bool learns,
           const Call& call, CallGradient& gradient)
      : pass_(pass),
        equation_(equation),
        flags_(flags),
        learns_(learns),
        gradient_(gradient),
        record_(*static_cast<const GatedRecord<Real>*>(call.tape->record)),
        rows_(record_.rows),
        steps_(record_.steps),
        units_(record_.units),
        width_(equation.width()),
        parts_(parts_of(rows_, steps_, width_)) {
    Arena& arena = pass.arena;
    const TensorView& dy = gradient.outputs[0];
    const Real* from = dy ? dy.as<Real>() : nullptr;
    flow_ = state_copy<Real>(arena, flags.return_state ? gradient.outputs[1] : TensorView(),
                             rows_ * units_);
    if (flags.return_sequences) {
      output_ = from;
    } else if (from != nullptr) {
      for (std::int64_t row = 0; row < rows_; ++row) {
        if (!record_.ends_with_state(row)) continue;
        for (std::int64_t u = row * units_; u < (row + 1) * units_; ++u) flow_[u] += from[u];
      }
    }
    biases_ = state_copy<Real>(arena, {}, rows_ * width_);
    if (equation.decay != nullptr) decays_ = state_copy<Real>(arena, {}, rows_ * units_);
    const bool in_place = parts_.rows == rows_ && parts_.steps == steps_;
    of_gates_ = in_place ? record_.gates : arena.array<Real>(parts_.rows * parts_.steps * width_);
    if (gradient.wanted[0]) want_input();
    if (!pass.observe) return;
    call.tape->observed = arena.tensor({steps_, rows_, units_}, dtype_of<Real>);
    trace_ = call.tape->observed.template as<Real>();
  }

  void run() {
    for (std::int64_t row = 0; row < rows_; row += parts_.rows) {
      const std::int64_t last = (steps_ - 1) / parts_.steps * parts_.steps;
      for (std::int64_t step = last; step >= 0; step -= parts_.steps) {
        run_part({row, std::min(rows_, row + parts_.rows)},
                 {step, std::min(steps_, step + parts_.steps)});
      }
    }
    if (gradient_.wanted[0]) drop_gradient(pass_, record_.input.factors, gradient_.inputs[0]);
    if (learns_) learn_sums();
    if (gradient_.wanted.size() > 1 && gradient_.wanted[1])
      gradient_.inputs[1] = TensorView(flow_, dtype_of<Real>, {rows_, units_});
  }

 private:
  void want_input() {
    const std::int64_t features = equation_.features();
    gradient_.inputs[0] = pass_.arena.tensor(record_.input.x.shape(), dtype_of<Real>);
    dx_ = scan_input<Real>(gradient_.inputs[0], flags_.go_backwards);
    Real* packed = pass_.arena.array<Real>(kernels::packed_size<Real>(width_, features));
    kernels::pack(width_, features, equation_.kernel->value.as<Real>(), width_, true, packed);
    packed_ = packed;
  }

  void run_part(Range rows, Range steps) {
    row_ = rows.begin;
    step_ = steps.begin;
    ScanPlan plan = plan_scan(pass_, rows.size(), steps.size(), units_, width_,
                              projection_work(equation_, rows.size(), steps.size()));
    plan.first_row = row_;
    plan.first_step = step_;
    const auto scan = [this](const ScanPlace& place, Range some) { this->scan(place, some); };
    if (gradient_.wanted[0]) {
      run_scan(pass_, plan, true, NoProducts(), scan,
               [this](const ScanPlace& place) { to_input(place); });
    } else {
      run_scan(pass_, plan, true, NoProducts(), scan, NoProducts());
    }
    if (!learns_) return;
    const auto x = scan_input<const Real>(record_.input.x, flags_.go_backwards);
    add_kernel_gradient<Real>(pass_, x.from(step_, row_), rows.size(), steps.size(), width_,
                              of_gates_, equation_.kernel->gradient.as<Real>());
  }

  Real* of_gates(const ScanPlace& place) const {
    return of_gates_ + ((place.row - row_) * parts_.steps + place.steps.begin - step_) * width_;
  }
  void scan(const ScanPlace& place, Range some) {
    const std::int64_t at = place.row * steps_ + place.steps.begin;
    kernels::GatedScan<Real> run{equation_.cell, place.steps.size(), units_,
                                 record_.gates + at * width_, record_.decay};
    if (record_.uses != nullptr) run.uses = record_.uses + at;
    run.hidden = record_.hidden + at * units_;
    kernels::GatedGradient<Real> flow;
    flow.before = place.steps.begin > 0 ? record_.hidden + (at - 1) * units_
                                        : record_.first + place.row * units_;
    if (output_ != nullptr) flow.output = output_ + at * units_;
    flow.state = flow_ + place.row * units_;
    flow.gates = of_gates(place);
    flow.bias = biases_ + place.row * width_;
    if (decays_ != nullptr) flow.decay = decays_ + place.row * units_;
    if (trace_ != nullptr) flow.trace = trace_ + (place.steps.begin * rows_ + place.row) * units_;
    flow.trace_stride = rows_ * units_;
    kernels::gated_backward(run, flow, some);
  }
  void to_input(const ScanPlace& place) {
    kernels::gemm_packed(place.steps.size(), equation_.features(), width_, of_gates(place), width_,
                         packed_, dx_.at(place.steps.begin, place.row), dx_.step_stride,
                         Start::zero);
  }

  // The gradients that are sums over the steps alone.
  void learn_sums() {
    if (equation_.bias != nullptr)
      add_row_sums(rows_, width_, biases_, equation_.bias->gradient.as<Real>());
    if (decays_ == nullptr) return;
    Real* sums = state_copy<Real>(pass_.arena, {}, units_);
    add_row_sums(rows_, units_, decays_, sums);
    const Real* values = equation_.decay->value.as<Real>();
    Real* to = equation_.decay->gradient.as<Real>();
    for (std::int64_t u = 0; u < units_; ++u) {
      const double ratio = log_sigmoid_slope_ratio(static_cast<double>(values[u]));
      to[u] += static_cast<Real>(ratio * static_cast<double>(sums[u]));
    }
  }

  Pass& pass_;
  const GatedEquation& equation_;
  const ScanFlags& flags_;
  bool learns_;
  CallGradient& gradient_;
  const GatedRecord<Real>& record_;
  std::int64_t rows_, steps_, units_, width_;
  Parts parts_;
  const Real* output_ = nullptr;  // [B][T][U]
  Real* flow_ = nullptr;          // [B][U]  by the state
  Real* biases_ = nullptr;        // [B][G*U]
  Real* decays_ = nullptr;        // [B][U]
  Real* of_gates_ = nullptr;      // of a part; or of all, where the gates were
  Real* trace_ = nullptr;
  const Real* packed_ = nullptr;
  ScanInput<Real> dx_;
  std::int64_t row_ = 0;  // the part begins there
  std::int64_t step_ = 0;
};

}  // namespace

template <class Real>
void gated_backward(Pass& pass, const GatedEquation& equation, const ScanFlags& flags, bool learns,
                    const Call& call, CallGradient& gradient) {
  Backward<Real>(pass, equation, flags, learns, call, gradient).run();
}

template void gated_backward<float>(Pass&, const GatedEquation&, const ScanFlags&, bool,
                                    const Call&, CallGradient&);
template void gated_backward<double>(Pass&, const GatedEquation&, const ScanFlags&, bool,
                                     const Call&, CallGradient&);

}  // namespace chronicler
