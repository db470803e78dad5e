#include "kernels/lstm.h"

#include <gtest/gtest.h>

#include "kernels/recurrence_checks.h"

namespace chronicler::test {
namespace {

Cell cell() { return {kernels::lstm<float>(), kernels::lstm<double>()}; }

TEST(LstmKernel, SaysWhatItKeeps) {
  EXPECT_EQ(cell().fast.gate_blocks, 4);
  EXPECT_EQ(cell().fast.tape_blocks, 4);
  EXPECT_EQ(cell().fast.cells, 1);
  EXPECT_EQ(cell().readable.gate_blocks, cell().fast.gate_blocks);
  EXPECT_EQ(cell().readable.tape_blocks, cell().fast.tape_blocks);
  EXPECT_EQ(cell().readable.cells, cell().fast.cells);
}

TEST(LstmKernel, GradientsWithEveryOption) {
  for (const RecurrenceCase& c : option_cases()) check_gradients(cell().readable, c);
}

TEST(LstmKernel, GradientsWithEveryActivation) {
  for (const RecurrenceCase& c : activation_cases()) check_gradients(cell().readable, c);
}

TEST(LstmKernel, TraceIsTheGradientByTheHiddenState) {
  for (const RecurrenceCase& c : option_cases()) check_trace(cell().readable, c);
}

TEST(LstmKernel, FastEqualsReadableWithEveryOption) {
  for (const RecurrenceCase& c : option_cases()) {
    check_fast_against_readable(cell(), c);
  }
}

TEST(LstmKernel, FastEqualsReadableWithEveryActivation) {
  for (const RecurrenceCase& c : activation_cases()) {
    check_fast_against_readable(cell(), c);
  }
}

TEST(LstmKernel, FastEqualsReadableAtEverySize) {
  for (const RecurrenceCase& c : size_cases()) {
    check_fast_against_readable(cell(), c);
  }
}

TEST(LstmKernel, SameBitsOnEveryProcessor) { check_bits(cell().fast, 0x2c3e237fU); }

TEST(LstmKernel, SameBitsHoweverRowsAndUnitsAreCut) {
  for (const RecurrenceCase& c : shape_cases()) {
    check_slices(cell().fast, c);
    check_slices(cell().readable, c);
  }
}

TEST(LstmKernel, SameBitsForARowByItself) {
  for (const RecurrenceCase& c : shape_cases()) {
    check_rows_alone(cell().fast, c);
    check_rows_alone(cell().readable, c);
  }
}

TEST(LstmKernel, SameBitsStepByStep) {
  for (const RecurrenceCase& c : shape_cases()) {
    check_steps(cell().fast, c);
    check_steps(cell().readable, c);
  }
}

TEST(LstmKernel, ProductsAheadOfTheStepsChangeNoBit) { check_products_ahead(cell()); }

TEST(LstmKernel, MaskedStepsPassTheStatesOn) {
  for (const RecurrenceCase& c : shape_cases()) {
    check_masked_steps(cell().fast, c);
    check_masked_steps(cell().readable, c);
  }
}

TEST(LstmKernel, WhatIsNotWantedMayBeNull) {
  for (const RecurrenceCase& c : shape_cases()) {
    check_optional_gradients(cell().fast, c);
    check_optional_gradients(cell().readable, c);
  }
}

}  // namespace
}  // namespace chronicler::test
