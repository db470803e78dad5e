#include <string>

#include <gtest/gtest.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/options.h"
#include "kernels/activation.h"

namespace chronicler {
namespace {

std::string message_of(const char* name) {
  try {
    const Activation activation(name);
  } catch (const Error& error) {
    return error.what();
  }
  return "no Error was thrown";
}

TEST(ActivationOption, TakesEveryNameOfTheKernels) {
  for (const std::string_view name : kernels::activation_names()) {
    EXPECT_EQ(Activation(std::string(name)).name(), name);
  }
}

TEST(ActivationOption, IsLinearByDefault) {
  EXPECT_EQ(Activation().name(), "linear");
  EXPECT_EQ(Activation(nullptr).name(), "linear");  // Keras's None
  EXPECT_EQ(Activation(), Activation("linear"));
  EXPECT_FALSE(Activation() == Activation("tanh"));
}

TEST(ActivationOption, WritesOtherNamesAsKerasDoes) {
  EXPECT_EQ(Activation("swish").name(), "silu");
  EXPECT_EQ(Activation("hard_swish").name(), "hard_silu");
  EXPECT_EQ(Activation("swish"), Activation("silu"));
}

TEST(ActivationOption, SuggestsTheNearestNames) {
  EXPECT_EQ(message_of("tahn"), "unknown activation \"tahn\": did you mean \"tanh\"?");
  EXPECT_EQ(message_of("sigmiod"), "unknown activation \"sigmiod\": did you mean \"sigmoid\"?");
  EXPECT_TRUE(message_of("").starts_with("unknown activation \"\": the nearest of"))
      << message_of("");
}

}  // namespace
}  // namespace chronicler
