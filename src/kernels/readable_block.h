// One instruction of a block program in float32, compiled for any processor: what the fast kernel
// calls for the rarer ones.
#pragma once

#include <cstdint>

#include "kernels/block_program.h"

namespace chronicler::kernels {

// An operand that the instruction does not read may be null.
void readable_block(const BlockInstruction& instruction, std::int64_t count, const float* a,
                    const float* b, const float* c, float* to);

}  // namespace chronicler::kernels
