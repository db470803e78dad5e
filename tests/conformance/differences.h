// Derivatives the slow and certain way.
#pragma once

#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "chronicler/base/tensor.h"

namespace chronicler::test {

// d(sum of flowing * outputs) / d place, by central differences of 1e-6; place is float64 and is as
// before afterwards. An empty tensor in `flowing` leaves its output out.
std::vector<double> differences(Tensor& place, const std::vector<Tensor>& flowing,
                                const std::function<std::vector<Tensor>()>& outputs);

// Whether every element agrees to a relative error of 1e-6, with a denominator of at least 1e-3.
::testing::AssertionResult is_gradient(const Tensor& gradient, const std::vector<double>& expected);

// Steps [begin, end) of (B, T, ...), copied.
Tensor steps_between(const Tensor& all, std::int64_t begin, std::int64_t end);

}  // namespace chronicler::test
