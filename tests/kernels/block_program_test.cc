#include "kernels/block_program.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/isa.h"
#include "kernels/reference/block_program.h"
#include "support/conformance.h"

namespace chronicler::test {
namespace {

using kernels::Activation;
using kernels::block_size;
using kernels::BlockInstruction;
using kernels::BlockMemory;
using kernels::BlockOp;
using kernels::BlockPlace;
using kernels::BlockProgram;

using Place = BlockPlace::Kind;

// Streams of some numbers, and rows.
template <class Real>
struct Memory {
  Memory(std::int64_t count, std::int64_t period, std::int64_t scratch_blocks)
      : numbers(4, std::vector<Real>(static_cast<std::size_t>(count))),
        row(static_cast<std::size_t>(period + block_size)),
        scratch(Shape{scratch_blocks * block_size}, dtype_of<Real>) {
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < numbers[i].size(); ++j)
        numbers[i][j] = static_cast<Real>(std::sin(static_cast<double>(7 * i + j)) * 3.0);
      streams.push_back(numbers[i].data());
    }
    for (std::size_t j = 0; j < row.size(); ++j)
      row[j] =
          static_cast<Real>(std::cos(static_cast<double>(j % static_cast<std::size_t>(period))));
    rows.push_back(row.data());
    memory = {streams.data(), rows.data(), period, scratch.template as<Real>()};
  }
  std::vector<std::vector<Real>> numbers;
  std::vector<Real> row;
  Tensor scratch;
  std::vector<Real*> streams;
  std::vector<const Real*> rows;
  BlockMemory<Real> memory;
};

std::vector<BlockInstruction> one_of_each() {
  const BlockPlace a{Place::stream, 0};
  const BlockPlace b{Place::stream, 1};
  const BlockPlace c{Place::stream, 2};
  std::vector<BlockInstruction> all;
  for (int op = 0; op <= static_cast<int>(BlockOp::signed_by); ++op) {
    const auto kind = static_cast<BlockOp>(op);
    if (kind == BlockOp::activate || kind == BlockOp::activate_back) continue;
    all.push_back({kind, Activation::linear, {}, a, b, c});
  }
  for (const std::string_view name : kernels::activation_names()) {
    const Activation activation = *kernels::activation_from_name(name);
    if (kernels::is_rowwise(activation)) continue;
    all.push_back({BlockOp::activate, activation, {}, a, {}, {}});
    all.push_back({BlockOp::activate_back, activation, {}, a, b, c});
  }
  return all;
}

std::string name_of(const BlockInstruction& instruction) {
  return std::to_string(static_cast<int>(instruction.op)) + " " +
         std::string(kernels::name_of(instruction.activation));
}

// Infinities and what is no number are alike, too.
void expect_near(const std::vector<float>& got, const std::vector<double>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(expected[i]) && std::isnan(got[i])) continue;
    if (static_cast<double>(got[i]) == expected[i]) continue;
    const double allowed = 2e-6 * std::max(1.0, std::abs(expected[i]));
    ASSERT_NEAR(static_cast<double>(got[i]), expected[i], allowed) << "number " << i;
  }
}

TEST(BlockProgram, FastIsReadableForEveryInstruction) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    for (const std::int64_t count : {1, 15, 16, 17, 100, 256, 257, 700}) {
      for (BlockInstruction instruction : one_of_each()) {
        SCOPED_TRACE(name_of(instruction));
        instruction.to = {Place::stream, 3};
        const BlockProgram program{std::span(&instruction, 1), {}, 1};
        Memory<float> fast(count, 1, 1);
        Memory<double> readable(count, 1, 1);
        kernels::run_block_program(program, fast.memory, 0, count);
        kernels::run_block_program(program, readable.memory, 0, count);
        expect_near(fast.numbers[3], readable.numbers[3]);
      }
    }
  }
}

// (a row + 2) in scratch, then times itself, in place.
TEST(BlockProgram, ReadsRowsNumbersAndScratch) {
  const std::vector<double> numbers{2.0};
  const std::vector<BlockInstruction> code{
      {BlockOp::multiply_add,
       Activation::linear,
       {Place::scratch, 1},
       {Place::stream, 0},
       {Place::row, 0},
       {Place::scratch, 0}},
      {BlockOp::multiply,
       Activation::linear,
       {Place::scratch, 1},
       {Place::scratch, 1},
       {Place::scratch, 1},
       {}},
      {BlockOp::copy, Activation::linear, {Place::stream, 3}, {Place::scratch, 1}, {}, {}},
  };
  const BlockProgram program{code, numbers, 2};
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    for (const std::int64_t period : {1, 7, 30, 300}) {
      const std::int64_t count = 3 * period + 600;
      Memory<float> fast(count, period, 2);
      kernels::fill_numbers(program, fast.memory.scratch);
      kernels::run_block_program(program, fast.memory, 0, count);
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        const float sum = fast.numbers[0][i] * fast.row[i % static_cast<std::size_t>(period)] + 2;
        ASSERT_NEAR(fast.numbers[3][i], sum * sum, 1e-5) << period << " " << i;
      }
      // In pieces, the same bits; what is outside of them is not touched.
      Memory<float> pieces(count, period, 2);
      kernels::fill_numbers(program, pieces.memory.scratch);
      const float before = pieces.numbers[3][4];
      kernels::run_block_program(program, pieces.memory, 5, 11);
      EXPECT_EQ(pieces.numbers[3][4], before);
      kernels::run_block_program(program, pieces.memory, 11, 400);
      for (std::size_t i = 5; i < 400; ++i) ASSERT_EQ(pieces.numbers[3][i], fast.numbers[3][i]);
      EXPECT_NE(pieces.numbers[3][401], fast.numbers[3][401]);
    }
  }
}

TEST(BlockProgram, PowersOfEReachFromZeroToInfinity) {
  std::vector<float> x{-200.0F, -100.0F, -86.0F, -1.0F, 0.0F, 1.0F, 86.0F, 88.5F, 89.0F, 200.0F};
  std::vector<float> y(x.size());
  std::vector<float*> streams{x.data(), y.data()};
  const BlockInstruction power{
      BlockOp::activate, Activation::exponential, {Place::stream, 1}, {Place::stream, 0}, {}, {}};
  const BlockProgram program{std::span(&power, 1), {}, 0};
  kernels::run_block_program<float>(program, {streams.data()}, 0,
                                    static_cast<std::int64_t>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float expected = std::exp(x[i]);
    if (std::isinf(expected)) {
      EXPECT_TRUE(std::isinf(y[i])) << x[i];
    } else {
      EXPECT_NEAR(y[i], expected, 1e-6F * expected) << x[i];
    }
  }
}

}  // namespace
}  // namespace chronicler::test
