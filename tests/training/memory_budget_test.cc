#include "training/memory_budget.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/chronicler.h"
#include "model/model_internals.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

using test::error_of;
using test::noise;

TEST(BytesFrom, ReadsWhatPeopleWrite) {
  EXPECT_EQ(bytes_from("64MB"), 64'000'000);
  EXPECT_EQ(bytes_from("1.5GB"), 1'500'000'000);
  EXPECT_EQ(bytes_from("800KB"), 800'000);
  EXPECT_EQ(bytes_from(" 2 mib "), 2'097'152);
  EXPECT_EQ(bytes_from("12345"), 12345);
  EXPECT_EQ(bytes_from("3k"), 3000);
  for (const char* text :
       {"", "MB", "64 megabytes", "-1MB", "0", "nan", "inf", "1e99GB", "12,5MB"}) {
    EXPECT_EQ(error_of([&] { static_cast<void>(bytes_from(text)); }),
              "memory_budget must be a number of bytes, got \"" + std::string(text) +
                  "\": for instance \"64MB\", \"1.5GB\", \"800KB\" or 64000000");
  }
}

TEST(BytesText, IsShort) {
  EXPECT_EQ(bytes_text(12), "12B");
  EXPECT_EQ(bytes_text(1500), "1.5KB");
  EXPECT_EQ(bytes_text(48'000'000), "48.0MB");
}

constexpr std::int64_t steps = 700;

// A stack with all kinds of loops: kernels, two directions, a cell of an RNN, a variant step by
// step.
Sequential stack() {
  set_random_seed(3);
  Sequential model(
      {layers::Input(Shape{None, 3}), layers::Masking({}),
       layers::LSTM({.units = 4, .dropout = 0.2, .return_sequences = true}),
       layers::Bidirectional(layers::GRU({.units = 3, .return_sequences = true})),
       layers::RNN({.cells = {layers::LSTMCell({.units = 4}), layers::SimpleRNNCell({.units = 3})},
                    .return_sequences = true}),
       layers::LSTM({.units = 3, .peepholes = true}), layers::Dense({.units = 1})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  return model;
}

struct Data {
  Tensor x = noise({4, steps, 3}, 1);
  Tensor y = noise({4, 1}, 2);
};

std::vector<Tensor> trained(Sequential model, const std::string& budget, std::int64_t epochs = 2) {
  const Data data;
  model.fit(data.x, data.y,
            {.batch_size = 2, .epochs = epochs, .verbose = 0, .seed = 5, .memory_budget = budget});
  return model.get_weights();
}

void expect_same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(test::same_bits(a[i], b[i])) << i;
}

TEST(MemoryBudget, LearnsTheSameBits) {
  const std::vector<Tensor> whole = trained(stack(), "");
  for (const char* budget : {"700KB", "900KB", "1GB"}) {
    SCOPED_TRACE(budget);
    expect_same(whole, trained(stack(), budget));
  }
  const test::ThreadsForNow two(2);
  expect_same(whole, trained(stack(), "700KB"));
}

TEST(MemoryBudget, IsOfAModelInAModel) {
  const auto nested = [] {
    set_random_seed(4);
    Sequential inner({layers::Input(Shape{None, 3}),
                      layers::GRU({.units = 4, .return_sequences = true}),
                      layers::LSTM({.units = 4, .return_sequences = true})});
    Sequential outer({layers::Input(Shape{None, 3}), inner.as_layer(), layers::LSTM({.units = 3}),
                      layers::Dense({.units = 1})});
    outer.compile({.optimizer = "sgd", .loss = "mse"});
    return outer;
  };
  expect_same(trained(nested(), ""), trained(nested(), "400KB"));
}

// The arena holds what the budget says, and besides what does not grow with the steps: weights laid
// out, and the copies that sums of their gradients work on, 300 KB for each thread.
TEST(MemoryBudget, HoldsTheArena) {
  set_random_seed(5);
  Sequential model(
      {layers::Input(Shape{None, 8}), layers::LSTM({.units = 16}), layers::Dense({.units = 1})});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor x = noise({1, 50'000, 8}, 1);
  const Tensor y = noise({1, 1}, 2);
  model.fit(x, y, {.epochs = 2, .verbose = 0, .memory_budget = "300KB"});
  EXPECT_LE(ModelInternals::execution(model).arena().capacity(), 1'000'000U);
  const Tensor before = model.predict(x);
  model.fit(x, y, {.epochs = 1, .verbose = 0});
  EXPECT_GE(ModelInternals::execution(model).arena().capacity(), 15'000'000U)
      << "the budget is over";
}

TEST(MemoryBudget, SaysHowMuchItNeeds) {
  const std::string message = error_of([] { trained(stack(), "100KB"); });
  EXPECT_TRUE(
      message.starts_with("memory_budget 100.0KB cannot hold a batch of (2, 700, 3): it needs "))
      << message;
  const std::size_t at = message.find("give \"");
  ASSERT_NE(at, std::string::npos) << message;
  const std::string needed = message.substr(at + 6, message.find('"', at + 6) - at - 6);
  expect_same(trained(stack(), ""), trained(stack(), needed));
  const std::string shape_free = error_of([] { trained(stack(), "much"); });
  EXPECT_TRUE(shape_free.starts_with("memory_budget must be a number of bytes")) << shape_free;
}

TEST(MemoryBudget, PrintsThePlan) {
  Sequential model({layers::Input(Shape{None, 3}), layers::LSTM({.units = 4, .name = "memory"}),
                    layers::Dense({.units = 1})});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Data data;
  testing::internal::CaptureStdout();
  model.fit(data.x, data.y, {.batch_size = 4, .verbose = 2, .memory_budget = "60KB"});
  const std::string text = testing::internal::GetCapturedStdout();
  EXPECT_TRUE(text.starts_with("memory budget 60.0KB, a batch of (4, 700, 3): ")) << text;
  EXPECT_NE(text.find("\n  memory: keeps states before 9 of 700 steps and 124 steps whole, "),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("; a step runs forward 1.82 times\n"), std::string::npos) << text;
}

// Sequences of different lengths: each batch has a plan of its own, and a run that goes on may have
// another budget.
TEST(MemoryBudget, PlansForEachLengthAndMayChange) {
  const auto run = [](const std::string& first, const std::string& second) {
    set_random_seed(6);
    Sequential model(
        {layers::Input(Shape{None, 3}), layers::GRU({.units = 4}), layers::Dense({.units = 1})});
    model.compile({.optimizer = "adam", .loss = "mse"});
    std::vector<Tensor> sequences;
    for (const std::int64_t length : {30, 900, 400, 31, 905, 410})
      sequences.push_back(noise({length, 3}, static_cast<std::uint64_t>(length)));
    const Tensor y = noise({6, 1}, 9);
    for (const std::string& budget : {first, second}) {
      model.fit(SequenceList(sequences), y,
                {.batch_size = 2, .verbose = 0, .seed = 8, .memory_budget = budget});
    }
    return model.get_weights();
  };
  expect_same(run("", ""), run("60KB", "80KB"));
}

}  // namespace
}  // namespace chronicler
