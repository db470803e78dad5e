// Keras's helpers that turn lists into tensors: keras.utils.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chronicler/base/tensor.h"

namespace chronicler::data {

// Keras's names, order and defaults.
struct PadSequencesOptions {
  std::optional<std::int64_t> maxlen = {};  // of all; not given: the longest sequence's
  std::string padding = "pre";              // where `value` is put: "pre", "post"
  std::string truncating = "pre";           // where too long ones lose steps: "pre", "post"
  double value = 0.0;
};

// Sequences of different lengths as one tensor (N, maxlen), int32 for ids and float32 for numbers.
// Keras's default pads in front; layers that read masks want "post" or "pre" alike.
Tensor pad_sequences(const std::vector<std::vector<std::int32_t>>& sequences,
                     const PadSequencesOptions& options = {});
Tensor pad_sequences(const std::vector<std::vector<float>>& sequences,
                     const PadSequencesOptions& options = {});

// Classes 0, 1, ... of any shape to one-hot rows: (...) to (..., num_classes). Without num_classes
// there are as many as the largest class needs. A last axis of 1 is left out, as in Keras. Throws
// Error for what is no class, or one too large, with its place.
Tensor to_categorical(const Tensor& classes, std::optional<std::int64_t> num_classes = {});

struct TimeseriesOptions {
  std::int64_t sequence_length = 0;  // L, at least 1
  std::int64_t sequence_stride = 1;  // steps between the starts of windows
  std::int64_t sampling_rate = 1;    // steps between the steps of a window
  std::int64_t batch_size = 128;
  bool shuffle = false;
  std::optional<std::int64_t> seed = {};  // of the order; not given: the next of the program's
  std::optional<std::int64_t> start_index = {};  // only data in [start_index, end_index) is used
  std::optional<std::int64_t> end_index = {};
};

struct TimeseriesBatch {
  Tensor x;  // (N, L) or (N, L, ...)
  Tensor y;  // (N) or (N, ...); empty without targets
};

// keras.utils.timeseries_dataset_from_array: windows over the first axis of `data`, cut into
// batches, the last of which may be smaller. As in Keras, the target of the window that starts at
// step i is targets[i]: to predict the value after a window of L steps, give data and data.rows(L,
// T).
std::vector<TimeseriesBatch> timeseries_dataset_from_array(const Tensor& data,
                                                           const Tensor& targets,
                                                           const TimeseriesOptions& options);

}  // namespace chronicler::data
