// The fast mLSTM: the contract is kernels/mlstm.h, the readable twin reference/mlstm.h. Products of
// matrices are kernels/gemm.h's; here is what lies between them.
#include "kernels/mlstm.h"

#include <cmath>
#include <cstring>

#include "kernels/gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/mlstm.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/cells-inl.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {
namespace mlstm_cell {

// Rows of the matrix of pairs that are worked on together: pairs of a step and a later one count
// for nothing, and nothing is computed for most of them.
constexpr std::int64_t pair_rows = 16;
constexpr float most_exponent = 86.0F;

// ---- Rows of numbers

HWY_INLINE void multiply_row(const float* from, float factor, std::int64_t size, float* to) {
  const Vector f = hn::Set(tag, factor);
  for (std::int64_t i = 0; i < size; i += lanes)
    store_first(hn::Mul(f, load_first(from + i, size - i)), to + i, size - i);
}
// to += factor from
HWY_INLINE void add_row(const float* from, float factor, std::int64_t size, float* to) {
  const Vector f = hn::Set(tag, factor);
  for (std::int64_t i = 0; i < size; i += lanes) {
    const Vector sum = hn::MulAdd(f, load_first(from + i, size - i), load_first(to + i, size - i));
    store_first(sum, to + i, size - i);
  }
}
HWY_INLINE void exponentials(float* row, std::int64_t size) {
  for (std::int64_t i = 0; i < size; i += lanes)
    store_first(fine_exp_of(load_first(row + i, size - i)), row + i, size - i);
}
HWY_INLINE float dot(const float* a, const float* b, std::int64_t size) {
  float sum = 0.0F;
  kernels::gemv(1, size, a, size, b, 0.0F, &sum);
  return sum;
}
HWY_INLINE float dots(const float* a, const float* b, std::int64_t rows, std::int64_t size) {
  float sum = 0.0F;
  for (std::int64_t row = 0; row < rows; ++row) sum += dot(a + row * size, b + row * size, size);
  return sum;
}

// l of each forget gate, and dl/dzf.
HWY_INLINE void log_forgets(bool exponential, const float* z, std::int64_t count, float* logs,
                            float* slopes) {
  for (std::int64_t i = 0; i < count; i += lanes) {
    const Vector zf = load_first(z + i, count - i);
    const ForgetLog forget(exponential, zf);
    store_first(forget.log, logs + i, count - i);
    store_first(forget.slope, slopes + i, count - i);
  }
}

// e^-m, but not beyond what a number holds: there, h is 0.
HWY_INLINE float least_total(float stabilizer) {
  const Vector exponent = at_most(most_exponent, hn::Neg(hn::Set(tag, stabilizer)));
  return hn::GetLane(fine_exp_of(exponent));
}

// ---- One head of a run

struct Memory {
  float* c;
  float* n;
  float* m;
};

// One head: where its numbers lie, and room for a chunk.
struct Head {
  const Mlstm<float>& run;
  std::int64_t head;
  std::int64_t size;   // D
  std::int64_t width;  // W
  float scale;
  // [L][D], of the steps of a chunk that count; k with 1 / sqrt(D)
  float *q, *k, *v, *numerator, *weighted;
  float *pairs, *gates;  // [L][L]  what a step sees of each before it; its gate alone
  float* packed;
  // [L]
  float *log_forget, *slope, *input, *stabilizer, *inter, *last, *query, *inner, *total, *ones;
  double* sums;         // b, the sum of l from the chunk's first step on
  std::int64_t* steps;  // which they are
  std::int64_t count = 0;
  // Backward: [L][D], and [L][L]
  float *inter_part, *d_numerator, *d_inter, *dq, *dk, *dv, *d_weighted, *d_pairs;
  float *d_inner, *row_sums, *column_sums, *d_weights, *d_gates;
  std::int64_t numbers;  // of scratch

  HWY_INLINE Head(const Mlstm<float>& the_run, std::int64_t the_head, bool backward)
      : run(the_run),
        head(the_head),
        size(the_run.units / the_run.heads),
        width(mlstm_width(the_run.units, the_run.heads)),
        scale(1.0F / std::sqrt(static_cast<float>(size))) {
    const std::int64_t chunk = run.chunk;
    numbers = 0;
    const auto room = [&](std::int64_t count_of) {
      float* at = run.scratch == nullptr ? nullptr : run.scratch + numbers;
      numbers += (count_of + 15) / 16 * 16;
      return at;
    };
    for (float** block : {&q, &k, &v, &numerator, &weighted}) *block = room(chunk * size);
    for (float** block : {&pairs, &gates}) *block = room(chunk * chunk);
    for (float** row :
         {&log_forget, &slope, &input, &stabilizer, &inter, &last, &query, &inner, &total, &ones})
      *row = room(chunk);
    packed = room(
        larger(kernels::packed_size<float>(size, chunk), kernels::packed_size<float>(size, size)));
    sums = reinterpret_cast<double*>(room(2 * chunk));
    steps = reinterpret_cast<std::int64_t*>(room(2 * chunk));
    if (!backward) return;
    for (float** block : {&inter_part, &d_numerator, &d_inter, &dq, &dk, &dv, &d_weighted})
      *block = room(chunk * size);
    d_pairs = room(chunk * chunk);
    for (float** row : {&d_inner, &row_sums, &column_sums, &d_weights, &d_gates})
      *row = room(chunk);
  }

  HWY_INLINE bool counts(std::int64_t t) const {
    return run.uses == nullptr || run.uses[t] == StepUse::counts;
  }
  HWY_INLINE float* block(std::int64_t t, std::int64_t which) const {
    return run.gates + t * width + which * run.units + head * size;
  }
  HWY_INLINE float& input_gate(std::int64_t t) const {
    return run.gates[t * width + 4 * run.units + head];
  }
  HWY_INLINE float& forget_gate(std::int64_t t) const { return (&input_gate(t))[run.heads]; }
  HWY_INLINE Memory state() const {
    return {run.memory + head * size * size, run.normalizer + head * size, run.stabilizer + head};
  }
  HWY_INLINE Memory kept(std::int64_t chunk) const {
    const std::int64_t chunks = pieces_of(run.steps, run.chunk);
    float* at = run.kept + (head * chunks + chunk) * (size * size + size + 1);
    return {at, at + size * size, at + size * size + size};
  }
  HWY_INLINE void copy(const Memory& from, const Memory& to) const {
    std::memcpy(to.c, from.c, static_cast<std::size_t>(size * size) * sizeof(float));
    std::memcpy(to.n, from.n, static_cast<std::size_t>(size) * sizeof(float));
    *to.m = *from.m;
  }

  // ---- What forward and backward of a chunk have in common

  // The chunk's numbers, one step after the other.
  HWY_INLINE void gather() const {
    const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(float);
    for (std::int64_t i = 0; i < count; ++i) {
      std::memcpy(q + i * size, block(steps[i], 0), bytes);
      multiply_row(block(steps[i], 1), scale, size, k + i * size);
      std::memcpy(v + i * size, block(steps[i], 2), bytes);
      input[i] = input_gate(steps[i]);
      log_forget[i] = forget_gate(steps[i]);
      ones[i] = 1.0F;
    }
    log_forgets(run.exponential_forget, log_forget, count, log_forget, slope);
  }

  // m after each step, and the gates: what is left of each step at a later one, of what came before
  // the chunk at each step (inter), and of each step at the end (last).
  HWY_INLINE void make_gates(float stabilizer_before) const {
    double sum = 0.0;
    float before = stabilizer_before;
    for (std::int64_t i = 0; i < count; ++i) {
      sum += static_cast<double>(log_forget[i]);
      sums[i] = sum;
      const float carried = log_forget[i] + before;
      before = stabilizer[i] = carried < input[i] ? input[i] : carried;
      inter[i] = static_cast<float>(sum + static_cast<double>(stabilizer_before) -
                                    static_cast<double>(before));
    }
    exponentials(inter, count);
    // Exponents in two parts: their differences would lose what large sums have in common.
    float* high = query;
    float* low = inner;
    for (std::int64_t i = 0; i < count; ++i) {
      const double column = static_cast<double>(input[i]) - sums[i];
      high[i] = static_cast<float>(column);
      low[i] = static_cast<float>(column - static_cast<double>(high[i]));
    }
    for (std::int64_t t = 0; t < count; ++t) {
      const double exact = sums[t] - static_cast<double>(stabilizer[t]);
      const auto row_high = static_cast<float>(exact);
      const Vector first = hn::Set(tag, row_high);
      const Vector second = hn::Set(tag, static_cast<float>(exact - static_cast<double>(row_high)));
      float* row = gates + t * run.chunk;
      for (std::int64_t s = 0; s <= t; s += lanes) {
        const std::int64_t left = t + 1 - s;
        const Vector exponent = hn::Add(hn::Add(first, load_first(high + s, left)),
                                        hn::Add(second, load_first(low + s, left)));
        store_first(fine_exp_of(at_most(0.0F, exponent)), row + s, left);
      }
      const std::int64_t end = columns_of(t / pair_rows * pair_rows);
      for (std::int64_t s = t + 1; s < end; ++s) row[s] = 0.0F;
    }
    std::memcpy(last, gates + (count - 1) * run.chunk,
                static_cast<std::size_t>(count) * sizeof(float));
  }

  // Steps that rows of the matrix of pairs from `row` on may see.
  HWY_INLINE std::int64_t columns_of(std::int64_t row) const {
    return smaller(count, row + pair_rows);
  }
  template <class Function>
  HWY_INLINE void for_pair_rows(const Function& function) const {
    for (std::int64_t row = 0; row < count; row += pair_rows)
      function(row, smaller(pair_rows, count - row), columns_of(row));
  }

  // out[t][s] = a_t b_s for pairs of a step and one before it.
  HWY_INLINE void pair_products(const float* a, const float* b, float* out) const {
    kernels::pack(size, count, b, size, true, packed);
    for_pair_rows([&](std::int64_t row, std::int64_t rows, std::int64_t columns) {
      kernels::gemm_packed(rows, columns, size, a + row * size, size, packed, out + row * run.chunk,
                           run.chunk, Start::zero);
    });
  }
  // out[t] (+)= sum over s of weights[t][s] b_s
  HWY_INLINE void add_seen(const float* weights, const float* b, Start start, float* out) const {
    for_pair_rows([&](std::int64_t row, std::int64_t rows, std::int64_t columns) {
      kernels::gemm(rows, size, columns, weights + row * run.chunk, run.chunk, b, size,
                    out + row * size, size, start);
    });
  }
  // out[s] += sum over t of weights[t][s] b_t
  HWY_INLINE void add_shown(const float* weights, const float* b, float* out) const {
    for (std::int64_t s = 0; s < count; s += pair_rows) {
      kernels::gemm_outer(smaller(pair_rows, count - s), size, count - s,
                          weights + s * run.chunk + s, run.chunk, b + s * size, size,
                          out + s * size, size);
    }
  }
  HWY_INLINE void sum_rows(const float* weights, float* out) const {
    for_pair_rows([&](std::int64_t row, std::int64_t rows, std::int64_t columns) {
      kernels::gemv(rows, columns, weights + row * run.chunk, run.chunk, ones, 0.0F, out + row);
    });
  }

  // Numerators, and what they are divided by.
  HWY_INLINE void make_outputs(const Memory& before) const {
    pair_products(q, k, pairs);
    for (std::int64_t t = 0; t < count; ++t) {
      float* row = pairs + t * run.chunk;
      const float* gate = gates + t * run.chunk;
      const std::int64_t end = columns_of(t / pair_rows * pair_rows);
      for (std::int64_t s = 0; s < end; s += lanes) {
        store_first(hn::Mul(load_first(row + s, end - s), load_first(gate + s, end - s)), row + s,
                    end - s);
      }
    }
    kernels::gemm(count, size, size, q, size, before.c, size, numerator, size, Start::zero);
    for (std::int64_t t = 0; t < count; ++t)
      multiply_row(numerator + t * size, inter[t], size, numerator + t * size);
  }
  HWY_INLINE void finish_outputs(const Memory& before) const {
    add_seen(pairs, v, Start::accumulate, numerator);
    kernels::gemv(count, size, q, size, before.n, 0.0F, query);
    sum_rows(pairs, inner);
    for (std::int64_t t = 0; t < count; ++t) {
      query[t] *= inter[t];
      inner[t] += query[t];
      const float bound = least_total(stabilizer[t]);
      const float absolute = std::abs(inner[t]);
      total[t] = absolute > bound ? absolute : bound;
    }
    for (std::int64_t s = 0; s < count; ++s)
      multiply_row(k + s * size, last[s], size, weighted + s * size);
  }

  // ---- Forward

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

  // ---- Backward

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

  // ---- Step by step

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

void MlstmSteps(const Mlstm<float>& run, std::int64_t head) {
  Head(run, head, false).forward_steps();
}
void MlstmForward(const Mlstm<float>& run, std::int64_t head) { Head(run, head, false).forward(); }
void MlstmBackward(const Mlstm<float>& run, const MlstmGradient<float>& gradient,
                   std::int64_t head) {
  Head(run, head, true).backward(gradient);
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
