#include "kernels/simple_rnn.h"

#include <gtest/gtest.h>

#include "kernels/recurrence_checks.h"

namespace chronicler::test {
namespace {

Cell cell() { return {kernels::simple_rnn<float>(), kernels::simple_rnn<double>()}; }

TEST(SimpleRnnKernel, SaysWhatItKeeps) {
  EXPECT_EQ(cell().fast.gate_blocks, 1);
  EXPECT_EQ(cell().fast.tape_blocks, 1);
  EXPECT_EQ(cell().fast.cells, 0);
  EXPECT_EQ(cell().readable.gate_blocks, cell().fast.gate_blocks);
  EXPECT_EQ(cell().readable.tape_blocks, cell().fast.tape_blocks);
  EXPECT_EQ(cell().readable.cells, cell().fast.cells);
}

TEST(SimpleRnnKernel, GradientsWithEveryOption) {
  for (const RecurrenceCase& c : option_cases()) check_gradients(cell().readable, c);
}

TEST(SimpleRnnKernel, GradientsWithEveryActivation) {
  for (const RecurrenceCase& c : activation_cases()) check_gradients(cell().readable, c);
}

TEST(SimpleRnnKernel, TraceIsTheGradientByTheHiddenState) {
  for (const RecurrenceCase& c : option_cases()) check_trace(cell().readable, c);
}

TEST(SimpleRnnKernel, FastEqualsReadableWithEveryOption) {
  for (const RecurrenceCase& c : option_cases()) {
    check_fast_against_readable(cell(), c);
  }
}

TEST(SimpleRnnKernel, FastEqualsReadableWithEveryActivation) {
  for (const RecurrenceCase& c : activation_cases()) {
    check_fast_against_readable(cell(), c);
  }
}

TEST(SimpleRnnKernel, FastEqualsReadableAtEverySize) {
  for (const RecurrenceCase& c : size_cases()) {
    check_fast_against_readable(cell(), c);
  }
}

TEST(SimpleRnnKernel, SameBitsOnEveryProcessor) { check_bits(cell().fast, 0x9dd65847U); }

TEST(SimpleRnnKernel, SameBitsHoweverRowsAndUnitsAreCut) {
  for (const RecurrenceCase& c : shape_cases()) {
    check_slices(cell().fast, c);
    check_slices(cell().readable, c);
  }
}

TEST(SimpleRnnKernel, SameBitsForARowByItself) {
  for (const RecurrenceCase& c : shape_cases()) {
    check_rows_alone(cell().fast, c);
    check_rows_alone(cell().readable, c);
  }
}

TEST(SimpleRnnKernel, SameBitsStepByStep) {
  for (const RecurrenceCase& c : shape_cases()) {
    check_steps(cell().fast, c);
    check_steps(cell().readable, c);
  }
}

TEST(SimpleRnnKernel, MaskedStepsPassTheStatesOn) {
  for (const RecurrenceCase& c : shape_cases()) {
    check_masked_steps(cell().fast, c);
    check_masked_steps(cell().readable, c);
  }
}

TEST(SimpleRnnKernel, WhatIsNotWantedMayBeNull) {
  for (const RecurrenceCase& c : shape_cases()) {
    check_optional_gradients(cell().fast, c);
    check_optional_gradients(cell().readable, c);
  }
}

}  // namespace
}  // namespace chronicler::test
