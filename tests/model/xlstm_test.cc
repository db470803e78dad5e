#include "chronicler/model/xlstm.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/training/compile.h"
#include "chronicler/training/fit.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;
using test::same_bits;

models::XlstmOptions small() {
  return {.context_length = 32,
          .horizon = 8,
          .patch_length = 4,
          .features = 2,
          .quantiles = 3,
          .width = 16,
          .heads = 2,
          .blocks = 3,
          .feed_forward = 24,
          .mlstm_at = {1}};
}

TEST(Xlstm, HasTheSizeOfTiRex) {
  const Functional model = models::xlstm({});
  EXPECT_EQ(model.output_shape(), (Shape{None, 128, 9}));
  const std::int64_t weights = model.count_params();
  EXPECT_GT(weights, 34'000'000);
  EXPECT_LT(weights, 38'000'000);
}

TEST(Xlstm, IsMadeOfWhatItsOptionsSay) {
  Functional model = models::xlstm(small());
  std::vector<std::string> cells;
  for (const LayerPtr& layer : model.layers()) {
    const std::string kind(layer->class_name());
    if (kind == "SLSTM" || kind == "MLSTM") cells.push_back(layer->name());
  }
  EXPECT_EQ(cells, (std::vector<std::string>{"block0_slstm", "block1_mlstm", "block2_slstm"}));
  EXPECT_EQ(model(noise({5, 32, 2}, 1)).shape(), (Shape{5, 8, 3}));
}

TEST(Xlstm, LearnsAndKeepsItsBits) {
  set_random_seed(1);
  Functional model = models::xlstm(small());
  model.compile({.optimizer = "adam", .loss = "mse"});
  const Tensor x = noise({32, 32, 2}, 1);
  Tensor y({32, 8, 3});
  for (std::int64_t i = 0; i < y.size(); ++i)  // the mean of the window's last step
    y.as<float>()[i] = (x.as<float>()[i / 24 * 64 + 62] + x.as<float>()[i / 24 * 64 + 63]) / 2;
  const History history = model.fit(x, y, {.batch_size = 8, .epochs = 30, .verbose = 0});
  const std::vector<double>& losses = history["loss"];
  EXPECT_LT(losses.back(), 0.25 * losses.front());
  Functional copy = model.clone();
  EXPECT_TRUE(same_bits(model(x), copy(x)));
}

TEST(Xlstm, RefusesWhatDoesNotFit) {
  EXPECT_EQ(error_of([] { models::xlstm({.context_length = 100}); }),
            "models::xlstm: context_length must be a multiple of patch_length 32, got 100: change "
            "one of the two");
  EXPECT_EQ(error_of([] { models::xlstm({.width = 510}); }),
            "models::xlstm: width 510 does not fall into 4 equal heads: give a width that heads "
            "divides");
  EXPECT_EQ(error_of([] { models::xlstm({.blocks = 2, .mlstm_at = {2}}); }),
            "models::xlstm: mlstm_at names block 2, there are 2: blocks are counted from 0");
  EXPECT_NE(error_of([] { models::xlstm({.dropout = 1.0}); }).find("dropout"), std::string::npos);
}

}  // namespace
}  // namespace chronicler
