// What a classifier takes for what.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace chronicler::data {

class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::int64_t classes);
  // Throws Error for classes out of range, or spans of unequal length.
  ConfusionMatrix(std::int64_t classes, std::span<const std::int32_t> truth,
                  std::span<const std::int32_t> predicted);

  void add(std::int32_t truth, std::int32_t predicted);
  std::int64_t classes() const { return classes_; }
  std::int64_t count(std::int64_t truth, std::int64_t predicted) const;
  std::int64_t total() const;

  double accuracy() const;
  // Of a class; 0 where nothing was predicted to be it, or nothing is it.
  double precision(std::int64_t of) const;
  double recall(std::int64_t of) const;
  double f1(std::int64_t of) const;
  double macro_f1() const;  // the mean over classes that occur

 private:
  std::int64_t sum(std::int64_t of, bool truth) const;

  std::int64_t classes_;
  std::vector<std::int64_t> counts_;  // [truth][predicted]
};

}  // namespace chronicler::data
