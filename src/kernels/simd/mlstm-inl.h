// What the ways through an mLSTM have in common: where one head's numbers lie, rows of numbers, and
// a chunk's gates and outputs.
#if defined(CHRONICLER_KERNELS_SIMD_MLSTM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHRONICLER_KERNELS_SIMD_MLSTM_INL_H_
#undef CHRONICLER_KERNELS_SIMD_MLSTM_INL_H_
#else
#define CHRONICLER_KERNELS_SIMD_MLSTM_INL_H_
#endif

#include <cmath>
#include <cstring>

#include "hwy/highway.h"

#include "kernels/gemm.h"
#include "kernels/mlstm.h"
#include "kernels/simd/cells-inl.h"
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
};

}  // namespace mlstm_cell
}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#endif
