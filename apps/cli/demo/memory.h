// How far back the two models learn: the gradient of their answer, step by step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chronicler/insight/chart.h"
#include "chronicler/insight/gradient_flow.h"
#include "cli/demo/digits.h"

namespace chronicler::cli::demo {

struct MemoryCurves {
  std::string model;                          // "SimpleRNN"
  std::vector<insight::GradientFlow> layers;  // from the input up
};

// Measures both models on the test images, each followed by noise up to 100 steps.
std::vector<MemoryCurves> measure_memory(const std::vector<TrainedModel>& models,
                                         const Digits& digits, std::uint64_t seed);

// The gradient as a share of the last step's, on a logarithmic axis: of the layers that read the
// input, or of all (the upper ones dashed).
enum class Layers : std::uint8_t { lowest, all };
insight::LineChart memory_chart(const std::vector<MemoryCurves>& curves, Layers layers);

// What the curves say, from their numbers.
std::string memory_verdict(const std::vector<MemoryCurves>& curves);

}  // namespace chronicler::cli::demo
