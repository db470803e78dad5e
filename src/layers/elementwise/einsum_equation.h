// The equation of an EinsumDense, and the loops that it stands for.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "chronicler/base/shape.h"

namespace chronicler {

// "abc,cd->abd" in its three parts; throws Error, with `who` as the layer, where it has none.
struct EinsumEquation {
  std::string input;
  std::string kernel;
  std::string output;
  bool is_left_open = false;   // "..." at the front of input and output
  bool is_right_open = false;  // at their end

  static EinsumEquation parsed(const std::string& who, std::string_view equation);
  // With letters for what "..." stands for in an input of that rank.
  EinsumEquation closed(const std::string& who, int rank) const;
};

// Axes that are walked together through two arrays: how far each goes in either.
class EinsumWalk {
 public:
  void add(std::int64_t extent, std::int64_t stride_a, std::int64_t stride_b) {
    const auto i = static_cast<std::size_t>(rank_++);
    extents_[i] = extent;
    strides_a_[i] = stride_a;
    strides_b_[i] = stride_b;
  }
  std::int64_t size() const {
    std::int64_t size = 1;
    for (std::size_t i = 0; i < static_cast<std::size_t>(rank_); ++i) size *= extents_[i];
    return size;
  }
  // function(place in a, place in b), the last axis fastest.
  template <class Function>
  void run(const Function& function) const {
    std::array<std::int64_t, most> at{};
    std::int64_t a = 0;
    std::int64_t b = 0;
    for (std::int64_t count = size(); count > 0; --count) {
      function(a, b);
      for (auto i = static_cast<std::size_t>(rank_); i-- > 0;) {
        a += strides_a_[i];
        b += strides_b_[i];
        if (++at[i] < extents_[i]) break;
        a -= extents_[i] * strides_a_[i];
        b -= extents_[i] * strides_b_[i];
        at[i] = 0;
      }
    }
  }

 private:
  static constexpr std::size_t most = 2 * Shape::max_rank;
  std::array<std::int64_t, most> extents_{};
  std::array<std::int64_t, most> strides_a_{};
  std::array<std::int64_t, most> strides_b_{};
  int rank_ = 0;
};

}  // namespace chronicler
