// The sums of a matrix product stay in registers: a vector that a hot loop keeps on the stack costs
// more than half of its speed, and nothing but the machine code shows it.
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "structure/disassembly.h"
#include "structure/project_files.h"

namespace chronicler::structure {
namespace {

std::vector<ProductLoop> loops_of(const std::string& text) {
  std::istringstream stream(text);
  return product_loops(stream);
}

TEST(Spills, ALoopWithAVectorOnTheStackIsFound) {
  const std::string tile =
      "0000000000000100 <tile(float const*)>:\n"
      " 100:\tmov    %rsp,%rbp\n"
      " 104:\tvmovups (%rdi),%zmm2\n"
      " 108:\tvbroadcastss (%rsi),%zmm1\n"
      " 10c:\tvfmadd231ps %zmm1,%zmm2,%zmm3\n"
      " 10e:\tvfmadd231ps 0x40(%rdi),%zmm2,%zmm5\n"
      "STACK"
      " 118:\tadd    $0x4,%rsi\n"
      " 11c:\tcmp    %rsi,%rax\n"
      " 120:\tjne    104 <tile(float const*)+0x4>\n"
      " 124:\tvmovaps %zmm3,-0x80(%rbp)\n"
      " 128:\tret\n";
  const auto with = [&](const std::string& line) {
    std::string text = tile;
    return text.replace(text.find("STACK"), 5, line);
  };
  const std::vector<ProductLoop> clean = loops_of(with(""));
  ASSERT_EQ(clean.size(), 1U);
  EXPECT_EQ(clean[0].function, "tile(float const*)");
  EXPECT_EQ(clean[0].address, "104");
  EXPECT_EQ(clean[0].instructions, 7);
  EXPECT_EQ(clean[0].multiply_adds, 2);
  EXPECT_TRUE(clean[0].is_wide);
  EXPECT_TRUE(clean[0].stack_accesses.empty());

  for (const char* line :
       {" 110:\tvmovaps %zmm3,-0x40(%rbp)\n", " 110:\tvfmadd231ps 0x40(%rsp),%zmm2,%zmm4\n"}) {
    const std::vector<ProductLoop> spilled = loops_of(with(line));
    ASSERT_EQ(spilled.size(), 1U) << line;
    EXPECT_EQ(spilled[0].stack_accesses.size(), 1U) << line;
  }
  // Pointers and arrays of the source's own are no spilled sums.
  for (const char* line :
       {" 110:\tmov    0x40(%rsp),%rdx\n", " 110:\tvmovups 0x40(%rsp,%rax,4),%zmm4\n"}) {
    const std::vector<ProductLoop> clean_too = loops_of(with(line));
    ASSERT_EQ(clean_too.size(), 1U) << line;
    EXPECT_TRUE(clean_too[0].stack_accesses.empty()) << line;
  }
}

TEST(Spills, OtherLoopsAreNotProducts) {
  EXPECT_TRUE(loops_of("0000000000000000 <copy>:\n"
                       " 0:\tvmovups (%rdi),%ymm0\n"
                       " 4:\tvmovups %ymm0,(%rsi)\n"
                       " 8:\tjne    0 <copy>\n")
                  .empty());
  EXPECT_TRUE(loops_of("0000000000000000 <sigmoid>:\n"
                       " 0:\tvbroadcastss 0x0(%rip),%ymm1\n"
                       " 4:\tvfmadd231ps %ymm1,%ymm2,%ymm3\n"
                       " 8:\tvdivps %ymm1,%ymm3,%ymm3\n"
                       " c:\tjne    0 <sigmoid>\n")
                  .empty());
  // No jump backwards.
  EXPECT_TRUE(loops_of("0000000000000000 <once>:\n"
                       " 0:\tvbroadcastss (%rsi),%ymm1\n"
                       " 4:\tvfmadd231ps %ymm1,%ymm2,%ymm3\n"
                       " 8:\tjne    10 <once+0x10>\n"
                       " 10:\tret\n")
                  .empty());
}

#ifdef CHRONICLER_KERNEL_OBJECTS

std::string output_of(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  std::string text;
  std::array<char, 65536> buffer;
  std::size_t size = 0;
  while (pipe && (size = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0) {
    text.append(buffer.data(), size);
  }
  return text;
}

std::vector<std::string> simd_objects() {
  std::vector<std::string> objects;
  std::istringstream list(CHRONICLER_KERNEL_OBJECTS);
  for (std::string object; std::getline(list, object, '|');) {
    if (object.find("/simd/") != std::string::npos) objects.push_back(object);
  }
  return objects;
}

TEST(Spills, TheLoopsOfProductsKeepTheirSumsInRegisters) {
  std::vector<std::string> findings;
  int most = 0;       // multiply-adds of a loop
  int most_wide = 0;  // of 512-bit vectors
  for (const std::string& object : simd_objects()) {
    const std::string disassembly =
        output_of("objdump -d --no-show-raw-insn -C '" + object + "' 2>&1");
    for (const ProductLoop& loop : loops_of(disassembly)) {
      int& largest = loop.is_wide ? most_wide : most;
      largest = std::max(largest, loop.multiply_adds);
      if (loop.stack_accesses.empty()) continue;
      findings.push_back(object.substr(object.rfind('/') + 1) + ": " +
                         std::to_string(loop.stack_accesses.size()) +
                         " vectors on the stack in the loop at " + loop.address + " of " +
                         loop.function + ", such as " + loop.stack_accesses.front());
    }
  }
  // The tiles are there, and were found: 6 x 4 sums of AVX-512, 6 x 2 of AVX2.
  EXPECT_GE(most_wide, 24);
  EXPECT_GE(most, 12);
  expect_none(findings,
              "Unroll every loop over rows and vectors of a tile (CHRONICLER_UNROLL), or make the "
              "tile smaller for this instruction set.");
}

#endif

}  // namespace
}  // namespace chronicler::structure
