// Gated and complex linear recurrences as their equations read: the contract is
// kernels/gated_scan.h.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "kernels/gated_scan.h"
#include "kernels/reference/activation.h"

namespace chronicler::kernels::reference {

// Below this the square of a factor of an input counts as nothing: its root can be divided by.
template <class Real>
inline constexpr Real least_square = static_cast<Real>(1e-36);

// e^-x for numbers so far that the sum of two of them is one.
template <class Real>
Real falling_exp(Real x) {
  return std::exp(-clip<Real>(x, -86, 86));
}

// a and b of a step, and the way back; p and dp: the projections of one unit, one for each gate.
template <class Real, GatedCell cell>
struct Gated;

template <class Real>
struct Gated<Real, GatedCell::min_gru> {
  explicit Gated(Real /*decay*/) {}
  std::pair<Real, Real> step(const std::array<Real, 2>& p) const {
    const Real z = sigmoid(p[0]);
    return {1 - z, z * p[1]};
  }
  Real back(const std::array<Real, 2>& p, Real before, Real d, std::array<Real, 2>& dp,
            Real& /*decay*/) const {
    const Real z = sigmoid(p[0]);
    dp[0] = d * (p[1] - before) * z * (1 - z);
    dp[1] = d * z;
    return 1 - z;
  }
};

// f / (f + i) with f = 1 / (1 + e^-p1) and i = 1 / (1 + e^-p0): no quotient of two small numbers.
template <class Real>
struct Gated<Real, GatedCell::min_lstm> {
  explicit Gated(Real /*decay*/) {}
  std::pair<Real, Real> step(const std::array<Real, 3>& p) const {
    const Real over_input = 1 + falling_exp(p[0]);
    const Real over_forget = 1 + falling_exp(p[1]);
    const Real sum = over_input + over_forget;
    return {over_input / sum, over_forget / sum * p[2]};
  }
  Real back(const std::array<Real, 3>& p, Real before, Real d, std::array<Real, 3>& dp,
            Real& /*decay*/) const {
    const Real input = falling_exp(p[0]);
    const Real forget = falling_exp(p[1]);
    const Real sum = 2 + input + forget;
    const Real a = (1 + input) / sum;
    const Real rest = (1 + forget) / sum;
    const Real slope = d * (before - p[2]) * a * rest;
    dp[0] = -slope * (input / (1 + input));
    dp[1] = slope * (forget / (1 + forget));
    dp[2] = d * rest;
    return a;
  }
};

// The root s of 1 - a^2 has no slope at a = 1, but l times its slope has one.
template <class Real, bool negative>
struct RgLru {
  explicit RgLru(Real of_unit) : decay(of_unit) {}
  struct Parts {
    Real r, i, l, a, slope, root;  // slope: da / dl
  };
  Parts parts(const std::array<Real, 3>& p) const {
    Parts all{.r = sigmoid(p[0]), .i = sigmoid(p[1])};
    all.l = std::max<Real>(all.r * decay, -86);
    const Real e = std::exp(all.l);
    if (negative) {
      const Real rest = -std::expm1(all.l);
      all.a = 2 * e - 1;
      all.slope = 2 * e;
      all.root = 2 * std::sqrt(std::max(e * rest, least_square<Real>));
    } else {
      all.a = all.slope = e;
      all.root = std::sqrt(std::max(-std::expm1(2 * all.l), least_square<Real>));
    }
    return all;
  }
  std::pair<Real, Real> step(const std::array<Real, 3>& p) const {
    const Parts all = parts(p);
    return {all.a, all.root * (all.i * p[2])};
  }
  Real back(const std::array<Real, 3>& p, Real before, Real d, std::array<Real, 3>& dp,
            Real& log_decay) const {
    const Parts all = parts(p);
    const Real of_input = d * all.root;
    const Real of_root = d * (all.i * p[2]);
    const Real log_a =
        all.slope * (d * before * all.l - of_root * all.a * (all.l / all.root));  // l dLoss/dl
    dp[0] = log_a * (1 - all.r);
    dp[1] = of_input * p[2] * all.i * (1 - all.i);
    dp[2] = of_input * all.i;
    log_decay += log_a;
    return all.a;
  }
  Real decay;
};
template <class Real>
struct Gated<Real, GatedCell::rg_lru> : RgLru<Real, false> {
  using RgLru<Real, false>::RgLru;
};
template <class Real>
struct Gated<Real, GatedCell::negative_rg_lru> : RgLru<Real, true> {
  using RgLru<Real, true>::RgLru;
};

template <class Real>
StepUse use_of(const StepUse* uses, std::int64_t t) {
  return uses == nullptr ? StepUse::counts : uses[t];
}

template <GatedCell cell, class Real>
void gated_forward(const GatedScan<Real>& run, Range units) {
  constexpr auto gates = static_cast<std::size_t>(gates_of(cell));
  for (std::int64_t u = units.begin; u < units.end; ++u) {
    const Gated<Real, cell> unit(run.decay == nullptr ? Real{0} : run.decay[u]);
    for (std::int64_t t = 0; t < run.steps; ++t) {
      if (use_of<Real>(run.uses, t) == StepUse::counts) {
        std::array<Real, gates> p;
        for (std::size_t gate = 0; gate < gates; ++gate) {
          p[gate] =
              run.gates[(t * gates_of(cell) + static_cast<std::int64_t>(gate)) * run.units + u];
        }
        for (std::size_t gate = 0; run.kept != nullptr && gate < gates; ++gate) {
          run.kept[(t * gates_of(cell) + static_cast<std::int64_t>(gate)) * run.units + u] =
              p[gate];
        }
        const auto [a, b] = unit.step(p);
        run.state[u] = a * run.state[u] + b;
      }
      if (run.hidden != nullptr) run.hidden[t * run.units + u] = run.state[u];
    }
  }
}

template <GatedCell cell, class Real>
void gated_backward(const GatedScan<Real>& run, const GatedGradient<Real>& gradient, Range units) {
  constexpr auto gates = static_cast<std::size_t>(gates_of(cell));
  for (std::int64_t u = units.begin; u < units.end; ++u) {
    const Gated<Real, cell> unit(run.decay == nullptr ? Real{0} : run.decay[u]);
    Real log_decay = has_decay(cell) ? gradient.decay[u] : Real{0};
    for (std::int64_t t = run.steps; t-- > 0;) {
      const StepUse use = use_of<Real>(run.uses, t);
      Real d = gradient.state[u];
      if (gradient.output != nullptr && use != StepUse::idle)
        d += gradient.output[t * run.units + u];
      if (gradient.trace != nullptr) gradient.trace[t * gradient.trace_stride + u] = d;
      const auto place = [&](std::size_t gate) {
        return (t * gates_of(cell) + static_cast<std::int64_t>(gate)) * run.units + u;
      };
      std::array<Real, gates> p;
      std::array<Real, gates> dp{};
      gradient.state[u] = d;
      if (use == StepUse::counts) {
        for (std::size_t gate = 0; gate < gates; ++gate) p[gate] = run.gates[place(gate)];
        const Real before = t > 0 ? run.hidden[(t - 1) * run.units + u] : gradient.before[u];
        gradient.state[u] = d * unit.back(p, before, d, dp, log_decay);
      }
      for (std::size_t gate = 0; gate < gates; ++gate) {
        gradient.gates[place(gate)] = dp[gate];
        gradient.bias[static_cast<std::int64_t>(gate) * run.units + u] += dp[gate];
      }
    }
    if (has_decay(cell)) gradient.decay[u] = log_decay;
  }
}

// function(cell as a constant)
template <class Function>
void with_cell(GatedCell cell, const Function& function) {
  switch (cell) {
    case GatedCell::min_gru:
      return function(std::integral_constant<GatedCell, GatedCell::min_gru>());
    case GatedCell::min_lstm:
      return function(std::integral_constant<GatedCell, GatedCell::min_lstm>());
    case GatedCell::rg_lru:
      return function(std::integral_constant<GatedCell, GatedCell::rg_lru>());
    case GatedCell::negative_rg_lru:
      return function(std::integral_constant<GatedCell, GatedCell::negative_rg_lru>());
  }
}

// ---- complex numbers

template <class Real>
void complex_forward(const ComplexScan<Real>& run, Range units) {
  const std::int64_t n = run.units;
  for (std::int64_t u = units.begin; u < units.end; ++u) {
    const Real lambda_real = run.lambda[u];
    const Real lambda_imaginary = run.lambda[n + u];
    for (std::int64_t t = 0; t < run.steps; ++t) {
      const Real* p = run.inputs + t * 2 * n + u;
      const Real real = run.real[u];
      const Real imaginary = run.imaginary[u];
      if (use_of<Real>(run.uses, t) == StepUse::counts) {
        run.real[u] = run.gamma[u] * p[0] + lambda_real * real - lambda_imaginary * imaginary;
        run.imaginary[u] = run.gamma[u] * p[n] + lambda_real * imaginary + lambda_imaginary * real;
      }
      if (run.hidden == nullptr) continue;
      run.hidden[t * 2 * n + u] = run.real[u];
      run.hidden[t * 2 * n + n + u] = run.imaginary[u];
    }
  }
}

template <class Real>
void complex_backward(const ComplexScan<Real>& run, const ComplexGradient<Real>& gradient,
                      Range units) {
  const std::int64_t n = run.units;
  for (std::int64_t u = units.begin; u < units.end; ++u) {
    const Real lambda_real = run.lambda[u];
    const Real lambda_imaginary = run.lambda[n + u];
    for (std::int64_t t = run.steps; t-- > 0;) {
      const std::int64_t at = t * 2 * n + u;
      Real real = gradient.real[u];
      Real imaginary = gradient.imaginary[u];
      if (gradient.output != nullptr) {
        real += gradient.output[at];
        imaginary += gradient.output[at + n];
      }
      if (gradient.trace != nullptr) gradient.trace[t * gradient.trace_stride + u] = real;
      Real* p = run.inputs + at;
      if (use_of<Real>(run.uses, t) != StepUse::counts) {
        gradient.real[u] = real;
        gradient.imaginary[u] = imaginary;
        p[0] = p[n] = 0;
        continue;
      }
      const Real real_before = t > 0 ? run.hidden[at - 2 * n] : gradient.real_before[u];
      const Real imaginary_before = t > 0 ? run.hidden[at - n] : gradient.imaginary_before[u];
      gradient.lambda[u] += real * real_before + imaginary * imaginary_before;
      gradient.lambda[n + u] += imaginary * real_before - real * imaginary_before;
      gradient.gamma[u] += real * p[0] + imaginary * p[n];
      p[0] = run.gamma[u] * real;
      p[n] = run.gamma[u] * imaginary;
      gradient.real[u] = lambda_real * real + lambda_imaginary * imaginary;
      gradient.imaginary[u] = lambda_real * imaginary - lambda_imaginary * real;
    }
  }
}

}  // namespace chronicler::kernels::reference
