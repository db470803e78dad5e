// Orthonormal vectors out of any: what the orthogonal initializer is made of.
#pragma once

#include <cstdint>

namespace chronicler {

// Makes `vectors` [count][length] orthonormal in place, count <= length, by modified Gram and
// Schmidt: vector k becomes what is left of it when its parts along the vectors before it are
// taken away, at length 1. This is the Q (transposed) of a QR decomposition whose R has a positive
// diagonal, so that Keras's multiplication with sign(diag R) is done already. The vectors must be
// independent, as random ones are.
void orthonormalize(std::int64_t count, std::int64_t length, double* vectors);

}  // namespace chronicler
