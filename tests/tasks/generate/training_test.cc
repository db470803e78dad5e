#include "tasks/generate/training.h"

#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/random.h"

namespace chronicler::tasks {
namespace {

std::vector<data::Pieces::Id> some_ids(std::size_t count) {
  const Random random(3);
  std::vector<data::Pieces::Id> ids;
  for (std::size_t i = 0; i < count; ++i)
    ids.push_back(static_cast<data::Pieces::Id>(random.below(5, 0, i)));
  return ids;
}

// What progress tells of a long validation part is of all of it, not of its beginning.
TEST(LanguageTraining, ParallelPassagesBeginEvenlyOverTheText) {
  const Functional model = language_model(5, {.units = 4, .layers = 1, .embedding = 4}, 0);
  const std::vector<data::Pieces::Id> ids = some_ids(101);
  double sum = 0.0;
  for (const std::size_t begin : {0U, 25U, 50U, 75U})
    sum += contiguous_nats(model, PieceIds(ids).subspan(begin, 11));
  EXPECT_NEAR(parallel_nats(model, ids, 4, 40), sum / 40.0, 1e-6);
  EXPECT_NEAR(parallel_nats(model, ids, 1, 1000), contiguous_nats(model, ids) / 100.0, 1e-6);
}

}  // namespace
}  // namespace chronicler::tasks
