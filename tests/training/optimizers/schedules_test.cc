#include "chronicler/training/schedules.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;

void expect_rates(const SchedulePtr& schedule, const std::vector<std::int64_t>& steps,
                  const std::vector<double>& rates) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    EXPECT_NEAR(schedule->at(steps[i]), rates[i], 1e-15) << "step " << steps[i];
  }
}

double half_cosine(double part) { return 0.5 * (1 + std::cos(std::numbers::pi * part)); }

TEST(Schedules, Exponential) {
  expect_rates(schedules::ExponentialDecay(
                   {.initial_learning_rate = 0.4, .decay_steps = 2, .decay_rate = 0.25}),
               {0, 1, 2, 3, 4}, {0.4, 0.2, 0.1, 0.05, 0.025});
  expect_rates(
      schedules::ExponentialDecay(
          {.initial_learning_rate = 0.4, .decay_steps = 2, .decay_rate = 0.25, .staircase = true}),
      {0, 1, 2, 3, 4}, {0.4, 0.4, 0.1, 0.1, 0.025});
}

TEST(Schedules, PiecewiseConstantIncludesItsBoundaries) {
  expect_rates(schedules::PiecewiseConstantDecay({.boundaries = {2, 5}, .values = {1.0, 0.5, 0.1}}),
               {0, 2, 3, 5, 6, 1000}, {1.0, 1.0, 0.5, 0.5, 0.1, 0.1});
}

TEST(Schedules, Polynomial) {
  expect_rates(
      schedules::PolynomialDecay(
          {.initial_learning_rate = 1.0, .decay_steps = 4, .end_learning_rate = 0.2, .power = 2.0}),
      {0, 1, 2, 4, 9}, {1.0, 0.8 * 0.5625 + 0.2, 0.4, 0.2, 0.2});
  // Past the end of one way begins the rest of one that is twice as long.
  expect_rates(schedules::PolynomialDecay({.initial_learning_rate = 1.0,
                                           .decay_steps = 4,
                                           .end_learning_rate = 0.0,
                                           .cycle = true}),
               {0, 4, 5, 8, 9}, {1.0, 0.0, 0.375, 0.0, 0.25});
}

TEST(Schedules, InverseTime) {
  expect_rates(schedules::InverseTimeDecay(
                   {.initial_learning_rate = 1.0, .decay_steps = 2, .decay_rate = 3.0}),
               {0, 1, 2, 4}, {1.0, 0.4, 0.25, 1.0 / 7});
  expect_rates(
      schedules::InverseTimeDecay(
          {.initial_learning_rate = 1.0, .decay_steps = 2, .decay_rate = 3.0, .staircase = true}),
      {0, 1, 2, 3, 4}, {1.0, 1.0, 0.25, 0.25, 1.0 / 7});
}

TEST(Schedules, Cosine) {
  expect_rates(
      schedules::CosineDecay({.initial_learning_rate = 0.5, .decay_steps = 8, .alpha = 0.2}),
      {0, 2, 4, 8, 20},
      {0.5, 0.5 * (0.8 * half_cosine(0.25) + 0.2), 0.5 * 0.6, 0.5 * 0.2, 0.5 * 0.2});
  // Up to the target, and then the whole of decay_steps down.
  expect_rates(schedules::CosineDecay({.initial_learning_rate = 0.1,
                                       .decay_steps = 8,
                                       .warmup_target = 0.5,
                                       .warmup_steps = 4}),
               {0, 1, 3, 4, 6, 8, 12, 20},
               {0.1, 0.2, 0.4, 0.5, 0.5 * half_cosine(0.25), 0.25, 0.0, 0.0});
}

TEST(Schedules, CosineRestarts) {
  // Periods of 4, 8, 16 steps.
  expect_rates(schedules::CosineDecayRestarts({.initial_learning_rate = 1.0,
                                               .first_decay_steps = 4,
                                               .t_mul = 2.0,
                                               .m_mul = 0.5,
                                               .alpha = 0.1}),
               {0, 1, 2, 5, 8, 20},
               {1.0, 0.9 * half_cosine(0.25) + 0.1, 0.55, 0.5 * (0.9 * half_cosine(0.125) + 0.1),
                0.5 * 0.55, 0.25 * 0.55});
  expect_rates(schedules::CosineDecayRestarts(
                   {.initial_learning_rate = 1.0, .first_decay_steps = 4, .t_mul = 1.0}),
               {0, 2, 4, 6, 9}, {1.0, 0.5, 1.0, 0.5, half_cosine(0.25)});
}

// ---- names and settings

std::vector<SchedulePtr> one_of_each() {
  return {
      schedules::ExponentialDecay({0.1, 10, 0.5, true}),
      schedules::PiecewiseConstantDecay({{3, 7}, {0.1, 0.05, 0.01}}),
      schedules::PolynomialDecay({0.1, 10, 0.02, 2.0, true}),
      schedules::InverseTimeDecay({0.1, 10, 0.5, true}),
      schedules::CosineDecay({0.1, 10, 0.1, 0.3, 4}),
      schedules::CosineDecayRestarts({0.1, 10, 1.5, 0.9, 0.1}),
  };
}

TEST(Schedules, SettingsMakeTheSameScheduleAgain) {
  const std::vector<SchedulePtr> all = one_of_each();
  EXPECT_EQ(all.size(), schedules::class_names().size());
  for (const SchedulePtr& schedule : all) {
    const SchedulePtr again = schedules::from(schedule->class_name(), schedule->settings());
    ASSERT_EQ(again->settings().size(), schedule->settings().size());
    for (std::size_t i = 0; i < again->settings().size(); ++i) {
      EXPECT_EQ(again->settings()[i].name, schedule->settings()[i].name);
      EXPECT_EQ(again->settings()[i].value, schedule->settings()[i].value);
    }
    for (std::int64_t step = 0; step < 100; ++step) {
      EXPECT_EQ(again->at(step), schedule->at(step)) << schedule->class_name();
      EXPECT_GE(again->at(step), 0.0);
    }
  }
}

TEST(Schedules, AreRefusedByName) {
  EXPECT_EQ(error_of([] { schedules::from("ExponentialDecy", {}); }),
            "unknown learning-rate schedule \"ExponentialDecy\": did you mean "
            "\"ExponentialDecay\"?");
  EXPECT_EQ(error_of([] {
              schedules::from("CosineDecay", {{"decay_steps", std::int64_t{3}}});
            }),
            "CosineDecay needs initial_learning_rate");
  EXPECT_EQ(error_of([] { schedules::CosineDecay({.initial_learning_rate = 0.1}); }),
            "decay_steps of CosineDecay must be at least 1, got 0");
  EXPECT_EQ(error_of([] {
              schedules::ExponentialDecay({.initial_learning_rate = -0.1, .decay_steps = 1});
            }),
            "initial_learning_rate of ExponentialDecay must be at least 0, got -0.1");
  EXPECT_EQ(error_of([] {
              schedules::PiecewiseConstantDecay({.boundaries = {1, 2}, .values = {0.1}});
            }),
            "PiecewiseConstantDecay needs one value more than boundaries, got 1 values and 2 "
            "boundaries");
  EXPECT_EQ(error_of([] {
              schedules::PiecewiseConstantDecay({.boundaries = {2, 2}, .values = {1, 2, 3}});
            }),
            "boundaries of PiecewiseConstantDecay must grow");
  EXPECT_EQ(error_of([] {
              schedules::CosineDecayRestarts(
                  {.initial_learning_rate = 0.1, .first_decay_steps = 3, .t_mul = 0.5});
            }),
            "t_mul of CosineDecayRestarts must be at least 1, got 0.5");
  EXPECT_EQ(error_of([] {
              schedules::from("PiecewiseConstantDecay", {{"values", std::string("x")}});
            }),
            "values of PiecewiseConstantDecay is a list of numbers, got \"x\"");
}

}  // namespace
}  // namespace chronicler
