#include "tasks/shared/joined_networks.h"

#include <vector>

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/functional.h"
#include "support/conformance.h"

namespace chronicler::tasks {
namespace {

Symbol branch(const Symbol& x, const std::string& prefix) {
  return layers::Dense({.units = 2, .name = prefix + "dense"})(
      layers::LSTM({.units = 3, .name = prefix + "lstm"})(x));
}

TEST(JoinedNetworks, AnswerWithTheirMean) {
  const auto input = [] { return Input({.shape = {4, 2}, .name = "x"}); };
  std::vector<Functional> networks;
  for (int i = 0; i < 2; ++i) {
    const Symbol x = input();
    networks.push_back(Functional({x}, {branch(x, "")}, "network"));
  }
  const Symbol x = input();
  std::vector<Symbol> branches;
  for (std::size_t i = 0; i < 2; ++i) branches.push_back(branch(x, branch_prefix(i, 2)));
  Functional joined({x}, {layers::Average({.name = "mean"})(branches)}, "joined");
  for (std::size_t i = 0; i < 2; ++i) set_branch_weights(networks[i], joined, branch_prefix(i, 2));
  const Tensor data = test::noise({5, 4, 2}, 1);
  const Tensor a = networks[0].predict(data);
  const Tensor b = networks[1].predict(data);
  const Tensor mean = joined.predict(data);
  for (std::int64_t i = 0; i < mean.size(); ++i)
    EXPECT_FLOAT_EQ(mean.as<float>()[i], 0.5F * (a.as<float>()[i] + b.as<float>()[i]));
  EXPECT_EQ(branch_prefix(0, 1), "");
  EXPECT_EQ(branch_prefix(1, 2), "network_2_");
}

}  // namespace
}  // namespace chronicler::tasks
