// Gradients of the weights: what each matrix multiplied (x, h', r h') times the gates' gradients,
// summed over all steps and rows.
#if defined(CHRONICLER_KERNELS_SIMD_WEIGHTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHRONICLER_KERNELS_SIMD_WEIGHTS_INL_H_
#undef CHRONICLER_KERNELS_SIMD_WEIGHTS_INL_H_
#else
#define CHRONICLER_KERNELS_SIMD_WEIGHTS_INL_H_
#endif

#include "hwy/highway.h"

#include "kernels/recurrence.h"
#include "kernels/simd/outer-inl.h"
#include "kernels/simd/recurrent-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// ---- The cut

// What one share adds to: some rows of each matrix (numbers of x and of h'), some units of every
// gate.
struct WeightCut {
  Range features;
  Range hidden;
  Range units;
};

HWY_INLINE Range cut_evenly(Share share, std::int64_t pieces, std::int64_t piece,
                            std::int64_t size) {
  return {smaller(size, pieces * share.index / share.count * piece),
          smaller(size, pieces * (share.index + 1) / share.count * piece)};
}

// Columns go to the shares if each can have full tiles of them and as many as the others, and
// nobody has to copy rows with their factors of dropout; else rows.
HWY_INLINE WeightCut cut_weights(const Run& run, std::int64_t gates, Share share) {
  const std::int64_t blocks = unit_blocks(run);
  const std::int64_t most = pieces_of(blocks, share.count);
  const bool full = blocks * gates >= share.count * tile_vectors;
  const bool even = most * share.count * 8 <= blocks * 9;
  if (share.count == 1 || (full && even && has_no_dropout(run))) {
    return {{0, run.features}, {0, run.units}, cut_evenly(share, blocks, lanes, run.units)};
  }
  const std::int64_t feature_tiles = pieces_of(run.features, tile_rows);
  const std::int64_t tiles = feature_tiles + pieces_of(run.units, tile_rows);
  const std::int64_t begin = tiles * share.index / share.count;
  const std::int64_t end = tiles * (share.index + 1) / share.count;
  const auto rows = [](std::int64_t tile, std::int64_t size) {
    return smaller(size, larger(0, tile) * tile_rows);
  };
  return {{rows(begin, run.features), rows(end, run.features)},
          {rows(begin - feature_tiles, run.units), rows(end - feature_tiles, run.units)},
          {0, run.units}};
}

// ---- The workspace of a share

// Vectors of columns whose copies are made at a time; a multiple of what the gates of any cell fill
// evenly.
inline constexpr std::int64_t weight_columns = 24;
inline constexpr std::int64_t deep_weight_columns = 12;

HWY_INLINE std::int64_t right_size() {
  return larger(weight_columns * outer_depth, deep_weight_columns * deep_outer_depth) * lanes;
}
HWY_INLINE std::int64_t weight_workspace(const Run& run, std::int64_t gates) {
  const std::int64_t widest = larger(run.features, run.units);
  const std::int64_t bytes =
      (run.features + run.units) * gates * run.units * static_cast<std::int64_t>(sizeof(float));
  const bool copies = !has_no_dropout(run) || bytes > most_cached;
  return right_size() + (copies ? packed_left_size(widest, deep_outer_depth) : 0);
}

// ---- One matrix

// x, with the dropout of the input.
struct InputLeft {
  const Run& run;
  HWY_INLINE bool by_gate() const {
    return run.input_dropout != nullptr && run.input_dropout_blocks > 1;
  }
  HWY_INLINE bool dropped() const { return run.input_dropout != nullptr; }
  HWY_INLINE const float* row(std::int64_t t, std::int64_t n) const { return run.x.at(t, n); }
  HWY_INLINE const float* factors(std::int64_t n, std::int64_t gate) const {
    const std::int64_t block = run.input_dropout_blocks == 1 ? 0 : gate;
    return run.input_dropout + (block * run.rows + n) * run.features;
  }
};
// h', with the dropout of the state.
struct HiddenLeft {
  const Run& run;
  HWY_INLINE bool by_gate() const { return dropped(); }
  HWY_INLINE bool dropped() const { return run.recurrent_dropout != nullptr; }
  HWY_INLINE const float* row(std::int64_t t, std::int64_t n) const {
    return state_at(run, run.hidden, t, n);
  }
  HWY_INLINE const float* factors(std::int64_t n, std::int64_t gate) const {
    return run.recurrent_dropout + (gate * run.rows + n) * run.units;
  }
};

// Where the gradient of one matrix comes from and goes to.
struct WeightGradientOf {
  std::int64_t tape_blocks;
  const GatePart* parts;  // the gates that met this left side
  std::int64_t part_count;
  std::int64_t gates;  // blocks of columns of the matrix
  float* matrix;       // [left numbers][gates * U]
  float* bias;         // null: none
};

// The vectors of columns of units [begin, end) of some parts.
HWY_INLINE std::int64_t list_columns(const Run& run, const WeightGradientOf& of,
                                     std::int64_t first_part, std::int64_t part_count, Range units,
                                     OuterColumn* columns) {
  std::int64_t count = 0;
  for (std::int64_t u = units.begin; u < units.end; u += lanes) {
    for (std::int64_t part = first_part; part < first_part + part_count; ++part) {
      columns[count++] = {of.parts[part].tape_block * run.units + u,
                          of.parts[part].gate * run.units + u, smaller(lanes, units.end - u)};
    }
  }
  return count;
}

// How many pairs at a time, and how many vectors of columns.
struct WeightBlocks {
  std::int64_t depth;
  std::int64_t columns;
  bool copies;  // of the left rows

  HWY_INLINE WeightBlocks(const Run& run, std::int64_t gates, Range left, Range units,
                          bool dropped) {
    const std::int64_t bytes =
        left.size() * gates * units.size() * static_cast<std::int64_t>(sizeof(float));
    const bool deep = bytes > most_cached;
    const std::int64_t most = deep ? deep_outer_depth : outer_depth;
    const std::int64_t pairs = run.steps * run.rows;
    depth = pieces_of(pairs, pieces_of(pairs, most));
    columns = deep ? deep_weight_columns : weight_columns;
    copies = deep || dropped;
  }
};

// matrix[i][columns] += sum over pairs left(t, n)[i] d_gate(t, n)[columns], for left numbers
// `left_range` and units `units` of every gate; the share that has the first left number also sums
// d_gate alone, for the bias.
template <class Left>
HWY_INLINE void add_weight_gradient(const Run& run, const WeightGradientOf& of, const Left& left_of,
                                    Range left_range, Range units, float* workspace) {
  if (left_range.size() == 0) return;
  const WeightBlocks blocks(run, of.gates, left_range, units, left_of.dropped());
  float* right = workspace;
  float* left_copies = workspace + right_size();
  const float* rows[deep_outer_depth];
  const float* factors[deep_outer_depth];
  const float* gradients[deep_outer_depth];
  std::int64_t steps[deep_outer_depth];
  std::int64_t indices[deep_outer_depth];
  OuterColumn columns[weight_columns];
  const std::int64_t ldc = of.gates * run.units;
  float* matrix = of.matrix + left_range.begin * ldc;

  const std::int64_t parts_together = left_of.by_gate() ? 1 : of.part_count;
  const std::int64_t units_together = blocks.columns / parts_together * lanes;
  for (std::int64_t part = 0; part < of.part_count; part += parts_together) {
    Pairs pairs(run, {0, run.rows});
    while (const std::int64_t depth = pairs.next(blocks.depth, steps, indices, PassOver())) {
      for (std::int64_t k = 0; k < depth; ++k) {
        rows[k] = left_of.row(steps[k], indices[k]);
        gradients[k] = tape_at(run, run.tape, of.tape_blocks, steps[k], indices[k]);
        if (left_of.dropped()) factors[k] = left_of.factors(indices[k], of.parts[part].gate);
      }
      if (blocks.copies) {
        pack_left(rows, left_of.dropped() ? factors : nullptr, left_range.begin, left_range.size(),
                  depth, left_copies);
      }
      for (std::int64_t u = units.begin; u < units.end; u += units_together) {
        const Range some{u, smaller(units.end, u + units_together)};
        const std::int64_t count = list_columns(run, of, part, parts_together, some, columns);
        pack_right(gradients, columns, count, depth, right);
        if (of.bias != nullptr && left_range.begin == 0) {
          outer_sums(depth, right, of.bias, columns, count);
        }
        if (blocks.copies) {
          outer_product(left_range.size(), depth, PackedLeft{left_copies}, right, matrix, ldc,
                        columns, count);
        } else {
          outer_product(left_range.size(), depth, RowsLeft{rows, left_range.begin}, right, matrix,
                        ldc, columns, count);
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#endif
