#include "kernels/gru.h"

#include <gtest/gtest.h>

#include "kernels/recurrence_checks.h"

namespace chronicler::test {
namespace {

Cell cell() { return {kernels::gru<float>(), kernels::gru<double>()}; }

TEST(GruKernel, SaysWhatItKeeps) {
  EXPECT_EQ(cell().fast.gate_blocks, 3);
  EXPECT_EQ(cell().fast.tape_blocks, 4);
  EXPECT_EQ(cell().fast.cells, 0);
  EXPECT_EQ(cell().readable.gate_blocks, cell().fast.gate_blocks);
  EXPECT_EQ(cell().readable.tape_blocks, cell().fast.tape_blocks);
  EXPECT_EQ(cell().readable.cells, cell().fast.cells);
}

TEST(GruKernel, GradientsWithEveryOption) {
  for (const RecurrenceCase& c : with_reset_before(option_cases()))
    check_gradients(cell().readable, c);
}

TEST(GruKernel, GradientsWithEveryActivation) {
  for (const RecurrenceCase& c : with_reset_before(activation_cases()))
    check_gradients(cell().readable, c);
}

TEST(GruKernel, TraceIsTheGradientByTheHiddenState) {
  for (const RecurrenceCase& c : with_reset_before(option_cases())) check_trace(cell().readable, c);
}

TEST(GruKernel, FastEqualsReadableWithEveryOption) {
  for (const RecurrenceCase& c : with_reset_before(option_cases())) {
    check_fast_against_readable(cell(), c);
  }
}

TEST(GruKernel, FastEqualsReadableWithEveryActivation) {
  for (const RecurrenceCase& c : with_reset_before(activation_cases())) {
    check_fast_against_readable(cell(), c);
  }
}

TEST(GruKernel, FastEqualsReadableAtEverySize) {
  for (const RecurrenceCase& c : with_reset_before(size_cases())) {
    check_fast_against_readable(cell(), c);
  }
}

TEST(GruKernel, SameBitsOnEveryProcessor) { check_bits(cell().fast, 0x5d4be36dU); }

TEST(GruKernel, SameBitsHoweverRowsAndUnitsAreCut) {
  for (const RecurrenceCase& c : with_reset_before(shape_cases())) {
    check_slices(cell().fast, c);
    check_slices(cell().readable, c);
  }
}

TEST(GruKernel, SameBitsForARowByItself) {
  for (const RecurrenceCase& c : with_reset_before(shape_cases())) {
    check_rows_alone(cell().fast, c);
    check_rows_alone(cell().readable, c);
  }
}

TEST(GruKernel, SameBitsStepByStep) {
  for (const RecurrenceCase& c : with_reset_before(shape_cases())) {
    check_steps(cell().fast, c);
    check_steps(cell().readable, c);
  }
}

TEST(GruKernel, ProductsAheadOfTheStepsChangeNoBit) { check_products_ahead(cell()); }

TEST(GruKernel, MaskedStepsPassTheStatesOn) {
  for (const RecurrenceCase& c : with_reset_before(shape_cases())) {
    check_masked_steps(cell().fast, c);
    check_masked_steps(cell().readable, c);
  }
}

TEST(GruKernel, WhatIsNotWantedMayBeNull) {
  for (const RecurrenceCase& c : with_reset_before(shape_cases())) {
    check_optional_gradients(cell().fast, c);
    check_optional_gradients(cell().readable, c);
  }
}

}  // namespace
}  // namespace chronicler::test
