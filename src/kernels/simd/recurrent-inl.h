// What the fast cells share: which rows take part in a step, where their numbers lie, and the
// products that do not depend on the cell.
#if defined(CHRONICLER_KERNELS_SIMD_RECURRENT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHRONICLER_KERNELS_SIMD_RECURRENT_INL_H_
#undef CHRONICLER_KERNELS_SIMD_RECURRENT_INL_H_
#else
#define CHRONICLER_KERNELS_SIMD_RECURRENT_INL_H_
#endif

#include <cstring>

#include "hwy/highway.h"

#include "kernels/recurrence.h"
#include "kernels/simd/tile-inl.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

using Run = Recurrence<float>;
using Gradient = RecurrenceGradient<float>;

// Rows that are worked on together: enough for a panel to be worth loading, few enough for the
// stack.
inline constexpr std::int64_t group_rows = 64;

// ---- Where things are

HWY_INLINE bool is_masked(const Run& run, std::int64_t t, std::int64_t n) {
  return run.mask != nullptr && run.mask[t * run.rows + n] == 0;
}
// The states before step s, after step s - 1.
HWY_INLINE float* state_at(const Run& run, float* states, std::int64_t s, std::int64_t n) {
  return states + (s % run.state_slots * run.rows + n) * run.units;
}
// Tape or preactivations of a cell that keeps `blocks` blocks; null stays null.
HWY_INLINE float* tape_at(const Run& run, float* tape, std::int64_t blocks, std::int64_t t,
                          std::int64_t n) {
  if (tape == nullptr) return nullptr;
  return tape + (t % run.tape_slots * run.rows + n) * blocks * run.units;
}
HWY_INLINE std::int64_t unit_blocks(const Run& run) { return pieces_of(run.units, lanes); }

// The rows of a group that take part in a step.
struct ActiveRows {
  std::int64_t count = 0;
  std::int64_t index[group_rows];
};

HWY_INLINE Range all_units(const Run& run) { return {0, run.units}; }
// The units of a share: whole panels, so that what a share reads is its own.
HWY_INLINE Range units_of(const Run& run, Share share, std::int64_t panel_width) {
  const std::int64_t panels = pieces_of(run.units, panel_width);
  return {smaller(run.units, panels * share.index / share.count * panel_width),
          smaller(run.units, panels * (share.index + 1) / share.count * panel_width)};
}

// Those of `rows` (at most group_rows) that step t does not mask. Some units of the states of the
// others, h and the LSTM's c, are passed on.
HWY_INLINE void collect_and_pass_on(const Run& run, std::int64_t t, Range rows, Range units,
                                    ActiveRows& active) {
  active.count = 0;
  for (std::int64_t n = rows.begin; n < rows.end; ++n) {
    if (!is_masked(run, t, n)) {
      active.index[active.count++] = n;
      continue;
    }
    const std::size_t bytes = static_cast<std::size_t>(units.size()) * sizeof(float);
    std::memcpy(state_at(run, run.hidden, t + 1, n) + units.begin,
                state_at(run, run.hidden, t, n) + units.begin, bytes);
    if (run.cell != nullptr) {
      std::memcpy(state_at(run, run.cell, t + 1, n) + units.begin,
                  state_at(run, run.cell, t, n) + units.begin, bytes);
    }
  }
}

// ---- Panels: weights laid out for the tiles

// [block][k][gate][lanes]: what the sums of one block of units read one after the other.
HWY_INLINE std::int64_t gate_panels_size(const Run& run, std::int64_t k, std::int64_t gates) {
  return unit_blocks(run) * k * gates * lanes;
}
HWY_INLINE void pack_gate_panels(const Run& run, std::int64_t k, std::int64_t gates,
                                 const float* weights, float* packed, Share share) {
  const std::int64_t ld = gates * run.units;
  for (std::int64_t block = share.index; block < unit_blocks(run); block += share.count) {
    float* to = packed + block * k * gates * lanes;
    const std::int64_t count = run.units - block * lanes;
    for (std::int64_t i = 0; i < k; ++i) {
      for (std::int64_t gate = 0; gate < gates; ++gate) {
        const float* from = weights + i * ld + gate * run.units + block * lanes;
        hn::StoreU(load_first(from, count), tag, to);
        to += lanes;
      }
    }
  }
}

// W^T, [G*U][columns], for products with gate gradients: pack_panels of panels share.index,
// share.index + share.count ...
HWY_INLINE void pack_transposed_share(std::int64_t k, std::int64_t columns, const float* weights,
                                      float* packed, Share share) {
  const std::int64_t panels = pieces_of(columns, panel_columns);
  for (std::int64_t panel = share.index; panel < panels; panel += share.count) {
    const std::int64_t begin = panel * panel_columns;
    pack_panels(k, smaller(panel_columns, columns - begin), weights + begin * k, k, true,
                packed + begin * k);
  }
}

// ---- Dropout: copies of what a row puts in, times its factors

// to[gate][i] = from[i] * factors(gate)[i], for `gates` blocks of factors that lie `stride` numbers
// apart.
HWY_INLINE void drop(const float* from, const float* factors, std::int64_t stride,
                     std::int64_t gates, std::int64_t size, float* to) {
  for (std::int64_t gate = 0; gate < gates; ++gate) {
    for (std::int64_t i = 0; i < size; i += lanes) {
      const Vector value = hn::Mul(load_first(from + i, size - i),
                                   load_first(factors + gate * stride + i, size - i));
      store_first(value, to + gate * size + i, size - i);
    }
  }
}

HWY_INLINE std::int64_t dropped_input_size(const Run& run) {
  return run.input_dropout == nullptr ? 0 : run.input_dropout_blocks * run.features;
}
HWY_INLINE std::int64_t dropped_hidden_size(const Run& run, std::int64_t gates) {
  return run.recurrent_dropout == nullptr ? 0 : gates * run.units;
}
HWY_INLINE std::int64_t dropout_scratch(const Run& run, std::int64_t gates) {
  return dropped_input_size(run) + dropped_hidden_size(run, gates);
}

// What the active rows of a step put into the sums: x and h', or their dropped copies.
struct StepInputs {
  const float* x[group_rows];
  const float* hidden[group_rows];
  std::int64_t x_gate_stride = 0;
  std::int64_t hidden_gate_stride = 0;

  HWY_INLINE StepInputs(const Run& run, std::int64_t t, const ActiveRows& active,
                        std::int64_t gates, std::int64_t row_scratch) {
    if (run.input_dropout != nullptr && run.input_dropout_blocks > 1) x_gate_stride = run.features;
    if (run.recurrent_dropout != nullptr) hidden_gate_stride = run.units;
    for (std::int64_t i = 0; i < active.count; ++i) {
      const std::int64_t n = active.index[i];
      x[i] = run.x.at(t, n);
      hidden[i] = state_at(run, run.hidden, t, n);
      float* scratch = run.scratch + n * row_scratch;
      if (run.input_dropout != nullptr) {
        drop(x[i], run.input_dropout + n * run.features, run.rows * run.features,
             run.input_dropout_blocks, run.features, scratch);
        x[i] = scratch;
        scratch += dropped_input_size(run);
      }
      if (run.recurrent_dropout != nullptr) {
        drop(hidden[i], run.recurrent_dropout + n * run.units, run.rows * run.units, gates,
             run.units, scratch);
        hidden[i] = scratch;
      }
    }
  }
};

// ---- The sums of all gates for one block of units

// Four sums a unit: LSTM i f c o; GRU z r and the two parts of the candidate.
inline constexpr int gate_sums = 4;

// out[row][sum][lanes] = start + x W + h' U. Gates is that of a panel: with 3 (GRU), the last
// vector of the input's panel goes to sum 2, that of the recurrent one to sum 3. A start of row
// stride 0 is the same for all rows.
template <int Rows, int Gates>
HWY_NOINLINE void sum_gates_of_rows(const Term& x, const Term& hidden, const float* start,
                                    std::int64_t start_stride, float* out) {
  constexpr int last_of_hidden = gate_sums - 1;
  constexpr int last_of_x = Gates - 1;
  if constexpr (tile_vectors >= gate_sums) {
    Vector acc[Rows][gate_sums];
    CHRONICLER_UNROLL
    for (int row = 0; row < Rows; ++row) {
      CHRONICLER_UNROLL
      for (int v = 0; v < gate_sums; ++v) {
        acc[row][v] = hn::LoadU(tag, start + row * start_stride + v * lanes);
      }
    }
    add_term<Rows, Gates, gate_sums, last_of_x>(x, acc);
    add_term<Rows, Gates, gate_sums, last_of_hidden>(hidden, acc);
    CHRONICLER_UNROLL
    for (int row = 0; row < Rows; ++row) {
      CHRONICLER_UNROLL
      for (int v = 0; v < gate_sums; ++v) {
        hn::StoreU(acc[row][v], tag, out + (row * gate_sums + v) * lanes);
      }
    }
  } else {
    // Two sums at a time.
    CHRONICLER_UNROLL
    for (int half = 0; half < 2; ++half) {
      Vector acc[Rows][2];
      CHRONICLER_UNROLL
      for (int row = 0; row < Rows; ++row) {
        CHRONICLER_UNROLL
        for (int v = 0; v < 2; ++v) {
          acc[row][v] = hn::LoadU(tag, start + row * start_stride + (half * 2 + v) * lanes);
        }
      }
      const Term x_half = from_vector(x, half * 2);
      const Term hidden_half = from_vector(hidden, half * 2);
      if (half == 0 || Gates == 4) {
        add_term<Rows, 2, 2, 1>(x_half, acc);
        add_term<Rows, 2, 2, 1>(hidden_half, acc);
      } else {
        add_term<Rows, 1, 2, 0>(x_half, acc);
        add_term<Rows, 1, 2, 1>(hidden_half, acc);
      }
      CHRONICLER_UNROLL
      for (int row = 0; row < Rows; ++row) {
        CHRONICLER_UNROLL
        for (int v = 0; v < 2; ++v) {
          hn::StoreU(acc[row][v], tag, out + (row * gate_sums + half * 2 + v) * lanes);
        }
      }
    }
  }
}

template <int Gates>
HWY_INLINE void sum_gates(int rows, const Term& x, const Term& hidden, const float* start,
                          std::int64_t start_stride, float* out) {
  switch (rows) {
    case 1:
      return sum_gates_of_rows<1, Gates>(x, hidden, start, start_stride, out);
    case 2:
      return sum_gates_of_rows<2, Gates>(x, hidden, start, start_stride, out);
    case 3:
      return sum_gates_of_rows<3, Gates>(x, hidden, start, start_stride, out);
    case 4:
      return sum_gates_of_rows<4, Gates>(x, hidden, start, start_stride, out);
    case 5:
      return sum_gates_of_rows<5, Gates>(x, hidden, start, start_stride, out);
    default:
      return sum_gates_of_rows<6, Gates>(x, hidden, start, start_stride, out);
  }
}

// ---- ... where each gate meets numbers of its own

// acc[row][v] += sum_k rows[row][k] panel[k][v], for vectors v that lie in blocks of units.
template <int Rows, int Vectors>
HWY_INLINE void accumulate_blocks(const float* const* from, std::int64_t offset, std::int64_t k_end,
                                  const float* HWY_RESTRICT panel, std::int64_t stride,
                                  std::int64_t block_stride, Vector (&acc)[Rows][Vectors]) {
  const float* rows[Rows];
  CHRONICLER_UNROLL
  for (int row = 0; row < Rows; ++row) rows[row] = from[row] + offset;
  for (std::int64_t k = 0; k < k_end; ++k) {
    Vector column[Vectors];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) column[v] = hn::LoadU(tag, panel + v * block_stride);
    panel += stride;
    CHRONICLER_UNROLL
    for (int row = 0; row < Rows; ++row) {
      const Vector factor = hn::Set(tag, rows[row][k]);
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) acc[row][v] = hn::MulAdd(factor, column[v], acc[row][v]);
    }
  }
}

// The sums of sum_gates_of_rows for Vectors blocks of units, gate by gate: out[block][tile
// row][sum][lanes]. The terms' panels are those of the first block.
template <int Rows, int Vectors, int Gates>
HWY_NOINLINE void sum_gates_apart(const Term& x, const Term& hidden, const float* start,
                                  float* out) {
  for (int sum = 0; sum < gate_sums; ++sum) {
    Vector acc[Rows][Vectors];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const Vector begin = hn::LoadU(tag, start + (v * gate_sums + sum) * lanes);
      CHRONICLER_UNROLL
      for (int row = 0; row < Rows; ++row) acc[row][v] = begin;
    }
    // With three gates, x's part of the last goes to sum 2 and h's to sum 3.
    const std::int64_t gate = sum < Gates ? sum : Gates - 1;
    if (sum < Gates) {
      accumulate_blocks<Rows, Vectors>(x.rows, gate * x.gate_stride, x.k, x.panel + gate * lanes,
                                       x.panel_stride, x.k * x.panel_stride, acc);
    }
    if (sum < Gates - 1 || sum == gate_sums - 1) {
      accumulate_blocks<Rows, Vectors>(hidden.rows, gate * hidden.gate_stride, hidden.k,
                                       hidden.panel + gate * lanes, hidden.panel_stride,
                                       hidden.k * hidden.panel_stride, acc);
    }
    CHRONICLER_UNROLL
    for (int row = 0; row < Rows; ++row) {
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        hn::StoreU(acc[row][v], tag, out + ((v * tile_rows + row) * gate_sums + sum) * lanes);
      }
    }
  }
}

template <int Vectors, int Gates>
HWY_INLINE void sum_gates_apart(int rows, const Term& x, const Term& hidden, const float* start,
                                float* out) {
  switch (rows) {
    case 1:
      return sum_gates_apart<1, Vectors, Gates>(x, hidden, start, out);
    case 2:
      return sum_gates_apart<2, Vectors, Gates>(x, hidden, start, out);
    case 3:
      return sum_gates_apart<3, Vectors, Gates>(x, hidden, start, out);
    case 4:
      return sum_gates_apart<4, Vectors, Gates>(x, hidden, start, out);
    case 5:
      return sum_gates_apart<5, Vectors, Gates>(x, hidden, start, out);
    default:
      return sum_gates_apart<6, Vectors, Gates>(x, hidden, start, out);
  }
}

// How many of the blocks left are summed together: a full tile, or one.
HWY_INLINE std::int64_t blocks_together(const StepInputs& inputs, std::int64_t blocks_left) {
  const bool apart = inputs.x_gate_stride != 0 || inputs.hidden_gate_stride != 0;
  return apart && blocks_left >= tile_vectors ? tile_vectors : 1;
}
inline constexpr std::int64_t most_sums = tile_vectors * tile_rows * gate_sums * lanes;

// The sums of `together` blocks of units, of a tile of active rows: out[block][tile
// row][sum][lanes]. `begun`: the rows' sums with x (SumsAhead), [row][sum][lanes]; null: none.
template <int Gates>
HWY_INLINE void sum_blocks(std::int64_t together, int rows, const Term& x, const Term& hidden,
                           const float* bias, const float* begun, float* out) {
  if (begun != nullptr) {
    const Term no_x{x.rows, 0, x.panel, x.panel_stride};
    return sum_gates<Gates>(rows, no_x, hidden, begun, gate_sums * lanes, out);
  }
  if (together == 1) return sum_gates<Gates>(rows, x, hidden, bias, 0, out);
  sum_gates_apart<tile_vectors, Gates>(rows, x, hidden, bias, out);
}

// ---- Products with W ahead of the steps

HWY_INLINE bool has_no_dropout(const Run& run) {
  return run.input_dropout == nullptr && run.recurrent_dropout == nullptr;
}

// Pairs of steps and rows whose sums are begun together.
inline constexpr std::int64_t pairs_ahead = 128;
inline constexpr std::int64_t most_steps_ahead = 32;

// A matrix of more bytes is not taken to stay in the second-level cache.
inline constexpr std::int64_t most_cached = 512 * 1024;

// The number of steps whose products with W are made at once, before their turn comes; 0: each in
// its turn. A W that does not stay in the second-level cache would be fetched again at every step.
HWY_INLINE std::int64_t steps_ahead(const Run& run, std::int64_t gates) {
  const std::int64_t bytes =
      run.features * gates * run.units * static_cast<std::int64_t>(sizeof(float));
  if (!has_no_dropout(run) || bytes <= most_cached || run.rows > pairs_ahead / 2) return 0;
  return smaller(run.steps, smaller(most_steps_ahead, pairs_ahead / run.rows));
}
// Elements of scratch for each row.
HWY_INLINE std::int64_t ahead_scratch(const Run& run, std::int64_t gates) {
  return steps_ahead(run, gates) * unit_blocks(run) * gate_sums * lanes;
}

// The beginnings of sums, start + x W, of a group of rows that shares its scratch.
template <int Gates>
class SumsAhead {
 public:
  SumsAhead(const Run& run, const float* kernel, const float* start, Range rows, Range units)
      : run_(run),
        kernel_(kernel),
        start_(start),
        rows_(rows),
        units_(units),
        steps_(steps_ahead(run, Gates)),
        sums_(run.scratch + rows.begin * ahead_scratch(run, Gates)) {}

  // To be called at every step, in their order.
  HWY_INLINE void before(std::int64_t t) {
    if (steps_ != 0 && t % steps_ == 0) make(t);
  }
  // Those of the rows that take part in step t, from a certain one on, for a block of units:
  // [row][sum][lanes]. Null: none are made ahead.
  HWY_INLINE const float* at(std::int64_t t, std::int64_t block, std::int64_t row) const {
    if (steps_ == 0) return nullptr;
    return sums_of(block) + (first_[t % steps_] + row) * gate_sums * lanes;
  }

 private:
  HWY_INLINE float* sums_of(std::int64_t block) const {
    return sums_ + block * steps_ * rows_.size() * gate_sums * lanes;
  }

  HWY_INLINE void make(std::int64_t begin) {
    const float* x[pairs_ahead];
    std::int64_t count = 0;
    for (std::int64_t t = begin; t < smaller(run_.steps, begin + steps_); ++t) {
      first_[t - begin] = count;
      for (std::int64_t n = rows_.begin; n < rows_.end; ++n) {
        if (!is_masked(run_, t, n)) x[count++] = run_.x.at(t, n);
      }
    }
    constexpr std::int64_t panel = Gates * lanes;
    for (std::int64_t block = units_.begin / lanes; block < pieces_of(units_.end, lanes); ++block) {
      const float* kernel = kernel_ + block * run_.features * panel;
      for (std::int64_t pair = 0; pair < count;) {
        const int tile = next_tile(count - pair);
        sum_gates<Gates>(tile, {x + pair, run_.features, kernel, panel},
                         {x + pair, 0, kernel, panel}, start_ + block * gate_sums * lanes, 0,
                         sums_of(block) + pair * gate_sums * lanes);
        pair += tile;
      }
    }
  }

  const Run& run_;
  const float* kernel_;
  const float* start_;
  Range rows_;
  Range units_;
  std::int64_t steps_;
  float* sums_;
  std::int64_t first_[most_steps_ahead] = {};  // of each step's rows, among the pairs
};

// ---- Gradients

// The gradient by hidden(t): what came from the steps after it, and what comes from outside.
HWY_INLINE void meet_output_gradient(const Run& run, const Gradient& gradient, std::int64_t t,
                                     std::int64_t n, Range units) {
  if (gradient.output == nullptr && gradient.trace == nullptr) return;
  float* d_hidden = gradient.hidden + n * run.units;
  const std::int64_t at = (t * run.rows + n) * run.units;
  for (std::int64_t u = units.begin; u < units.end; u += lanes) {
    const std::int64_t count = units.end - u;
    Vector d = load_first(d_hidden + u, count);
    if (gradient.output != nullptr) {
      d = hn::Add(d, load_first(gradient.output + at + u, count));
      store_first(d, d_hidden + u, count);
    }
    if (gradient.trace != nullptr) store_first(d, gradient.trace + at + u, count);
  }
}

// Rows of a panel that several tiles meet before the next ones: they stay in the second-level
// cache.
inline constexpr std::int64_t panel_depth = 512;

// rows_out[i][0..columns) = start + rows[i][0..k) * panels, over all panels of a packed matrix
// whose panels have panel_k rows, the first k_offset of which are passed over.
HWY_INLINE void rows_times_panels(std::int64_t count, const float* const* rows, std::int64_t k,
                                  const float* panels, std::int64_t panel_k, std::int64_t k_offset,
                                  std::int64_t columns, TileStart start, float* const* out) {
  const std::int64_t depth = pieces_of(k, pieces_of(k, panel_depth));
  for (std::int64_t column = 0; column < columns; column += panel_columns) {
    const float* panel = panels + column * panel_k + k_offset * panel_columns;
    const std::int64_t width = smaller(panel_columns, columns - column);
    for (std::int64_t at = 0; at < k; at += depth) {
      const std::int64_t size = smaller(depth, k - at);
      for (std::int64_t row = 0; row < count;) {
        const int tile = next_tile(count - row);
        const float* from[tile_rows];
        float* to[tile_rows];
        for (int i = 0; i < tile; ++i) {
          from[i] = rows[row + i] + at;
          to[i] = out[row + i] + column;
        }
        product(tile, width, {from, size, panel + at * panel_columns, panel_columns}, {},
                at == 0 ? start : TileStart::output, nullptr, to);
        row += tile;
      }
    }
  }
}

// out[i] += factors[i] * from[i]
HWY_INLINE void add_dropped(const float* from, const float* factors, std::int64_t size,
                            float* out) {
  for (std::int64_t i = 0; i < size; i += lanes) {
    const std::int64_t count = size - i;
    const Vector sum = hn::MulAdd(load_first(from + i, count), load_first(factors + i, count),
                                  load_first(out + i, count));
    store_first(sum, out + i, count);
  }
}

// A gate's part of a product with gate gradients whose result meets that gate's own dropout
// factors.
struct GatePart {
  std::int64_t tape_block;  // where its gradient lies on the tape
  std::int64_t gate;        // in the weights
};

// d_hidden += d_gates U^T for some units (from the beginning of a panel on) and the active rows of
// a step, gate by gate if each has dropout factors of its own. `start`: whether the sums go on from
// what d_hidden holds.
HWY_INLINE void hidden_gradient(const Run& run, const Gradient& gradient, std::int64_t t,
                                const ActiveRows& active, std::int64_t gates,
                                std::int64_t tape_blocks, const GatePart* parts,
                                std::int64_t part_count, const float* panels,
                                std::int64_t row_scratch, Range units) {
  const float* from[group_rows];
  float* to[group_rows];
  for (std::int64_t part = 0; part < part_count; ++part) {
    for (std::int64_t i = 0; i < active.count; ++i) {
      const std::int64_t n = active.index[i];
      from[i] = tape_at(run, run.tape, tape_blocks, t, n) + parts[part].tape_block * run.units;
      to[i] = (run.recurrent_dropout == nullptr ? gradient.hidden + n * run.units
                                                : run.scratch + n * row_scratch) +
              units.begin;
    }
    // Parts that follow one another on the tape and in the weights are one product.
    std::int64_t together = 1;
    while (run.recurrent_dropout == nullptr && part + together < part_count &&
           parts[part + together].tape_block == parts[part].tape_block + together &&
           parts[part + together].gate == parts[part].gate + together) {
      ++together;
    }
    rows_times_panels(active.count, from, together * run.units,
                      panels + units.begin * gates * run.units, gates * run.units,
                      parts[part].gate * run.units, units.size(),
                      run.recurrent_dropout == nullptr ? TileStart::output : TileStart::zero, to);
    if (run.recurrent_dropout != nullptr) {
      for (std::int64_t i = 0; i < active.count; ++i) {
        const std::int64_t n = active.index[i];
        add_dropped(to[i], run.recurrent_dropout + (parts[part].gate * run.rows + n) * run.units,
                    run.units, gradient.hidden + n * run.units);
      }
    }
    part += together - 1;
  }
}

// Steps and rows that take part, up to a number of pairs at a time, in the order of steps and then
// of rows.
class Pairs {
 public:
  Pairs(const Run& run, Range rows) : run_(run), rows_(rows), n_(rows.begin) {}

  // The next at most `size` pairs; 0 at the end. Masked pairs go to masked(t, n).
  template <class Masked>
  HWY_INLINE std::int64_t next(std::int64_t size, std::int64_t* steps, std::int64_t* rows,
                               const Masked& masked) {
    std::int64_t count = 0;
    while (count < size && t_ < run_.steps) {
      if (n_ >= rows_.end) {
        n_ = rows_.begin;
        ++t_;
        continue;
      }
      if (is_masked(run_, t_, n_)) {
        masked(t_, n_);
      } else {
        steps[count] = t_;
        rows[count] = n_;
        ++count;
      }
      ++n_;
    }
    return count;
  }

 private:
  const Run& run_;
  Range rows_;
  std::int64_t t_ = 0;
  std::int64_t n_;
};

struct ClearInputGradient {
  const Run& run;
  const Gradient& gradient;
  HWY_INLINE void operator()(std::int64_t t, std::int64_t n) const {
    std::memset(gradient.x.at(t, n), 0, static_cast<std::size_t>(run.features) * sizeof(float));
  }
};
struct PassOver {
  HWY_INLINE void operator()(std::int64_t, std::int64_t) const {}
};

// dx = d_gates W^T, of a cell whose gates' gradients are the first blocks of its tape.
HWY_INLINE void write_input_gradient(const Run& run, const Gradient& gradient, std::int64_t gates,
                                     std::int64_t tape_blocks, const float* panels, Range rows) {
  if (gradient.x.data == nullptr) return;
  std::int64_t steps[group_rows];
  std::int64_t indices[group_rows];
  const float* from[group_rows];
  float* to[group_rows];
  const std::int64_t k = gates * run.units;
  const bool by_gate = run.input_dropout != nullptr && run.input_dropout_blocks > 1;
  // Parts of a row's dx, before they meet the factors of their gate. A row of features may be long:
  // by pieces.
  constexpr std::int64_t piece = panel_columns;
  float parts[group_rows * piece];
  Pairs pairs(run, rows);
  while (const std::int64_t count =
             pairs.next(group_rows, steps, indices, ClearInputGradient{run, gradient})) {
    for (std::int64_t i = 0; i < count; ++i) {
      from[i] = tape_at(run, run.tape, tape_blocks, steps[i], indices[i]);
      to[i] = gradient.x.at(steps[i], indices[i]);
    }
    if (!by_gate) {
      rows_times_panels(count, from, k, panels, k, 0, run.features, TileStart::zero, to);
      if (run.input_dropout == nullptr) continue;
      for (std::int64_t i = 0; i < count; ++i) {
        drop(to[i], run.input_dropout + indices[i] * run.features, 0, 1, run.features, to[i]);
      }
      continue;
    }
    for (std::int64_t i = 0; i < count; ++i) {
      std::memset(to[i], 0, static_cast<std::size_t>(run.features) * sizeof(float));
    }
    for (std::int64_t gate = 0; gate < gates; ++gate) {
      const float* gate_rows[group_rows];
      float* part_rows[group_rows];
      for (std::int64_t i = 0; i < count; ++i) {
        gate_rows[i] = from[i] + gate * run.units;
        part_rows[i] = parts + i * piece;
      }
      for (std::int64_t begin = 0; begin < run.features; begin += piece) {
        const std::int64_t width = smaller(piece, run.features - begin);
        rows_times_panels(count, gate_rows, run.units, panels + begin * k, k, gate * run.units,
                          width, TileStart::zero, part_rows);
        for (std::int64_t i = 0; i < count; ++i) {
          const float* factors = run.input_dropout + (gate * run.rows + indices[i]) * run.features;
          add_dropped(part_rows[i], factors + begin, width, to[i] + begin);
        }
      }
    }
  }
}

// Clears some units of the tape of a masked row of a step: nothing flows into their gates.
HWY_INLINE void clear_tape(const Run& run, std::int64_t tape_blocks, std::int64_t t, std::int64_t n,
                           Range units) {
  float* tape = tape_at(run, run.tape, tape_blocks, t, n) + units.begin;
  for (std::int64_t block = 0; block < tape_blocks; ++block) {
    std::memset(tape + block * run.units, 0,
                static_cast<std::size_t>(units.size()) * sizeof(float));
  }
}

// ---- A run whose units are shared: step(t, rows, units) for all steps, rows and units of a share.

template <class Step>
HWY_INLINE void steps_in_company(const Run& run, Range units, StepBarrier& barrier,
                                 const Step& step) {
  std::int64_t waits = 0;
  for (std::int64_t t = 0; t < run.steps; ++t) {
    for (std::int64_t begin = 0; begin < run.rows; begin += group_rows) {
      step(t, Range{begin, smaller(begin + group_rows, run.rows)}, units);
    }
    barrier.wait(waits);
  }
}

// ---- Backwards. A cell's Back has cell(t, n, units), which makes the gradients of the gates of
// one row, and hidden(t, active, units), which takes them to the hidden states before.

// The cells of a group of rows at a step, for some units. What is masked has no gradient.
template <class Back>
HWY_INLINE void cells_backward(const Run& run, const Gradient& gradient, const Back& back,
                               std::int64_t t, Range rows, Range units, ActiveRows& active) {
  active.count = 0;
  for (std::int64_t n = rows.begin; n < rows.end; ++n) {
    meet_output_gradient(run, gradient, t, n, units);
    if (is_masked(run, t, n)) {
      clear_tape(run, Back::tape_blocks, t, n, units);
      continue;
    }
    active.index[active.count++] = n;
    back.cell(t, n, units);
  }
}

template <class Back>
HWY_INLINE void steps_back(const Run& run, const Gradient& gradient, const Back& back, Range rows) {
  ActiveRows active;
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += group_rows) {
    const Range group{begin, smaller(begin + group_rows, rows.end)};
    for (std::int64_t t = run.steps; t-- > 0;) {
      cells_backward(run, gradient, back, t, group, all_units(run), active);
      back.hidden(t, active, all_units(run));
    }
  }
}

// The same for a share of the units of all rows.
template <class Back>
HWY_INLINE void steps_back_in_company(const Run& run, const Gradient& gradient, const Back& back,
                                      Range units, StepBarrier& barrier) {
  std::int64_t waits = 0;
  ActiveRows active;
  for (std::int64_t t = run.steps; t-- > 0;) {
    for (std::int64_t begin = 0; begin < run.rows; begin += group_rows) {
      const Range group{begin, smaller(begin + group_rows, run.rows)};
      cells_backward(run, gradient, back, t, group, units, active);
    }
    barrier.wait(waits);  // the others' gates are read now
    for (std::int64_t begin = 0; begin < run.rows; begin += group_rows) {
      active.count = 0;
      for (std::int64_t n = begin; n < smaller(begin + group_rows, run.rows); ++n) {
        if (!is_masked(run, t, n)) active.index[active.count++] = n;
      }
      back.hidden(t, active, units);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#endif
