// Targets and predictions that Keras 3.15.1 was asked about.
#pragma once

#include <gtest/gtest.h>

#include "chronicler/base/tensor.h"
#include "chronicler/training/metric.h"

namespace chronicler::test::metric_data {

inline const Tensor bits({6}, std::vector<float>{1, 0, 1, 1, 0, 0});
inline const Tensor chances({6}, std::vector<float>{0.9F, 0.4F, 0.35F, 0.8F, 0.6F, 0.1F});
inline const Tensor bit_weights({6}, std::vector<float>{1, 2, 0.5F, 1, 3, 1});

inline const Tensor tags({4, 3}, std::vector<float>{0, 1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0});
inline const Tensor tag_chances({4, 3}, std::vector<float>{0.2F, 0.7F, 0.6F, 0.55F, 0.45F, 0.3F,  //
                                                           0.1F, 0.9F, 0.8F, 0.6F, 0.4F, 0.2F});
inline const Tensor row_weights({4}, std::vector<float>{1, 2, 0.5F, 3});

inline const Tensor labels({5, 3}, std::vector<float>{1, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0});
inline const Tensor label_chances({5, 3}, std::vector<float>{0.9F, 0.2F, 0.6F, 0.4F, 0.7F,  //
                                                             0.3F, 0.65F, 0.55F, 0.1F, 0.3F, 0.45F,
                                                             0.8F, 0.15F, 0.35F, 0.5F});
inline const Tensor label_row_weights({5}, std::vector<float>{1, 2, 0.5F, 1, 3});

inline const Tensor numbers({2, 3}, std::vector<float>{0, 1, 2, 3, 0.5F, -1});
inline const Tensor number_guesses({2, 3}, std::vector<float>{0.1F, 1.5F, 1, 1, 0.5F, 2});

inline const Tensor classes({7}, std::vector<std::int32_t>{0, 1, 2, 2, 1, 0, 0});
inline const Tensor class_guesses({7}, std::vector<std::int32_t>{0, 1, 1, 2, 1, 2, 0});

inline double result_of(const MetricPtr& metric, const Tensor& y_true, const Tensor& y_pred,
                        const TensorView& weight = {}, const TensorView& mask = {}) {
  metric->reset();
  metric->update(y_true, y_pred, weight, mask);
  return metric->result();
}

inline std::vector<double> results_of(const MetricPtr& metric, const Tensor& y_true,
                                      const Tensor& y_pred, const TensorView& weight = {}) {
  result_of(metric, y_true, y_pred, weight);
  return metric->results();
}

inline void expect_near(const std::vector<double>& got, const std::vector<double>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-6) << i;
}

}  // namespace chronicler::test::metric_data
