// Cells of a CSV file that are to be numbers.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/tensor.h"
#include "chronicler/data/csv.h"
#include "data/csv_cells.h"

namespace chronicler::data {

// The largest magnitude that a type holds; larger would become infinite or wrap.
inline double largest(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return std::numeric_limits<float>::max();
    case DType::int32:
      return std::numeric_limits<std::int32_t>::max();
    default:
      return std::numeric_limits<double>::max();
  }
}

// One cell to one number of the wanted type; throws with the place.
class NumberReader {
 public:
  NumberReader(std::string_view name, const CsvOptions& options, DType dtype)
      : name_(name), options_(options), dtype_(dtype) {}

  double read(std::string_view raw, std::int64_t line, std::string_view column) const {
    const std::string_view cell = trimmed(raw);
    if (is_missing(cell, options_)) {
      if (options_.missing == Missing::nan) return std::numeric_limits<double>::quiet_NaN();
      fail(line, column, cell,
           cell.empty() ? "is empty, expected a number" : "is missing, expected a number",
           "fill the gap, or read the file with CsvOptions::missing set to Missing::nan");
    }
    const Reading reading = read_number(cell, options_);
    if (!reading.problem.empty()) fail(line, column, cell, reading.problem, reading.hint);
    if (std::abs(reading.value) > largest(dtype_)) {
      fail(line, column, cell, fmt::format("does not fit in {}", name_of(dtype_)),
           "ask for float64");
    }
    if (dtype_ == DType::int32 && reading.value != std::trunc(reading.value)) {
      fail(line, column, cell, "is not a whole number", "ask for float32");
    }
    return reading.value;
  }

 private:
  [[noreturn]] void fail(std::int64_t line, std::string_view column, std::string_view cell,
                         std::string_view problem, std::string hint) const {
    throw Error(fmt::format("{}: column {}: {} {}", place(name_, line), in_quotes(column),
                            in_quotes(cell), problem),
                std::move(hint));
  }

  std::string_view name_;
  const CsvOptions& options_;
  DType dtype_;
};

}  // namespace chronicler::data
