// Ridge regression from sums that can be added up, taken apart and asked for errors: one pass over
// the data, then any number of penalties and choices of features.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace chronicler::tasks {

// Sums over examples of the products of features x (with a 1 behind them) and goals y.
class Moments {
 public:
  Moments(std::int64_t features, std::int64_t goals);

  // Adds examples: x (count, features), y (count, goals).
  void add(std::int64_t count, const float* x, const float* y);
  Moments& operator+=(const Moments& other);
  Moments& operator-=(const Moments& other);

  std::int64_t features() const { return features_; }
  std::int64_t goals() const { return goals_; }
  double count() const { return count_; }

 private:
  friend struct LinearMap solve_ridge(const Moments& moments, std::span<const std::int64_t> chosen,
                                      double penalty);
  friend double mean_squared_error(const Moments& moments, const struct LinearMap& map);
  double product(std::int64_t a, std::int64_t b) const {
    return products_[static_cast<std::size_t>(a * (features_ + 1) + b)];
  }
  double with_goal(std::int64_t a, std::int64_t goal) const {
    return goals_sums_[static_cast<std::size_t>(a * goals_ + goal)];
  }

  std::int64_t features_;
  std::int64_t goals_;
  double count_ = 0.0;
  std::vector<double> products_;      // (features + 1, features + 1)
  std::vector<double> goals_sums_;    // (features + 1, goals)
  std::vector<double> goal_squares_;  // (goals)
  std::vector<float> augmented_;      // scratch of add()
  std::vector<float> partial_;
};

// y = x[chosen] W + b.
struct LinearMap {
  std::vector<std::int64_t> chosen;  // of the features
  std::vector<double> weights;       // (chosen, goals)
  std::vector<double> intercept;     // (goals)
};

// Minimises the mean squared error + penalty * squared weights, in standardised features; the
// intercept is free. The penalty, above 0, is raised where the sums are too nearly singular. Of no
// examples: zeros.
LinearMap solve_ridge(const Moments& moments, std::span<const std::int64_t> chosen, double penalty);

// Of a map on the examples of the moments, over all goals.
double mean_squared_error(const Moments& moments, const LinearMap& map);

}  // namespace chronicler::tasks
