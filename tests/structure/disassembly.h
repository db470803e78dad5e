// What a compiler made of the loops that matrix products are spent in.
#pragma once

#include <istream>
#include <string>
#include <vector>

namespace chronicler::structure {

// An innermost loop of one function. It is a product's if every fifth instruction or more is a
// fused multiply-add, accesses to the stack not counted, and it broadcasts the numbers of a row.
struct ProductLoop {
  std::string function;
  std::string address;  // of its first instruction
  int instructions = 0;
  int multiply_adds = 0;
  bool is_wide = false;                     // 512-bit vectors
  std::vector<std::string> stack_accesses;  // of vectors: sums that did not fit the registers
};

// Reads what `objdump -d --no-show-raw-insn -C` prints for x86-64.
std::vector<ProductLoop> product_loops(std::istream& disassembly);

}  // namespace chronicler::structure
