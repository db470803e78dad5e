#include "layers/recurrent/keep_plan.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"

namespace chronicler {
namespace {

TEST(SummedSteps, AreAFewHundredPairsWhateverTheBatch) {
  EXPECT_EQ(summed_steps(1, false), 256);
  EXPECT_EQ(summed_steps(8, false), 32);
  EXPECT_EQ(summed_steps(100, false), 3);
  EXPECT_EQ(summed_steps(1000, false), 1);
  EXPECT_EQ(summed_steps(1, true), 384);
}

TEST(KeepPlan, KeepsEverythingWhereItFits) {
  const Layer::KeptSteps kept{1000, 600, 100};
  EXPECT_TRUE(keep_plan(kept, 10, most_bytes(kept)).keeps_all());
  EXPECT_EQ(keep_plan(kept, 10, most_bytes(kept)).forward_runs(), 1.0);
  EXPECT_FALSE(keep_plan(kept, 10, most_bytes(kept) - 1).keeps_all());
  // A sequence that is one segment has nothing to be computed again from.
  const Layer::KeptSteps brief{10, 600, 100};
  EXPECT_TRUE(keep_plan(brief, 10, 1).keeps_all());
  EXPECT_EQ(least_bytes(brief, 10), most_bytes(brief));
}

TEST(KeepPlan, StaysWithinItsBytesAndWhole) {
  for (const std::int64_t steps : {7, 64, 1000, 12345, 1'000'000}) {
    for (const std::int64_t together : {1, 3, 32, 256}) {
      for (const std::int64_t state_bytes : {1, 100, 700}) {
        const Layer::KeptSteps kept{steps, 600, state_bytes};
        const std::int64_t least = least_bytes(kept, together);
        const std::int64_t most = most_bytes(kept);
        double runs = 1e9;
        for (const double share : {0.0, 0.001, 0.01, 0.05, 0.2, 0.5, 0.9, 0.999}) {
          const auto bytes =
              least + static_cast<std::int64_t>(share * static_cast<double>(most - least));
          const KeepPlan plan = keep_plan(kept, together, bytes);
          SCOPED_TRACE(testing::Message() << steps << " steps by " << together << ", states of "
                                          << state_bytes << ", " << bytes << " bytes");
          ASSERT_LE(plan.bytes(kept), bytes);
          if (plan.keeps_all()) continue;
          ASSERT_EQ(plan.segment_steps % together, 0);
          ASSERT_LT(plan.first_kept(), steps);
          ASSERT_GE(plan.slots, 1);
          ASSERT_LE(plan.slots, plan.segments);
          ASSERT_LE(plan.forward_runs(), 1.02 * runs) << "more memory, more work";
          runs = plan.forward_runs();
        }
        EXPECT_EQ(keep_plan(kept, together, 0).bytes(kept),
                  keep_plan(kept, together, least).bytes(kept));
      }
    }
  }
}

TEST(KeepPlan, TwoForwardRunsDoInTheSquareRoot) {
  const Layer::KeptSteps kept{1'000'000, 1536, 512};  // an LSTM of 64, one row
  const KeepPlan plan = keep_plan(kept, 256, 48'000'000);
  EXPECT_LE(plan.forward_runs(), 2.0);
  EXPECT_LE(plan.bytes(kept), 4'000'000) << "and no more than that brings anything";
  const KeepPlan small = keep_plan(kept, 256, 1'800'000);
  EXPECT_LE(small.forward_runs(), 2.0);
  const KeepPlan half = keep_plan(kept, 256, most_bytes(kept) / 2);
  EXPECT_NEAR(half.forward_runs(), 1.5, 0.01);
}

TEST(KeepPlan, TheSmallestPlanRunsFewTimes) {
  const Layer::KeptSteps kept{1'000'000, 1536, 512};
  const std::int64_t least = least_bytes(kept, 256);
  EXPECT_LT(least, 410'000);
  EXPECT_LT(keep_plan(kept, 256, least).forward_runs(), 13.0);
}

TEST(StepsTogether, AreThoseOfTheLayerInside) {
  const Shape x{1, 5, 4};
  const auto of = [&](const LayerPtr& layer) {
    layer->build(std::span(&x, 1));
    return steps_together(*layer, 1);
  };
  EXPECT_EQ(of(layers::LSTM({.units = 3})), 256);
  EXPECT_EQ(of(layers::Bidirectional(layers::GRU({.units = 3}))), 256);
  EXPECT_EQ(of(layers::RNN({.cell = layers::LSTMCell({.units = 3})})), 256);
  EXPECT_EQ(of(layers::LSTM({.units = 300})), 384) << "whose weights' gradients need deeper sums";
  EXPECT_EQ(of(layers::LSTM({.units = 3, .peepholes = true})), 1);
  EXPECT_EQ(of(layers::GRU({.units = 3, .activation = "softmax"})), 1);
}

}  // namespace
}  // namespace chronicler
