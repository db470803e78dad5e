#include "layers/recurrent/cut_choice.h"

#include <cstring>

#include <gtest/gtest.h>

#include "chronicler/chronicler.h"

namespace chronicler {
namespace {

RunShape shape_of(std::int64_t units) {
  static const int kernels = 0;
  return {&kernels, 4, 8, units, 2, false};
}

// Takes the cut it is told to, with these times, until the choice stands.
Cut settle(const RunShape& shape, double rows_time, double units_time) {
  for (int call = 0; call < 10; ++call) {
    const Cut cut = cut_to_take(shape);
    cut_took(shape, cut, cut == Cut::rows ? rows_time : units_time);
  }
  return cut_to_take(shape);
}

TEST(CutChoice, TriesBothAndKeepsTheQuickerOfEachShape) {
  EXPECT_EQ(cut_to_take(shape_of(1)), Cut::rows);
  EXPECT_EQ(settle(shape_of(1), 1.0, 2.0), Cut::rows);
  EXPECT_EQ(settle(shape_of(2), 2.0, 1.0), Cut::units);
  EXPECT_EQ(settle(shape_of(3), 1.0, 1.0), Cut::rows);
  // What comes later changes nothing.
  for (int i = 0; i < 10; ++i) cut_took(shape_of(1), Cut::units, 0.1);
  EXPECT_EQ(cut_to_take(shape_of(1)), Cut::rows);
}

// Three epochs of a network whose weights are large enough for both cuts.
Tensor trained_with(const LayerPtr& layer, Cut cut) {
  force_cut(cut);
  set_random_seed(5);
  Sequential model({layers::Input(Shape{6, 10}), layers::Masking({}), layer->clone(),
                    layers::Dense({.units = 2})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  Tensor x({4, 6, 10});
  const Random random(3);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    // The last steps of the second sequence are masked.
    const bool masked = i / 60 == 1 && i % 60 >= 40;
    x.as<float>()[i] = masked ? 0.0F : random.uniform(0, static_cast<std::uint64_t>(i)) - 0.5F;
  }
  Tensor y({4, 2});
  y.fill(0.5);
  for (int step = 0; step < 3; ++step) model.train_on_batch(x, y);
  choose_cuts();
  return model.predict(x);
}

TEST(CutChoice, ChangesNoBitOfTraining) {
  set_threads(2);
  for (const LayerPtr& layer :
       {layers::LSTM({.units = 160}), layers::GRU({.units = 180}),
        layers::GRU({.units = 180, .reset_after = false}), layers::SimpleRNN({.units = 300}),
        layers::LSTM({.units = 160, .recurrent_dropout = 0.3})}) {
    SCOPED_TRACE(layer->class_name());
    const Tensor shared = trained_with(layer, Cut::units);
    const Tensor sliced = trained_with(layer, Cut::rows);
    EXPECT_EQ(std::memcmp(shared.as<float>(), sliced.as<float>(), sliced.bytes()), 0);
  }
}

}  // namespace
}  // namespace chronicler
