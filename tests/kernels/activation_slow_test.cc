// All four thousand million floats.
#include <gtest/gtest.h>

#include "kernels/activation.h"
#include "kernels/activation_checks.h"

namespace chronicler::test {
namespace {

TEST(ActivationSlow, TanhOfEveryFloat) { check_tanh(1); }
TEST(ActivationSlow, SigmoidOfEveryFloat) { check_sigmoid(1); }

}  // namespace
}  // namespace chronicler::test
