#include "kernels/slstm.h"

#include <gtest/gtest.h>

#include "kernels/recurrence_checks.h"

namespace chronicler::test {
namespace {

Cell cell() { return {kernels::slstm<float>(), kernels::slstm<double>()}; }

// Heads narrower and wider than vectors, and such that a vector belongs to two of them.
std::vector<RecurrenceCase> head_cases() {
  struct Sizes {
    std::int64_t heads, units;
  };
  std::vector<RecurrenceCase> cases;
  for (const Sizes sizes :
       {Sizes{2, 4}, Sizes{4, 4}, Sizes{3, 9}, Sizes{2, 10}, Sizes{3, 27}, Sizes{4, 32},
        Sizes{2, 34}, Sizes{5, 60}, Sizes{2, 96}, Sizes{2, 128}, Sizes{4, 256}}) {
    const auto i = static_cast<std::int64_t>(cases.size());
    cases.push_back({.steps = 2 + i % 4,
                     .rows = 1 + i * 5 % 9,
                     .features = 1 + i * 7 % 20,
                     .units = sizes.units,
                     .masking = i % 3 == 1 ? Masking::holes : Masking::none,
                     .dropping = i % 4 == 2 ? Dropping::both : Dropping::none,
                     .heads = sizes.heads,
                     .exponential_forget = i % 2 == 1});
  }
  cases.push_back(cases[0]);
  cases.back().dropping = Dropping::recurrent;
  return cases;
}

std::vector<RecurrenceCase> shapes_and_heads() {
  std::vector<RecurrenceCase> cases = shape_cases();
  for (const RecurrenceCase& c : head_cases()) cases.push_back(c);
  return cases;
}

// Those of `cases`, and again with exponential forget gates and, where they fit, two heads.
std::vector<RecurrenceCase> both_kinds(std::vector<RecurrenceCase> cases) {
  const std::size_t count = cases.size();
  for (std::size_t i = 0; i < count; ++i) {
    RecurrenceCase other = cases[i];
    other.exponential_forget = true;
    if (other.units % 2 == 0) other.heads = 2;
    cases.push_back(other);
  }
  return cases;
}

TEST(SlstmKernel, SaysWhatItKeeps) {
  EXPECT_EQ(cell().fast.gate_blocks, 4);
  EXPECT_EQ(cell().fast.tape_blocks, 5);
  EXPECT_EQ(cell().fast.cells, 3);
  EXPECT_EQ(cell().readable.gate_blocks, cell().fast.gate_blocks);
  EXPECT_EQ(cell().readable.tape_blocks, cell().fast.tape_blocks);
  EXPECT_EQ(cell().readable.cells, cell().fast.cells);
}

TEST(SlstmKernel, GradientsWithEveryOption) {
  for (const RecurrenceCase& c : both_kinds(option_cases())) check_gradients(cell().readable, c);
}

TEST(SlstmKernel, GradientsWithHeads) {
  for (const RecurrenceCase& c : head_cases()) {
    if (c.units <= 10) check_gradients(cell().readable, c);
  }
}

TEST(SlstmKernel, GradientsWithEveryActivation) {
  for (const RecurrenceCase& c : activation_cases()) check_gradients(cell().readable, c);
}

TEST(SlstmKernel, TraceIsTheGradientByTheHiddenState) {
  for (const RecurrenceCase& c : option_cases()) check_trace(cell().readable, c);
}

TEST(SlstmKernel, FastEqualsReadableWithEveryOption) {
  for (const RecurrenceCase& c : both_kinds(option_cases())) {
    check_fast_against_readable(cell(), c);
  }
}

TEST(SlstmKernel, FastEqualsReadableWithEveryActivation) {
  for (const RecurrenceCase& c : activation_cases()) {
    check_fast_against_readable(cell(), c);
  }
}

TEST(SlstmKernel, FastEqualsReadableWithHeads) {
  for (const RecurrenceCase& c : head_cases()) check_fast_against_readable(cell(), c);
}

TEST(SlstmKernel, FastEqualsReadableAtEverySize) {
  for (const RecurrenceCase& c : size_cases()) {
    check_fast_against_readable(cell(), c);
  }
}

TEST(SlstmKernel, SameBitsOnEveryProcessor) { check_bits(cell().fast, 0xcb8eb6bcU); }

TEST(SlstmKernel, SameBitsHoweverRowsAndUnitsAreCut) {
  for (const RecurrenceCase& c : shapes_and_heads()) {
    check_slices(cell().fast, c);
    check_slices(cell().readable, c);
  }
}

TEST(SlstmKernel, SameBitsForARowByItself) {
  for (const RecurrenceCase& c : shapes_and_heads()) {
    check_rows_alone(cell().fast, c);
    check_rows_alone(cell().readable, c);
  }
}

TEST(SlstmKernel, SameBitsStepByStep) {
  for (const RecurrenceCase& c : shapes_and_heads()) {
    check_steps(cell().fast, c);
    check_steps(cell().readable, c);
  }
}

TEST(SlstmKernel, ProductsAheadOfTheStepsChangeNoBit) { check_products_ahead(cell()); }

TEST(SlstmKernel, MaskedStepsPassTheStatesOn) {
  for (const RecurrenceCase& c : shapes_and_heads()) {
    check_masked_steps(cell().fast, c);
    check_masked_steps(cell().readable, c);
  }
}

TEST(SlstmKernel, WhatIsNotWantedMayBeNull) {
  for (const RecurrenceCase& c : shapes_and_heads()) {
    check_optional_gradients(cell().fast, c);
    check_optional_gradients(cell().readable, c);
  }
}

}  // namespace
}  // namespace chronicler::test
