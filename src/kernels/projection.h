// What vectors lose to others, float64: the inner loop of an orthonormal basis.
#pragma once

#include <cstdint>

namespace chronicler::kernels {

// vector -= (unit . vector) unit, for one row of `units` [count][length] after the other (modified
// Gram and Schmidt). A product is eight sums, of numbers 0, 8, 16 ..., 1, 9, 17 ... and so on,
// which are added in this order to the sum of the last length % 8 terms. Each product and each sum
// is rounded by itself: the same bits on all instruction sets.
void take_away_parts(std::int64_t count, std::int64_t length, const double* units, double* vector);

}  // namespace chronicler::kernels
