// The heads of an attention: where their numbers are, and the sums of values by their weights.
#pragma once

#include <cstdint>

namespace chronicler {

struct HeadSizes {
  std::int64_t rows, queries, values, heads, depth, width;  // B, Tq, Tv, H, key_dim, value_dim
  std::int64_t sharing;  // heads of the query that go with one of key and value

  std::int64_t value_heads() const { return heads / sharing; }
  // Where a query's head, or the head of a key and value that goes with it, is in (B, T, H).
  std::int64_t at_query(std::int64_t row, std::int64_t head, std::int64_t i) const {
    return (row * queries + i) * heads + head;
  }
  std::int64_t at_shared(std::int64_t row, std::int64_t head, std::int64_t j) const {
    return (row * values + j) * value_heads() + head / sharing;
  }
  // Where the weights of a query are.
  std::int64_t at_line(std::int64_t row, std::int64_t head, std::int64_t i) const {
    return ((row * heads + head) * queries + i) * values;
  }
};

// What a pass works on: projections, weights, and the values' sums; of backward their gradients.
template <class Real>
struct Heads {
  HeadSizes size;
  const Real* query;
  const Real* key;
  const Real* value;
  Real* weights;
  const Real* factors;  // of dropout, or null
};

// Adds up the values by a query's weights, after dropout: those go to `used`.
template <class Real>
void sum_values(const Heads<Real>& heads, std::int64_t row, std::int64_t head, std::int64_t i,
                Real* used, Real* mixed) {
  const HeadSizes& size = heads.size;
  const std::int64_t place = size.at_line(row, head, i);
  Real* y = mixed + size.at_query(row, head, i) * size.width;
  for (std::int64_t j = 0; j < size.values; ++j) {
    const Real line = heads.weights[place + j];
    const Real weight = heads.factors == nullptr ? line : line * heads.factors[place + j];
    used[place + j] = weight;
    const Real* of = heads.value + size.at_shared(row, head, j) * size.width;
    for (std::int64_t e = 0; e < size.width; ++e) y[e] += weight * of[e];
  }
}

// What flows back through the heads.
template <class Real>
struct HeadFlows {
  const Real* mixed;   // of the values' sums
  const Real* scores;  // of the weights, where they are an output too; or null
  Real* query;
  Real* key;
  Real* value;
};

// From a query's sum of values to the values and, in `flow`, to its weights before dropout.
template <class Real>
void values_back(const Heads<Real>& heads, const HeadFlows<Real>& flows, std::int64_t row,
                 std::int64_t head, std::int64_t i, Real* flow) {
  const HeadSizes& size = heads.size;
  const std::int64_t place = size.at_line(row, head, i);
  const Real* line = heads.weights + place;
  const Real* dy = flows.mixed + size.at_query(row, head, i) * size.width;
  for (std::int64_t j = 0; j < size.values; ++j) {
    const std::int64_t at_value = size.at_shared(row, head, j);
    const Real factor = heads.factors == nullptr ? Real{1} : heads.factors[place + j];
    const Real* of = heads.value + at_value * size.width;
    Real sum = flows.scores != nullptr ? flows.scores[place + j] : Real{0};
    for (std::int64_t e = 0; e < size.width; ++e) {
      sum += dy[e] * of[e];
      flows.value[at_value * size.width + e] += line[j] * factor * dy[e];
    }
    flow[j] = sum * factor;
  }
}

}  // namespace chronicler
