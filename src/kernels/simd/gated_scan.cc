// Gated and complex linear recurrences on vectors of units: the contract is
// kernels/gated_scan.h.
#include "kernels/gated_scan.h"

#include <cstdint>

#include "hwy/cache_control.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/gated_scan.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/dispatch.h"
#include "kernels/simd/em1-inl.h"
#include "kernels/simd/scan-inl.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

HWY_INLINE Vector from_one(Vector x) { return hn::Sub(hn::Set(tag, 1.0F), x); }

// What a step's h is: a h' + b.
struct Affine {
  Vector a, b;
};

// The cells, one vector of units at a time; reference/gated_scan.h has them in plain words.
struct MinGru {
  static constexpr int gates = 2;
  static constexpr int vectors = 4;
  static constexpr bool decays = false;
  HWY_INLINE Affine step(const Vector (&p)[gates]) const {
    const Vector z = sigmoid_of(p[0]);
    return {from_one(z), hn::Mul(z, p[1])};
  }
  HWY_INLINE Vector back(const Vector (&p)[gates], Vector before, Vector d, Vector (&dp)[gates],
                         Vector& /*decay*/) const {
    const Vector z = sigmoid_of(p[0]);
    const Vector a = from_one(z);
    dp[0] = hn::Mul(hn::Mul(d, hn::Sub(p[1], before)), hn::Mul(z, a));
    dp[1] = hn::Mul(d, z);
    return a;
  }
};

struct MinLstm {
  static constexpr int gates = 3;
  static constexpr int vectors = 4;
  static constexpr bool decays = false;
  HWY_INLINE Affine step(const Vector (&p)[gates]) const {
    const Vector one = hn::Set(tag, 1.0F);
    const Vector over_input = hn::Add(one, fine_exp_of(hn::Neg(p[0])));
    const Vector over_forget = hn::Add(one, fine_exp_of(hn::Neg(p[1])));
    const Vector sum = hn::Add(over_input, over_forget);
    return {hn::Div(over_input, sum), hn::Mul(hn::Div(over_forget, sum), p[2])};
  }
  HWY_INLINE Vector back(const Vector (&p)[gates], Vector before, Vector d, Vector (&dp)[gates],
                         Vector& /*decay*/) const {
    const Vector one = hn::Set(tag, 1.0F);
    const Vector input = fine_exp_of(hn::Neg(p[0]));
    const Vector forget = fine_exp_of(hn::Neg(p[1]));
    const Vector over_input = hn::Add(one, input);
    const Vector over_forget = hn::Add(one, forget);
    const Vector sum = hn::Add(over_input, over_forget);
    const Vector a = hn::Div(over_input, sum);
    const Vector rest = hn::Div(over_forget, sum);
    const Vector slope = hn::Mul(hn::Mul(d, hn::Sub(before, p[2])), hn::Mul(a, rest));
    dp[0] = hn::Neg(hn::Mul(slope, hn::Div(input, over_input)));
    dp[1] = hn::Mul(slope, hn::Div(forget, over_forget));
    dp[2] = hn::Mul(d, rest);
    return a;
  }
};

template <bool negative>
struct RgLru {
  static constexpr int gates = 3;
  static constexpr int vectors = 2;
  static constexpr bool decays = true;
  struct Parts {
    Vector r, i, l, a, slope, root;
  };
  HWY_INLINE void take(const float* from, std::int64_t count) { decay = load_first(from, count); }
  HWY_INLINE Parts parts(const Vector (&p)[gates]) const {
    Parts all;
    all.r = sigmoid_of(p[0]);
    all.i = sigmoid_of(p[1]);
    all.l = at_least(-86.0F, hn::Mul(all.r, decay));
    const Exponentials of_l = exponentials_of(all.l);
    const Vector rest = hn::Neg(of_l.expm1);
    const Vector two = hn::Set(tag, 2.0F);
    if (negative) {
      all.a = hn::MulSub(two, of_l.exp, hn::Set(tag, 1.0F));
      all.slope = hn::Mul(two, of_l.exp);
      all.root = hn::Mul(two, hn::Sqrt(at_least(1e-36F, hn::Mul(of_l.exp, rest))));
    } else {
      all.a = all.slope = of_l.exp;
      all.root = hn::Sqrt(at_least(1e-36F, hn::Mul(rest, hn::Sub(two, rest))));
    }
    return all;
  }
  HWY_INLINE Affine step(const Vector (&p)[gates]) const {
    const Parts all = parts(p);
    return {all.a, hn::Mul(all.root, hn::Mul(all.i, p[2]))};
  }
  HWY_INLINE Vector back(const Vector (&p)[gates], Vector before, Vector d, Vector (&dp)[gates],
                         Vector& log_decay) const {
    const Parts all = parts(p);
    const Vector of_input = hn::Mul(d, all.root);
    const Vector of_root = hn::Mul(d, hn::Mul(all.i, p[2]));
    const Vector by_root = hn::Mul(hn::Mul(of_root, all.a), hn::Div(all.l, all.root));
    const Vector log_a = hn::Mul(all.slope, hn::MulSub(hn::Mul(d, before), all.l, by_root));
    dp[0] = hn::Mul(log_a, from_one(all.r));
    dp[1] = hn::Mul(hn::Mul(of_input, p[2]), hn::Mul(all.i, from_one(all.i)));
    dp[2] = hn::Mul(of_input, all.i);
    log_decay = hn::Add(log_decay, log_a);
    return all.a;
  }
  Vector decay;
};

template <class Cell>
struct GatedForward {
  const GatedScan<float>& run;
  bool streams;
  template <int Vectors, bool Whole>
  HWY_INLINE void group(std::int64_t u, std::int64_t count) const {
    Cell cells[Vectors];
    Vector state[Vectors];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      if constexpr (Cell::decays) cells[v].take(run.decay + u + v * lanes, count);
      state[v] = part<Whole>(run.state + u + v * lanes, count);
    }
    const float* gates = run.gates + u;
    for (std::int64_t t = 0; t < run.steps; ++t, gates += Cell::gates * run.units) {
      if (run.uses == nullptr || run.uses[t] == StepUse::counts) {
        CHRONICLER_UNROLL
        for (int v = 0; v < Vectors; ++v) {
          Vector p[Cell::gates];
          CHRONICLER_UNROLL
          for (int gate = 0; gate < Cell::gates; ++gate) {
            p[gate] = part<Whole>(gates + gate * run.units + v * lanes, count);
          }
          if (run.kept != nullptr) keep<Whole>(p, t, u + v * lanes, count);
          const Affine step = cells[v].step(p);
          state[v] = hn::MulAdd(step.a, state[v], step.b);
        }
      }
      if (run.hidden == nullptr) continue;
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        put_far<Whole>(streams, state[v], run.hidden + t * run.units + u + v * lanes, count);
      }
    }
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) put<Whole>(state[v], run.state + u + v * lanes, count);
  }

  template <bool Whole>
  HWY_INLINE void keep(const Vector (&p)[Cell::gates], std::int64_t t, std::int64_t u,
                       std::int64_t count) const {
    CHRONICLER_UNROLL
    for (int gate = 0; gate < Cell::gates; ++gate) {
      put_far<Whole>(streams, p[gate], run.kept + (t * Cell::gates + gate) * run.units + u, count);
    }
  }
};

template <class Cell>
void run_forward(const GatedScan<float>& run, Range units) {
  const bool streams = run.past_caches && run.units % lanes == 0 && units.begin % lanes == 0 &&
                       is_in_line(run.hidden) && is_in_line(run.kept);
  for_vectors<Cell::vectors>(units, GatedForward<Cell>{run, streams});
  if (streams) hwy::FlushStream();
}

template <class Cell>
struct GatedBackward {
  const GatedScan<float>& run;
  const GatedGradient<float>& gradient;
  template <int Vectors, bool Whole>
  HWY_INLINE void group(std::int64_t u, std::int64_t count) const {
    Cell cells[Vectors];
    Vector flow[Vectors], bias[Vectors][Cell::gates], decay[Vectors];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      if constexpr (Cell::decays) cells[v].take(run.decay + u + v * lanes, count);
      flow[v] = part<Whole>(gradient.state + u + v * lanes, count);
      decay[v] = hn::Zero(tag);
      if constexpr (Cell::decays) decay[v] = part<Whole>(gradient.decay + u + v * lanes, count);
      CHRONICLER_UNROLL
      for (int gate = 0; gate < Cell::gates; ++gate) {
        bias[v][gate] = part<Whole>(gradient.bias + gate * run.units + u + v * lanes, count);
      }
    }
    for (std::int64_t t = run.steps; t-- > 0;) {
      const StepUse use = run.uses == nullptr ? StepUse::counts : run.uses[t];
      const bool seen = gradient.output != nullptr && use != StepUse::idle;
      const float* before = t > 0 ? run.hidden + (t - 1) * run.units : gradient.before;
      const float* gates = run.gates + t * Cell::gates * run.units + u;
      float* of_gates = gradient.gates + t * Cell::gates * run.units + u;
      if (t >= steps_ahead) fetch<Vectors>(t - steps_ahead, u);
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        const std::int64_t at = u + v * lanes;
        Vector d = flow[v];
        if (seen) d = hn::Add(d, part<Whole>(gradient.output + t * run.units + at, count));
        if (HWY_UNLIKELY(gradient.trace != nullptr)) {
          put<Whole>(d, gradient.trace + t * gradient.trace_stride + at, count);
        }
        Vector p[Cell::gates], dp[Cell::gates];
        if (HWY_LIKELY(use == StepUse::counts)) {
          CHRONICLER_UNROLL
          for (int gate = 0; gate < Cell::gates; ++gate) {
            p[gate] = part<Whole>(gates + gate * run.units + v * lanes, count);
          }
          const Vector a = cells[v].back(p, part<Whole>(before + at, count), d, dp, decay[v]);
          flow[v] = hn::Mul(d, a);
        } else {
          CHRONICLER_UNROLL
          for (int gate = 0; gate < Cell::gates; ++gate) dp[gate] = hn::Zero(tag);
          flow[v] = d;
        }
        CHRONICLER_UNROLL
        for (int gate = 0; gate < Cell::gates; ++gate) {
          bias[v][gate] = hn::Add(bias[v][gate], dp[gate]);
          put<Whole>(dp[gate], of_gates + gate * run.units + v * lanes, count);
        }
      }
    }
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      put<Whole>(flow[v], gradient.state + u + v * lanes, count);
      if constexpr (Cell::decays) put<Whole>(decay[v], gradient.decay + u + v * lanes, count);
      CHRONICLER_UNROLL
      for (int gate = 0; gate < Cell::gates; ++gate) {
        put<Whole>(bias[v][gate], gradient.bias + gate * run.units + u + v * lanes, count);
      }
    }
  }

  // What the tape has of a step may lie in memory, and a step is so much work that the processor
  // does not see far enough ahead by itself.
  static constexpr std::int64_t steps_ahead = 12;
  template <int Vectors>
  HWY_INLINE void fetch(std::int64_t t, std::int64_t u) const {
    const float* gates = run.gates + t * Cell::gates * run.units + u;
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      CHRONICLER_UNROLL
      for (int gate = 0; gate < Cell::gates; ++gate) {
        hwy::Prefetch(gates + gate * run.units + v * lanes);
      }
      hwy::Prefetch(run.hidden + t * run.units + u + v * lanes);
    }
  }
};

void GatedForwardOf(const GatedScan<float>& run, Range units) {
  switch (run.cell) {
    case GatedCell::min_gru:
      return run_forward<MinGru>(run, units);
    case GatedCell::min_lstm:
      return run_forward<MinLstm>(run, units);
    case GatedCell::rg_lru:
      return run_forward<RgLru<false>>(run, units);
    case GatedCell::negative_rg_lru:
      return run_forward<RgLru<true>>(run, units);
  }
}

void GatedBackwardOf(const GatedScan<float>& run, const GatedGradient<float>& gradient,
                     Range units) {
  constexpr int vectors = 2;
  switch (run.cell) {
    case GatedCell::min_gru:
      return for_vectors<vectors>(units, GatedBackward<MinGru>{run, gradient});
    case GatedCell::min_lstm:
      return for_vectors<vectors>(units, GatedBackward<MinLstm>{run, gradient});
    case GatedCell::rg_lru:
      return for_vectors<vectors>(units, GatedBackward<RgLru<false>>{run, gradient});
    case GatedCell::negative_rg_lru:
      return for_vectors<vectors>(units, GatedBackward<RgLru<true>>{run, gradient});
  }
}

// ---- complex numbers

struct ComplexForwardVectors {
  const ComplexScan<float>& run;
  template <int Vectors, bool Whole>
  HWY_INLINE void group(std::int64_t u, std::int64_t count) const {
    const std::int64_t n = run.units;
    Vector lambda[Vectors][2], gamma[Vectors], state[Vectors][2];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const std::int64_t at = u + v * lanes;
      lambda[v][0] = part<Whole>(run.lambda + at, count);
      lambda[v][1] = part<Whole>(run.lambda + n + at, count);
      gamma[v] = part<Whole>(run.gamma + at, count);
      state[v][0] = part<Whole>(run.real + at, count);
      state[v][1] = part<Whole>(run.imaginary + at, count);
    }
    for (std::int64_t t = 0; t < run.steps; ++t) {
      if (run.uses == nullptr || run.uses[t] == StepUse::counts) {
        const float* p = run.inputs + t * 2 * n + u;
        CHRONICLER_UNROLL
        for (int v = 0; v < Vectors; ++v) {
          const Vector real = hn::Mul(gamma[v], part<Whole>(p + v * lanes, count));
          const Vector imaginary = hn::Mul(gamma[v], part<Whole>(p + n + v * lanes, count));
          const Vector next =
              hn::MulAdd(lambda[v][0], state[v][0], hn::NegMulAdd(lambda[v][1], state[v][1], real));
          state[v][1] = hn::MulAdd(lambda[v][0], state[v][1],
                                   hn::MulAdd(lambda[v][1], state[v][0], imaginary));
          state[v][0] = next;
        }
      }
      if (run.hidden == nullptr) continue;
      float* hidden = run.hidden + t * 2 * n + u;
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        put<Whole>(state[v][0], hidden + v * lanes, count);
        put<Whole>(state[v][1], hidden + n + v * lanes, count);
      }
    }
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      put<Whole>(state[v][0], run.real + u + v * lanes, count);
      put<Whole>(state[v][1], run.imaginary + u + v * lanes, count);
    }
  }
};

void ComplexForward(const ComplexScan<float>& run, Range units) {
  for_vectors<2>(units, ComplexForwardVectors{run});
}

struct ComplexBackwardVectors {
  const ComplexScan<float>& run;
  const ComplexGradient<float>& gradient;
  template <int Vectors, bool Whole>
  HWY_INLINE void group(std::int64_t u, std::int64_t count) const {
    const std::int64_t n = run.units;
    Vector lambda[Vectors][2], gamma[Vectors], flow[Vectors][2];
    Vector of_lambda[Vectors][2], of_gamma[Vectors];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const std::int64_t at = u + v * lanes;
      lambda[v][0] = part<Whole>(run.lambda + at, count);
      lambda[v][1] = part<Whole>(run.lambda + n + at, count);
      gamma[v] = part<Whole>(run.gamma + at, count);
      flow[v][0] = part<Whole>(gradient.real + at, count);
      flow[v][1] = part<Whole>(gradient.imaginary + at, count);
      of_lambda[v][0] = part<Whole>(gradient.lambda + at, count);
      of_lambda[v][1] = part<Whole>(gradient.lambda + n + at, count);
      of_gamma[v] = part<Whole>(gradient.gamma + at, count);
    }
    for (std::int64_t t = run.steps; t-- > 0;) {
      const bool counts = run.uses == nullptr || run.uses[t] == StepUse::counts;
      const float* real_before = t > 0 ? run.hidden + (t - 1) * 2 * n : gradient.real_before;
      const float* imaginary_before =
          t > 0 ? run.hidden + (t - 1) * 2 * n + n : gradient.imaginary_before;
      float* inputs = run.inputs + t * 2 * n;
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        const std::int64_t at = u + v * lanes;
        Vector real = flow[v][0];
        Vector imaginary = flow[v][1];
        if (gradient.output != nullptr) {
          const float* output = gradient.output + t * 2 * n + at;
          real = hn::Add(real, part<Whole>(output, count));
          imaginary = hn::Add(imaginary, part<Whole>(output + n, count));
        }
        if (HWY_UNLIKELY(gradient.trace != nullptr)) {
          put<Whole>(real, gradient.trace + t * gradient.trace_stride + at, count);
        }
        Vector of_real = hn::Zero(tag);
        Vector of_imaginary = hn::Zero(tag);
        if (HWY_LIKELY(counts)) {
          const Vector h_real = part<Whole>(real_before + at, count);
          const Vector h_imaginary = part<Whole>(imaginary_before + at, count);
          of_lambda[v][0] = hn::MulAdd(real, h_real, of_lambda[v][0]);
          of_lambda[v][0] = hn::MulAdd(imaginary, h_imaginary, of_lambda[v][0]);
          of_lambda[v][1] = hn::MulAdd(imaginary, h_real, of_lambda[v][1]);
          of_lambda[v][1] = hn::NegMulAdd(real, h_imaginary, of_lambda[v][1]);
          of_gamma[v] = hn::MulAdd(real, part<Whole>(inputs + at, count), of_gamma[v]);
          of_gamma[v] = hn::MulAdd(imaginary, part<Whole>(inputs + n + at, count), of_gamma[v]);
          of_real = hn::Mul(gamma[v], real);
          of_imaginary = hn::Mul(gamma[v], imaginary);
          flow[v][0] = hn::MulAdd(lambda[v][0], real, hn::Mul(lambda[v][1], imaginary));
          flow[v][1] = hn::NegMulAdd(lambda[v][1], real, hn::Mul(lambda[v][0], imaginary));
        } else {
          flow[v][0] = real;
          flow[v][1] = imaginary;
        }
        put<Whole>(of_real, inputs + at, count);
        put<Whole>(of_imaginary, inputs + n + at, count);
      }
    }
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const std::int64_t at = u + v * lanes;
      put<Whole>(flow[v][0], gradient.real + at, count);
      put<Whole>(flow[v][1], gradient.imaginary + at, count);
      put<Whole>(of_lambda[v][0], gradient.lambda + at, count);
      put<Whole>(of_lambda[v][1], gradient.lambda + n + at, count);
      put<Whole>(of_gamma[v], gradient.gamma + at, count);
    }
  }
};

void ComplexBackward(const ComplexScan<float>& run, const ComplexGradient<float>& gradient,
                     Range units) {
  for_vectors<2>(units, ComplexBackwardVectors{run, gradient});
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(GatedForwardOf);
CHRONICLER_EXPORT(GatedBackwardOf);
CHRONICLER_EXPORT(ComplexForward);
CHRONICLER_EXPORT(ComplexBackward);

template <>
void gated_forward<float>(const GatedScan<float>& run, Range units) {
  CHRONICLER_DISPATCH(GatedForwardOf)(run, units);
}
template <>
void gated_backward<float>(const GatedScan<float>& run, const GatedGradient<float>& gradient,
                           Range units) {
  CHRONICLER_DISPATCH(GatedBackwardOf)(run, gradient, units);
}
template <>
void complex_forward<float>(const ComplexScan<float>& run, Range units) {
  CHRONICLER_DISPATCH(ComplexForward)(run, units);
}
template <>
void complex_backward<float>(const ComplexScan<float>& run, const ComplexGradient<float>& gradient,
                             Range units) {
  CHRONICLER_DISPATCH(ComplexBackward)(run, gradient, units);
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
