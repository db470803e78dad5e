// mLSTM, step by step: the contract is kernels/mlstm.h. Backward needs chunks of 1.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/mlstm.h"
#include "kernels/reference/activation.h"

namespace chronicler::kernels::reference {

template <class Real>
struct MlstmHead {
  // One head of one step: where its numbers lie.
  struct Step {
    Real* q;
    Real* k;
    Real* v;
    Real* output;
    Real* input;
    Real* forget;
  };
  // A state of the head.
  struct State {
    Real* memory;
    Real* normalizer;
    Real* stabilizer;
  };

  const Mlstm<Real>& run;
  std::int64_t head;
  std::int64_t size = run.units / run.heads;
  Real scale = 1 / std::sqrt(static_cast<Real>(size));

  bool counts(std::int64_t t) const {
    return run.uses == nullptr || run.uses[t] == StepUse::counts;
  }
  Step at(std::int64_t t) const {
    Real* row = run.gates + t * mlstm_width(run.units, run.heads);
    Real* gates = row + 4 * run.units + head;
    row += head * size;
    return {row,   row + run.units,  row + 2 * run.units, row + 3 * run.units,
            gates, gates + run.heads};
  }
  State state() const {
    return {run.memory + head * size * size, run.normalizer + head * size, run.stabilizer + head};
  }
  State kept(std::int64_t t) const {
    Real* at = run.kept + (head * run.steps + t) * (size * size + size + 1);
    return {at, at + size * size, at + size * size + size};
  }
  void copy(const State& from, const State& to) const {
    std::copy_n(from.memory, size * size, to.memory);
    std::copy_n(from.normalizer, size, to.normalizer);
    *to.stabilizer = *from.stabilizer;
  }

  struct Gates {
    Real input, forget, stabilizer;
    bool forget_wins;
  };
  Real log_forget(const Step& step) const {
    return run.exponential_forget ? *step.forget : -softplus(-*step.forget);
  }
  Gates gates_of(const Step& step, Real stabilizer_before) const {
    const Real carried = log_forget(step) + stabilizer_before;
    const Real m = std::max(carried, *step.input);
    return {std::exp(*step.input - m), std::exp(carried - m), m, carried >= *step.input};
  }
  // |n q| and what it is no less than. Beyond e^600, h is 0.
  Real sum_with(const Real* a, const Real* b) const {
    Real sum = 0;
    for (std::int64_t i = 0; i < size; ++i) sum += a[i] * b[i];
    return sum;
  }
  static Real least(Real stabilizer) { return std::exp(std::min(-stabilizer, Real{600})); }

  void forward() const {
    const State now = state();
    for (std::int64_t t = 0; t < run.steps; ++t) {
      if (run.kept != nullptr) copy(now, kept(t));
      Real* h = run.hidden_state + head * size;
      if (counts(t)) step_forward(at(t), now, h);
      if (run.hidden != nullptr) std::copy_n(h, size, run.hidden + t * run.units + head * size);
    }
  }

  void step_forward(const Step& step, const State& now, Real* h) const {
    const Gates gates = gates_of(step, *now.stabilizer);
    *now.stabilizer = gates.stabilizer;
    for (std::int64_t i = 0; i < size; ++i) {
      const Real key = gates.input * step.k[i] * scale;
      now.normalizer[i] = gates.forget * now.normalizer[i] + key;
      for (std::int64_t j = 0; j < size; ++j) {
        Real& c = now.memory[i * size + j];
        c = gates.forget * c + key * step.v[j];
      }
    }
    const Real total =
        std::max(std::abs(sum_with(now.normalizer, step.q)), least(gates.stabilizer));
    for (std::int64_t j = 0; j < size; ++j) {
      Real sum = 0;
      for (std::int64_t i = 0; i < size; ++i) sum += now.memory[i * size + j] * step.q[i];
      h[j] = sigmoid(step.output[j]) * sum / total;
    }
  }

  void backward(const MlstmGradient<Real>& gradient) const {
    const State flow{gradient.memory + head * size * size, gradient.normalizer + head * size,
                     gradient.stabilizer + head};
    // The state after each step, from the last one on.
    Real* own = run.scratch + 4 * size;
    const State after{own, own + size * size, own + size * size + size};
    copy(state(), after);
    for (std::int64_t t = run.steps; t-- > 0;) {
      const Step step = at(t);
      if (counts(t)) {
        step_backward(step, kept(t), after, gradient.hidden + t * run.units + head * size, flow);
      } else {
        for (Real* block : {step.q, step.k, step.v, step.output}) std::fill_n(block, size, Real{0});
        *step.input = *step.forget = 0;
      }
      copy(kept(t), after);
    }
  }

  void step_backward(const Step& step, const State& before, const State& after, const Real* dh,
                     const State& flow) const {
    const Gates gates = gates_of(step, *before.stabilizer);
    const Real inner = sum_with(after.normalizer, step.q);
    const Real bound = least(*after.stabilizer);
    const Real total = std::max(std::abs(inner), bound);
    // h = s(zo) y, y = C^T q / total
    Real d_total = 0;
    Real* d_numerator = run.scratch;
    Real* dq = run.scratch + size;
    Real* dk = run.scratch + 2 * size;
    Real* dv = run.scratch + 3 * size;
    for (std::int64_t j = 0; j < size; ++j) {
      Real sum = 0;
      for (std::int64_t i = 0; i < size; ++i) sum += after.memory[i * size + j] * step.q[i];
      const Real y = sum / total;
      const Real open = sigmoid(step.output[j]);
      step.output[j] = dh[j] * y * open * (1 - open);
      d_numerator[j] = dh[j] * open / total;
      d_total -= dh[j] * open * y / total;
    }
    Real d_inner = 0;
    Real d_stabilizer = *flow.stabilizer;
    if (std::abs(inner) > bound) {
      d_inner = inner < 0 ? -d_total : d_total;
    } else {
      d_stabilizer -= d_total * bound;
    }
    Real d_input = 0;
    Real d_forget = 0;
    std::fill_n(dv, size, Real{0});
    for (std::int64_t i = 0; i < size; ++i) {
      dq[i] = d_inner * after.normalizer[i];
      const Real dn = flow.normalizer[i] + d_inner * step.q[i];
      d_forget += dn * before.normalizer[i];
      Real d_key = dn;  // of I k / sqrt(D)
      const Real key = gates.input * step.k[i] * scale;
      for (std::int64_t j = 0; j < size; ++j) {
        const std::int64_t place = i * size + j;
        dq[i] += after.memory[place] * d_numerator[j];
        const Real dc = flow.memory[place] + step.q[i] * d_numerator[j];
        d_forget += dc * before.memory[place];
        d_key += dc * step.v[j];
        dv[j] += dc * key;
        flow.memory[place] = dc * gates.forget;
      }
      flow.normalizer[i] = dn * gates.forget;
      dk[i] = d_key * gates.input * scale;
      d_input += d_key * key;
    }
    d_forget *= gates.forget;
    const Real rest = d_stabilizer - d_input - d_forget;
    const Real d_log_forget = d_forget + (gates.forget_wins ? rest : 0);
    *step.input = d_input + (gates.forget_wins ? 0 : rest);
    *flow.stabilizer = d_log_forget;
    *step.forget = d_log_forget * (run.exponential_forget ? 1 : sigmoid(-*step.forget));
    std::copy_n(dq, size, step.q);
    std::copy_n(dk, size, step.k);
    std::copy_n(dv, size, step.v);
  }
};

}  // namespace chronicler::kernels::reference
