#include "training/data_check.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include <fmt/format.h>

#include "base/mapped_memory.h"
#include "chronicler/base/error.h"
#include "kernels/finite.h"
#include "layers/core/dispatch.h"
#include "training/place.h"

namespace chronicler {
namespace {

[[noreturn]] void not_finite(double number, std::int64_t index, const Shape& shape,
                             std::string_view what) {
  const char* held = std::isnan(number) ? "NaN" : number > 0.0 ? "infinity" : "-infinity";
  std::string hint = "clean the data, or leave such rows out";
  if (what.ends_with('x')) {
    hint =
        "clean the data, or give missing steps a value of their own and start with a Masking layer";
  }
  throw Error(fmt::format("{} holds {} at {}", what, held, place_in(shape, index)), hint);
}

std::int64_t samples(const Tensor& data, std::string_view prefix, std::string_view name) {
  if (!data || data.shape().rank() == 0) {
    throw Error(fmt::format("{}{} is empty", prefix, name),
                "give a tensor whose first axis counts the samples");
  }
  return data.shape()[0];
}

void check_equal(const Tensor& x, const Tensor& other, std::string_view prefix,
                 std::string_view name) {
  if (samples(x, prefix, "x") == samples(other, prefix, name)) return;
  throw Error(
      fmt::format("{0}x has {1} samples, but {0}{2} has {3}", prefix, x.shape()[0], name,
                  other.shape()[0]),
      fmt::format("their shapes are {} and {}", x.shape().to_string(), other.shape().to_string()));
}

}  // namespace

void check_finite(const Tensor& data, std::string_view what) {
  if (data.dtype() != DType::float32 && data.dtype() != DType::float64) return;
  with_real(data.dtype(), [&](auto real) {
    using Real = decltype(real);
    constexpr std::size_t piece = 4096;  // looked at again, number by number, if one is found
    constexpr std::size_t between_checks = std::size_t{1} << 20U;
    const std::span<const Real> numbers = data.span<Real>();
    for (std::size_t begin = 0; begin < numbers.size(); begin += piece) {
      if (begin % between_checks == 0) check_mapped(data);
      const auto part = numbers.subspan(begin, std::min(piece, numbers.size() - begin));
      const bool is_finite = kernels::all_finite(part);
      done_with(part.data(), part.size_bytes());
      if (is_finite) continue;
      for (std::size_t i = 0; i < part.size(); ++i) {
        if (std::isfinite(part[i])) continue;
        not_finite(static_cast<double>(part[i]), static_cast<std::int64_t>(begin + i), data.shape(),
                   what);
      }
    }
  });
}

std::string title_of(std::string_view prefix, std::string_view name, const TensorList& list,
                     std::size_t index) {
  return list.size() == 1 ? fmt::format("{}{}", prefix, name)
                          : fmt::format("{}{}[{}]", prefix, name, index);
}

void check_lengths(const Tensor& x, const Tensor& y, const Tensor& sample_weight,
                   std::string_view prefix) {
  if (samples(x, prefix, "x") == 0) {
    throw Error(fmt::format("{}x has no samples: its shape is {}", prefix, x.shape().to_string()),
                "give at least one");
  }
  check_equal(x, y, prefix, "y");
  if (sample_weight) check_equal(x, sample_weight, prefix, "sample_weight");
}

}  // namespace chronicler
