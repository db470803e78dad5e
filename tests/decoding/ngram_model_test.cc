#include "chronicler/decoding/ngram_model.h"

#include <cmath>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler::decoding {
namespace {

using Ids = std::vector<std::uint16_t>;

TEST(NgramModel, IsWittenAndBells) {
  const Ids train{0, 1, 0, 1, 0, 2};
  const NgramModel model(train, 4, 2);
  // Order 1: (c + 3 / 4) / (6 + 3), of three different pieces in six places.
  const double p0 = (3.0 + 3.0 * 0.25) / 9.0;
  const double p1 = (2.0 + 3.0 * 0.25) / 9.0;
  // Order 2 after 0: 1 twice, 2 once; after 1: 0 twice; after 3: nothing is known.
  const double p1_after_0 = (2.0 + 2.0 * p1) / 5.0;
  const double p0_after_1 = (2.0 + 1.0 * p0) / 3.0;
  const std::vector<double> nats = model.nats(Ids{1, 0}, Ids{0});
  EXPECT_NEAR(nats[0], -(std::log(p1) + std::log(p0)) / 2.0, 1e-12);
  EXPECT_NEAR(nats[1], -(std::log(p1_after_0) + std::log(p0_after_1)) / 2.0, 1e-12);
  EXPECT_NEAR(model.nats(Ids{0}, Ids{3})[1], -std::log(p0), 1e-12);
  EXPECT_NEAR(model.nats(Ids{0})[1], -std::log(p0), 1e-12);  // nothing before it
}

TEST(NgramModel, ProbabilitiesAddUpToOne) {
  Ids train;
  for (std::uint16_t i = 0; i < 500; ++i) train.push_back(static_cast<std::uint16_t>(i * i % 7));
  const NgramModel model(train, 7, 6);
  for (std::size_t order = 0; order < 6; ++order) {
    double sum = 0.0;
    for (std::uint16_t id = 0; id < 7; ++id)
      sum += std::exp(-model.nats(Ids{id}, Ids{2, 1, 4, 2, 0})[order]);
    EXPECT_NEAR(sum, 1.0, 1e-9) << order;
  }
}

TEST(NgramModel, RefusesWhatItCannotCount) {
  EXPECT_THROW(NgramModel(Ids{}, 3), Error);
  EXPECT_THROW(NgramModel(Ids{1}, 3, 0), Error);
  EXPECT_THROW(NgramModel(Ids{1}, 3, NgramModel::most_orders + 1), Error);
}

TEST(NgramModel, OnePieceIsAsInAText) {
  const Ids train{0, 1, 0, 1, 0, 2, 3, 1, 0};
  const NgramModel model(train, 4, 3);
  const Ids before{1, 0};
  EXPECT_NEAR(model.log_probability(before, 2), -model.nats(Ids{2}, before)[2], 1e-12);
  EXPECT_NEAR(model.log_probability({}, 3), -model.nats(Ids{3})[2], 1e-12);
}

}  // namespace
}  // namespace chronicler::decoding
