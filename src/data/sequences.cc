#include "chronicler/data/sequences.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "base/shuffle.h"
#include "chronicler/base/error.h"
#include "chronicler/base/random.h"

namespace chronicler::data {
namespace {

// Whether `side` is "pre".
bool is_front(std::string_view option, const std::string& side) {
  if (side == "pre") return true;
  if (side == "post") return false;
  throw Error(
      fmt::format("pad_sequences: {} must be \"pre\" or \"post\", got \"{}\"", option, side));
}

template <class Element>
Tensor padded(const std::vector<std::vector<Element>>& sequences,
              const PadSequencesOptions& options) {
  const bool pad_front = is_front("padding", options.padding);
  const bool cut_front = is_front("truncating", options.truncating);
  std::size_t longest = 0;
  for (const std::vector<Element>& sequence : sequences)
    longest = std::max(longest, sequence.size());
  const std::int64_t length = options.maxlen.value_or(static_cast<std::int64_t>(longest));
  if (length < 0 || (options.maxlen && length == 0)) {
    throw Error(fmt::format("pad_sequences: maxlen must be at least 1, got {}", length));
  }
  Tensor result({static_cast<std::int64_t>(sequences.size()), length}, dtype_of<Element>);
  result.fill(options.value);
  Element* row = result.as<Element>();
  for (const std::vector<Element>& sequence : sequences) {
    const auto size = static_cast<std::int64_t>(sequence.size());
    const std::int64_t kept = std::min(size, length);
    const std::int64_t from = cut_front ? size - kept : 0;
    const std::int64_t to = pad_front ? length - kept : 0;
    std::copy_n(sequence.begin() + from, kept, row + to);
    row += length;
  }
  return result;
}

double class_at(const Tensor& classes, std::int64_t i) {
  switch (classes.dtype()) {
    case DType::int32:
      return classes.as<std::int32_t>()[i];
    case DType::boolean:
      return classes.as<std::uint8_t>()[i];
    case DType::float64:
      return classes.as<double>()[i];
    case DType::text:
    case DType::float32:
      break;
  }
  return static_cast<double>(classes.as<float>()[i]);
}

void check_at_least(std::string_view name, std::int64_t value, std::int64_t least) {
  if (value >= least) return;
  throw Error(fmt::format("timeseries_dataset_from_array: {} must be at least {}, got {}", name,
                          least, value));
}

// Rows of `from`, at the places that place(i) gives.
template <class Place>
Tensor gathered(const Tensor& from, std::int64_t count, const Shape& shape, const Place& place) {
  Tensor to(shape, from.dtype());
  const std::size_t row = from.bytes() / static_cast<std::size_t>(from.shape()[0]);
  const auto* source = static_cast<const std::byte*>(from.view().raw());
  auto* target = static_cast<std::byte*>(to.view().raw());
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(target + static_cast<std::size_t>(i) * row,
                source + static_cast<std::size_t>(place(i)) * row, row);
  }
  return to;
}

// The first steps of all windows, in the order in which they are given out.
std::vector<std::int64_t> window_starts(std::int64_t count, const TimeseriesOptions& options) {
  std::vector<std::int64_t> starts;
  for (std::int64_t start = 0; start < count; start += options.sequence_stride)
    starts.push_back(start);
  if (!options.shuffle) return starts;
  chronicler::shuffle(
      starts, Random(options.seed ? static_cast<std::uint64_t>(*options.seed) : next_seed()), 0);
  return starts;
}

}  // namespace

Tensor pad_sequences(const std::vector<std::vector<std::int32_t>>& sequences,
                     const PadSequencesOptions& options) {
  return padded(sequences, options);
}
Tensor pad_sequences(const std::vector<std::vector<float>>& sequences,
                     const PadSequencesOptions& options) {
  return padded(sequences, options);
}

Tensor to_categorical(const Tensor& classes, std::optional<std::int64_t> num_classes) {
  std::int64_t largest = -1;
  for (std::int64_t i = 0; i < classes.size(); ++i) {
    const double value = class_at(classes, i);
    const bool fits = value >= 0.0 && value == std::floor(value) &&
                      value < static_cast<double>(num_classes.value_or(1'000'000'000));
    if (!fits) {
      throw Error(fmt::format("to_categorical: {} at place {} is no class{}", value, i,
                              num_classes ? fmt::format(" of {}", *num_classes) : ""),
                  "classes are whole numbers from 0");
    }
    largest = std::max(largest, static_cast<std::int64_t>(value));
  }
  const std::int64_t count = num_classes.value_or(largest + 1);
  Shape shape = classes.shape();
  if (shape.rank() > 1 && shape[-1] == 1) {
    shape.set(-1, count);
  } else {
    shape.append(count);
  }
  Tensor result(shape);
  for (std::int64_t i = 0; i < classes.size(); ++i)
    result.as<float>()[i * count + static_cast<std::int64_t>(class_at(classes, i))] = 1.0F;
  return result;
}

std::vector<TimeseriesBatch> timeseries_dataset_from_array(const Tensor& data,
                                                           const Tensor& targets,
                                                           const TimeseriesOptions& options) {
  check_at_least("sequence_length", options.sequence_length, 1);
  check_at_least("sequence_stride", options.sequence_stride, 1);
  check_at_least("sampling_rate", options.sampling_rate, 1);
  check_at_least("batch_size", options.batch_size, 1);
  if (!data || data.shape().rank() == 0)
    throw Error("timeseries_dataset_from_array: data is empty");
  const std::int64_t steps = data.shape()[0];
  const std::int64_t start = options.start_index.value_or(0);
  const std::int64_t end = options.end_index.value_or(steps);
  if (start < 0 || start >= end || end > steps) {
    throw Error(
        fmt::format("timeseries_dataset_from_array: start_index {} and end_index {} are no "
                    "range within {} steps",
                    start, end, steps));
  }
  const Tensor part = data.rows(start, end);
  const std::int64_t length = options.sequence_length;
  std::int64_t count = end - start - (length - 1) * options.sampling_rate;
  Tensor wanted;
  if (targets) {
    wanted = targets.rows(std::min(start, targets.shape()[0]), std::min(end, targets.shape()[0]));
    count = std::min(count, wanted.shape()[0]);
  }
  if (count <= 0) {
    throw Error(fmt::format("timeseries_dataset_from_array: {} steps are too few for one window of "
                            "{} steps at a sampling_rate of {}",
                            end - start, length, options.sampling_rate),
                "give a longer series, or a smaller sequence_length");
  }
  const std::vector<std::int64_t> starts = window_starts(count, options);

  std::vector<TimeseriesBatch> batches;
  const auto all = static_cast<std::int64_t>(starts.size());
  for (std::int64_t begin = 0; begin < all; begin += options.batch_size) {
    const std::int64_t rows = std::min(options.batch_size, all - begin);
    const auto start_of = [&](std::int64_t row) {
      return starts[static_cast<std::size_t>(begin + row)];
    };
    TimeseriesBatch batch;
    batch.x = gathered(
        part, rows * length, data.shape().without_front().with_front(length).with_front(rows),
        [&](std::int64_t i) { return start_of(i / length) + i % length * options.sampling_rate; });
    if (wanted) {
      batch.y = gathered(wanted, rows, wanted.shape().without_front().with_front(rows), start_of);
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

}  // namespace chronicler::data
