// The fast mLSTM: the contract is kernels/mlstm.h, the readable twin reference/mlstm.h. Products of
// matrices are kernels/gemm.h's; here is what lies between them.
#include "kernels/mlstm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/mlstm.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/dispatch.h"
#include "kernels/simd/mlstm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {
namespace mlstm_cell {

struct ForwardHead : Head {
  HWY_INLINE ForwardHead(const Mlstm<float>& the_run, std::int64_t the_head)
      : Head(the_run, the_head, false) {}

  HWY_INLINE void forward_chunk(const Memory& now) const {
    gather();
    make_gates(*now.m);
    make_outputs(now);
    finish_outputs(now);
    float* h = run.hidden_state + head * size;
    for (std::int64_t t = 0; t < count; ++t) {
      const Vector divisor = hn::Set(tag, total[t]);
      float* to = run.hidden == nullptr ? h : run.hidden + steps[t] * run.units + head * size;
      const float* open = block(steps[t], 3);
      for (std::int64_t i = 0; i < size; i += lanes) {
        const Vector y = hn::Div(load_first(numerator + t * size + i, size - i), divisor);
        store_first(hn::Mul(sigmoid_of(load_first(open + i, size - i)), y), to + i, size - i);
      }
    }
    const float kept_share = inter[count - 1];
    multiply_row(now.c, kept_share, size * size, now.c);
    kernels::gemm_outer(size, size, count, weighted, size, v, size, now.c, size);
    multiply_row(now.n, kept_share, size, now.n);
    kernels::add_rows(size, count, weighted, size, now.n);
    *now.m = stabilizer[count - 1];
  }

  // Steps that do not count repeat what came before them.
  HWY_INLINE void repeat_outputs() const {
    float* h = run.hidden_state + head * size;
    if (run.hidden == nullptr) return;
    const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(float);
    for (std::int64_t t = 0; t < run.steps; ++t) {
      float* here = run.hidden + t * run.units + head * size;
      if (counts(t)) {
        std::memcpy(h, here, bytes);
      } else {
        std::memcpy(here, h, bytes);
      }
    }
  }

  HWY_INLINE void forward() {
    const Memory now = state();
    std::int64_t chunk = 0;
    for (std::int64_t t = 0; t < run.steps; ++t) {
      if (counts(t)) steps[count++] = t;
      if (count == 0 || (count < run.chunk && t + 1 < run.steps)) continue;
      if (run.kept != nullptr) copy(now, kept(chunk));
      forward_chunk(now);
      ++chunk;
      count = 0;
    }
    repeat_outputs();
  }
};

struct BackwardHead : Head {
  HWY_INLINE BackwardHead(const Mlstm<float>& the_run, std::int64_t the_head)
      : Head(the_run, the_head, true) {}

  // The gradients of the outputs become those of the output gates, numerators and divisors.
  HWY_INLINE void output_gradients(const float* d_hidden) const {
    const Vector one = hn::Set(tag, 1.0F);
    for (std::int64_t t = 0; t < count; ++t) {
      const Vector divisor = hn::Set(tag, total[t]);
      const float* dh = d_hidden + steps[t] * run.units + head * size;
      float* open = block(steps[t], 3);
      float* y_row = numerator + t * size;
      float* dn_row = d_numerator + t * size;
      for (std::int64_t i = 0; i < size; i += lanes) {
        const std::int64_t left = size - i;
        const Vector y = hn::Div(load_first(y_row + i, left), divisor);
        const Vector gate = sigmoid_of(load_first(open + i, left));
        const Vector flow = load_first(dh + i, left);
        const Vector slope_of_gate = hn::Mul(gate, hn::Sub(one, gate));
        store_first(hn::Mul(hn::Mul(flow, y), slope_of_gate), open + i, left);
        store_first(hn::Div(hn::Mul(flow, gate), divisor), dn_row + i, left);
        store_first(y, y_row + i, left);
      }
      const float d_total = -dot(dn_row, y_row, size);
      d_inner[t] = 0.0F;
      if (std::abs(inner[t]) >= total[t]) d_inner[t] = inner[t] < 0.0F ? -d_total : d_total;
      multiply_row(dn_row, inter[t], size, d_inter + t * size);
    }
  }

  // By the pairs: of q, k and v, and of the logarithms of their gates, summed both ways.
  HWY_INLINE void pair_gradients() const {
    pair_products(d_numerator, v, d_pairs);
    for (std::int64_t t = 0; t < count; ++t) {
      float* d_row = d_pairs + t * run.chunk;
      float* gate = gates + t * run.chunk;
      const float* pair = pairs + t * run.chunk;
      const Vector by_total = hn::Set(tag, d_inner[t]);
      const std::int64_t end = columns_of(t / pair_rows * pair_rows);
      for (std::int64_t s = 0; s < end; s += lanes) {
        const std::int64_t left = end - s;
        const Vector d = hn::Add(load_first(d_row + s, left), by_total);
        store_first(hn::Mul(d, load_first(gate + s, left)), d_row + s, left);
        store_first(hn::Mul(d, load_first(pair + s, left)), gate + s, left);
      }
    }
    add_seen(d_pairs, k, Start::zero, dq);
    add_shown(d_pairs, q, dk);
    add_shown(pairs, d_numerator, dv);
    sum_rows(gates, row_sums);
    std::memset(column_sums, 0, static_cast<std::size_t>(count) * sizeof(float));
    for_pair_rows([&](std::int64_t row, std::int64_t rows, std::int64_t columns) {
      kernels::add_rows(columns, rows, gates + row * run.chunk, run.chunk, column_sums);
    });
  }

  // By the state before the chunk, and by way of the state after it, whose gradient becomes that of
  // the state before.
  HWY_INLINE void state_gradients(const Memory& before, const Memory& flow) const {
    kernels::pack(size, size, before.c, size, true, packed);
    kernels::gemm_packed(count, size, size, d_inter, size, packed, dq, size, Start::accumulate);
    kernels::pack(size, size, flow.c, size, true, packed);
    kernels::gemm_packed(count, size, size, v, size, packed, d_weighted, size, Start::row, flow.n);
    kernels::gemm(count, size, size, weighted, size, flow.c, size, dv, size, Start::accumulate);
    for (std::int64_t s = 0; s < count; ++s) {
      d_weights[s] = dot(weighted + s * size, d_weighted + s * size, size);
      add_row(d_weighted + s * size, last[s], size, dk + s * size);
    }
    const float kept_share = inter[count - 1];
    d_gates[0] = kept_share *
                 (dots(flow.c, before.c, size, size) + dot(flow.n, before.n, size));  // at the end
    multiply_row(flow.c, kept_share, size * size, flow.c);
    kernels::gemm_outer(size, size, count, q, size, d_inter, size, flow.c, size);
    multiply_row(flow.n, kept_share, size, flow.n);
    for (std::int64_t t = 0; t < count; ++t) {
      const float d_query = inter[t] * d_inner[t];
      add_row(before.n, d_query, size, dq + t * size);
      add_row(q + t * size, d_query, size, flow.n);
    }
  }

  // From the gradients of the logarithms of gates to those of the gates.
  HWY_INLINE void gate_gradients(float stabilizer_before, float& d_stabilizer) const {
    double after = static_cast<double>(d_gates[0]);
    for (std::int64_t s = 0; s < count; ++s) after += static_cast<double>(d_weights[s]);
    for (std::int64_t t = count; t-- > 0;) {
      const double by_inter =
          static_cast<double>(dot(d_numerator + t * size, inter_part + t * size, size)) +
          static_cast<double>(d_inner[t]) * static_cast<double>(query[t]);
      const double own = static_cast<double>(column_sums[t]) + static_cast<double>(d_weights[t]);
      after += static_cast<double>(row_sums[t]) + by_inter - own;
      float d_input = static_cast<float>(own);
      double d_log = after;
      // What the stabilizer of the end hands on, to the larger of the two.
      const float m = t > 0 ? stabilizer[t - 1] : stabilizer_before;
      if (log_forget[t] + m < input[t]) {
        d_input += d_stabilizer;
        d_stabilizer = 0.0F;
      } else {
        d_log += static_cast<double>(d_stabilizer);
      }
      input_gate(steps[t]) = d_input;
      forget_gate(steps[t]) = static_cast<float>(d_log) * slope[t];
    }
  }

  HWY_INLINE void backward_chunk(const Memory& before, const float* d_hidden, const Memory& flow,
                                 float& d_stabilizer) const {
    const std::size_t bytes = static_cast<std::size_t>(count * size) * sizeof(float);
    gather();
    make_gates(*before.m);
    make_outputs(before);
    std::memcpy(inter_part, numerator, bytes);
    finish_outputs(before);
    output_gradients(d_hidden);
    std::memset(dk, 0, bytes);
    std::memset(dv, 0, bytes);
    pair_gradients();
    state_gradients(before, flow);
    gate_gradients(*before.m, d_stabilizer);
    for (std::int64_t i = 0; i < count; ++i) {
      std::memcpy(block(steps[i], 0), dq + i * size,
                  static_cast<std::size_t>(size) * sizeof(float));
      multiply_row(dk + i * size, scale, size, block(steps[i], 1));
      std::memcpy(block(steps[i], 2), dv + i * size,
                  static_cast<std::size_t>(size) * sizeof(float));
    }
  }

  HWY_INLINE void clear(std::int64_t t) const {
    for (std::int64_t which = 0; which < 4; ++which)
      std::memset(block(t, which), 0, static_cast<std::size_t>(size) * sizeof(float));
    input_gate(t) = forget_gate(t) = 0.0F;
  }

  HWY_INLINE void backward(const MlstmGradient<float>& gradient) {
    const Memory flow{gradient.memory + head * size * size, gradient.normalizer + head * size,
                      gradient.stabilizer + head};
    Memory after = state();
    // h does not depend on how much of C and n is in m. What the states at the end say of it goes
    // its own way, to whatever the last m came from.
    float d_stabilizer = *flow.m - dots(flow.c, after.c, size, size) - dot(flow.n, after.n, size);
    std::int64_t counted = 0;
    for (std::int64_t t = 0; t < run.steps; ++t) counted += counts(t) ? 1 : 0;
    std::int64_t t = run.steps;
    for (std::int64_t chunk = pieces_of(counted, run.chunk); chunk-- > 0;) {
      count = smaller(run.chunk, counted - chunk * run.chunk);
      for (std::int64_t i = count; i > 0;) {
        if (counts(--t)) {
          steps[--i] = t;
        } else {
          clear(t);
        }
      }
      after = kept(chunk);
      backward_chunk(after, gradient.hidden, flow, d_stabilizer);
    }
    while (t > 0) clear(--t);
    *flow.m = d_stabilizer + dots(flow.c, after.c, size, size) + dot(flow.n, after.n, size);
  }
};

// Step by step.
struct StepHead : Head {
  HWY_INLINE StepHead(const Mlstm<float>& the_run, std::int64_t the_head)
      : Head(the_run, the_head, false) {}

  HWY_INLINE void step(std::int64_t t, const Memory& now, float* h) const {
    log_forgets(run.exponential_forget, &forget_gate(t), 1, log_forget, slope);
    const float carried = log_forget[0] + *now.m;
    const float zi = input_gate(t);
    const float m = carried < zi ? zi : carried;
    log_forget[0] = carried - m;
    slope[0] = zi - m;
    exponentials(log_forget, 1);
    exponentials(slope, 1);
    const Vector forget = hn::Set(tag, log_forget[0]);
    *now.m = m;
    multiply_row(block(t, 1), scale, size, k);
    multiply_row(k, slope[0], size, k);
    multiply_row(now.n, log_forget[0], size, now.n);
    add_row(k, 1.0F, size, now.n);
    const float absolute = std::abs(dot(now.n, block(t, 0), size));
    const float bound = least_total(m);
    const Vector divisor = hn::Set(tag, absolute > bound ? absolute : bound);
    const float* query_of = block(t, 0);
    const float* value = block(t, 2);
    const float* open = block(t, 3);
    constexpr std::int64_t together = 4;
    for (std::int64_t j = 0; j < size; j += together * lanes) {
      Vector sum[together];
      Vector values[together];
      CHRONICLER_UNROLL
      for (std::int64_t u = 0; u < together; ++u) {
        sum[u] = hn::Zero(tag);
        const std::int64_t left = size - j - u * lanes;
        values[u] = left > 0 ? load_first(value + j + u * lanes, left) : hn::Zero(tag);
      }
      for (std::int64_t i = 0; i < size; ++i) {
        const Vector key = hn::Set(tag, k[i]);
        const Vector asked = hn::Set(tag, query_of[i]);
        float* row = now.c + i * size + j;
        CHRONICLER_UNROLL
        for (std::int64_t u = 0; u < together; ++u) {
          const std::int64_t left = size - j - u * lanes;
          if (left <= 0) continue;
          const Vector c =
              hn::MulAdd(key, values[u], hn::Mul(forget, load_first(row + u * lanes, left)));
          store_first(c, row + u * lanes, left);
          sum[u] = hn::MulAdd(asked, c, sum[u]);
        }
      }
      CHRONICLER_UNROLL
      for (std::int64_t u = 0; u < together; ++u) {
        const std::int64_t left = size - j - u * lanes;
        if (left <= 0) continue;
        const Vector gate = sigmoid_of(load_first(open + j + u * lanes, left));
        store_first(hn::Mul(gate, hn::Div(sum[u], divisor)), h + j + u * lanes, left);
      }
    }
  }

  HWY_INLINE void forward_steps() const {
    const Memory now = state();
    float* h = run.hidden_state + head * size;
    for (std::int64_t t = 0; t < run.steps; ++t) {
      if (counts(t)) step(t, now, h);
      if (run.hidden == nullptr) continue;
      std::memcpy(run.hidden + t * run.units + head * size, h,
                  static_cast<std::size_t>(size) * sizeof(float));
    }
  }
};

void MlstmSteps(const Mlstm<float>& run, std::int64_t head) { StepHead(run, head).forward_steps(); }
void MlstmForward(const Mlstm<float>& run, std::int64_t head) { ForwardHead(run, head).forward(); }
void MlstmBackward(const Mlstm<float>& run, const MlstmGradient<float>& gradient,
                   std::int64_t head) {
  BackwardHead(run, head).backward(gradient);
}
std::int64_t MlstmScratch(std::int64_t units, std::int64_t heads, std::int64_t chunk,
                          bool backward) {
  Mlstm<float> run;
  run.units = units;
  run.heads = heads;
  run.chunk = chunk;
  return Head(run, 0, backward).numbers;
}

}  // namespace mlstm_cell

using mlstm_cell::MlstmBackward;
using mlstm_cell::MlstmForward;
using mlstm_cell::MlstmScratch;
using mlstm_cell::MlstmSteps;

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(MlstmSteps);
CHRONICLER_EXPORT(MlstmForward);
CHRONICLER_EXPORT(MlstmBackward);
CHRONICLER_EXPORT(MlstmScratch);

template <>
void mlstm_steps(const Mlstm<float>& run, std::int64_t head) {
  CHRONICLER_DISPATCH(MlstmSteps)(run, head);
}
template <>
void mlstm_forward(const Mlstm<float>& run, std::int64_t head) {
  CHRONICLER_DISPATCH(MlstmForward)(run, head);
}
template <>
void mlstm_backward(const Mlstm<float>& run, const MlstmGradient<float>& gradient,
                    std::int64_t head) {
  CHRONICLER_DISPATCH(MlstmBackward)(run, gradient, head);
}
template <>
std::int64_t mlstm_scratch<float>(std::int64_t units, std::int64_t heads, std::int64_t chunk,
                                  bool backward) {
  return CHRONICLER_DISPATCH(MlstmScratch)(units, heads, chunk, backward);
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
