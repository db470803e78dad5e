#include "tasks/shared/ridge.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "kernels/gemm.h"

namespace chronicler::tasks {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Not if the sums were so nearly singular that rounding decides.
bool is_definite(const Eigen::LLT<Matrix, Eigen::Lower>& factor) {
  if (factor.info() != Eigen::Success) return false;
  // The squared diagonal is what the features before leave unexplained, of variances of about 1.
  return factor.matrixLLT().diagonal().array().square().minCoeff() > 1e-10;
}

template <class Operation>
void combine(std::vector<double>& to, const std::vector<double>& from, Operation operation) {
  std::transform(to.begin(), to.end(), from.begin(), to.begin(), operation);
}

}  // namespace

Moments::Moments(std::int64_t features, std::int64_t goals)
    : features_(features),
      goals_(goals),
      products_(static_cast<std::size_t>((features + 1) * (features + 1)), 0.0),
      goals_sums_(static_cast<std::size_t>((features + 1) * goals), 0.0),
      goal_squares_(static_cast<std::size_t>(goals), 0.0) {}

void Moments::add(std::int64_t count, const float* x, const float* y) {
  // In float for a few hundred examples, then in double: fast, and no digits lost over millions.
  constexpr std::int64_t chunk = 256;
  const std::int64_t width = features_ + 1;
  for (std::int64_t begin = 0; begin < count; begin += chunk) {
    const std::int64_t rows = std::min(chunk, count - begin);
    augmented_.resize(static_cast<std::size_t>(rows * width));
    for (std::int64_t i = 0; i < rows; ++i) {
      std::copy_n(x + (begin + i) * features_, features_,
                  &augmented_[static_cast<std::size_t>(i * width)]);
      augmented_[static_cast<std::size_t>(i * width + features_)] = 1.0F;
    }
    partial_.assign(static_cast<std::size_t>(width * width), 0.0F);
    kernels::gemm_outer(width, width, rows, augmented_.data(), width, augmented_.data(), width,
                        partial_.data(), width);
    for (std::size_t i = 0; i < products_.size(); ++i)
      products_[i] += static_cast<double>(partial_[i]);
    partial_.assign(static_cast<std::size_t>(width * goals_), 0.0F);
    kernels::gemm_outer(width, goals_, rows, augmented_.data(), width, y + begin * goals_, goals_,
                        partial_.data(), goals_);
    for (std::size_t i = 0; i < goals_sums_.size(); ++i)
      goals_sums_[i] += static_cast<double>(partial_[i]);
    for (std::int64_t i = 0; i < rows * goals_; ++i) {
      const auto goal = static_cast<double>(y[begin * goals_ + i]);
      goal_squares_[static_cast<std::size_t>(i % goals_)] += goal * goal;
    }
  }
  count_ += static_cast<double>(count);
}

Moments& Moments::operator+=(const Moments& other) {
  combine(products_, other.products_, std::plus<>());
  combine(goals_sums_, other.goals_sums_, std::plus<>());
  combine(goal_squares_, other.goal_squares_, std::plus<>());
  count_ += other.count_;
  return *this;
}

Moments& Moments::operator-=(const Moments& other) {
  combine(products_, other.products_, std::minus<>());
  combine(goals_sums_, other.goals_sums_, std::minus<>());
  combine(goal_squares_, other.goal_squares_, std::minus<>());
  count_ -= other.count_;
  return *this;
}

LinearMap solve_ridge(const Moments& moments, std::span<const std::int64_t> chosen,
                      double penalty) {
  const std::size_t n = chosen.size();
  const auto goals = static_cast<std::size_t>(moments.goals());
  const std::int64_t one = moments.features();
  const double count = moments.count();
  if (count <= 0.0)  // nothing is known
    return {
        {chosen.begin(), chosen.end()}, std::vector<double>(n * goals), std::vector<double>(goals)};
  std::vector<double> mean(n);
  std::vector<double> deviation(n);
  for (std::size_t i = 0; i < n; ++i) {
    mean[i] = moments.product(chosen[i], one) / count;
    const double variance = moments.product(chosen[i], chosen[i]) / count - mean[i] * mean[i];
    deviation[i] = variance > 1e-12 ? std::sqrt(variance) : 1.0;
  }
  std::vector<double> goal_mean(goals);
  for (std::size_t g = 0; g < goals; ++g)
    goal_mean[g] = moments.with_goal(one, static_cast<std::int64_t>(g)) / count;

  LinearMap map{{chosen.begin(), chosen.end()}, std::vector<double>(n * goals), goal_mean};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t g = 0; g < goals; ++g) {
      const double covariance = moments.with_goal(chosen[i], static_cast<std::int64_t>(g)) / count -
                                mean[i] * goal_mean[g];
      map.weights[i * goals + g] = covariance / deviation[i];
    }
  }
  const auto size = static_cast<Eigen::Index>(n);
  Matrix covariances = Matrix::Zero(size, size);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k <= i; ++k) {
      covariances(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) =
          (moments.product(chosen[i], chosen[k]) / count - mean[i] * mean[k]) /
          (deviation[i] * deviation[k]);
    }
  }
  Eigen::LLT<Matrix, Eigen::Lower> factor;
  for (;; penalty *= 10.0) {
    factor.compute(covariances + penalty * Matrix::Identity(size, size));
    if (is_definite(factor)) break;
  }
  Eigen::Map<Matrix> weights(map.weights.data(), size, static_cast<Eigen::Index>(goals));
  factor.solveInPlace(weights);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t g = 0; g < goals; ++g) {
      map.weights[i * goals + g] /= deviation[i];
      map.intercept[g] -= map.weights[i * goals + g] * mean[i];
    }
  }
  return map;
}

double mean_squared_error(const Moments& moments, const LinearMap& map) {
  const std::size_t n = map.chosen.size();
  const auto goals = static_cast<std::size_t>(moments.goals());
  const std::int64_t one = moments.features();
  double total = 0.0;
  for (std::size_t g = 0; g < goals; ++g) {
    const auto weight = [&](std::size_t i) {
      return i < n ? map.weights[i * goals + g] : map.intercept[g];
    };
    const auto feature = [&](std::size_t i) { return i < n ? map.chosen[i] : one; };
    double sum = moments.goal_squares_[g];
    for (std::size_t i = 0; i <= n; ++i) {
      double inner = -2.0 * moments.with_goal(feature(i), static_cast<std::int64_t>(g));
      for (std::size_t k = 0; k <= n; ++k)
        inner += moments.product(feature(i), feature(k)) * weight(k);
      sum += weight(i) * inner;
    }
    total += sum;
  }
  return std::max(total, 0.0) / (moments.count() * static_cast<double>(goals));
}

}  // namespace chronicler::tasks
