#include "layers/core/invoke.h"

#include <algorithm>
#include <functional>
#include <iostream>
#include <mutex>
#include <set>
#include <string>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/dispatch.h"

namespace chronicler {
namespace {

// Once for each layer, as Keras does: not at every batch.
void warn_mask_ends(const Layer& layer) {
  static std::mutex mutex;
  static std::set<std::string, std::less<>> warned;
  const std::lock_guard lock(mutex);
  if (warned.contains(layer.name())) return;  // asking takes no memory
  warned.insert(layer.name());
  std::cerr << fmt::format(
      "warning: layer \"{}\" ({}) does not support masking; the mask ends here\n", layer.name(),
      layer.class_name());
}

double rows_of(const Call& call) { return static_cast<double>(call.inputs[0].data.shape()[0]); }

}  // namespace

TensorView added(Arena& arena, const TensorView& a, const TensorView& b) {
  if (!a || !b) return a ? a : b;
  const TensorView sum = arena.tensor(a.shape(), a.dtype());
  with_real(a.dtype(), [&](auto real) {
    using Real = decltype(real);
    std::transform(a.as<Real>(), a.as<Real>() + a.size(), b.as<Real>(), sum.as<Real>(),
                   std::plus<>());
  });
  return sum;
}

void fill_missing(Pass& pass, const Call& call, CallGradient& gradient) {
  for (std::size_t i = 0; i < gradient.inputs.size(); ++i) {
    if (!gradient.wanted[i] || gradient.inputs[i]) continue;
    const TensorView& input = call.inputs[i].data;
    gradient.inputs[i] = pass.arena.zeros(input.shape(), input.dtype());
  }
}

namespace {

bool is_text_for(const Layer& layer, DType dtype) {
  if (dtype != DType::text || layer.takes_texts()) return dtype == DType::text;
  throw Error(fmt::format("{} \"{}\" takes numbers, got texts", layer.class_name(), layer.name()),
              "put a TextVectorization layer in front");
}

// Whole numbers and truth values as the numbers that the layer computes with, as Keras's operations
// take them; ids stay what they are.
std::span<const Value> numbers_in(Pass& pass, const Layer& layer, std::span<const Value> inputs) {
  const auto is_number = [](const Value& input) {
    return !input.data || input.data.dtype() == DType::float32 ||
           input.data.dtype() == DType::float64;
  };
  if (layer.takes_ids() || std::all_of(inputs.begin(), inputs.end(), is_number)) return inputs;
  const std::span<Value> converted = arena_objects<Value>(pass.arena, inputs.size());
  std::copy(inputs.begin(), inputs.end(), converted.begin());
  for (Value& input : converted) {
    if (is_number(input) || is_text_for(layer, input.data.dtype())) continue;
    const TensorView from = input.data;
    input.data = pass.arena.tensor(from.shape(), layer.dtype());
    with_real(layer.dtype(), [&](auto real) {
      using Real = decltype(real);
      auto* to = input.data.as<Real>();
      if (from.dtype() == DType::int32) {
        std::transform(from.as<std::int32_t>(), from.as<std::int32_t>() + from.size(), to,
                       [](std::int32_t number) { return static_cast<Real>(number); });
      } else {
        std::copy_n(from.as<std::uint8_t>(), from.size(), to);
      }
    });
  }
  return converted;
}

}  // namespace

void check_call(Pass& pass, const Layer& layer, Call& call) {
  call.inputs = numbers_in(pass, layer, call.inputs);
  layer.check_inputs(call.inputs);
  if (!layer.supports_masking() &&
      std::any_of(call.inputs.begin(), call.inputs.end(),
                  [](const Value& input) { return static_cast<bool>(input.mask); })) {
    warn_mask_ends(layer);
  }
}

void invoke(Pass& pass, const Layer& layer, Call& call) {
  check_call(pass, layer, call);
  layer.forward(pass, call);
  if (const Regularizer& regularizer = layer.activity_regularizer()) {
    for (const Value& output : call.outputs)
      pass.activity_penalty += regularizer.penalty(output.data) / rows_of(call);
  }
}

bool invoke_back(Pass& pass, const Layer& layer, const Call& call, std::span<TensorView> outputs,
                 std::span<TensorView> inputs, std::span<const bool> wanted,
                 std::span<const TensorView> logits) {
  if (const Regularizer& regularizer = layer.activity_regularizer()) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const TensorView& value = call.outputs[i].data;
      const TensorView penalty = pass.arena.zeros(value.shape(), value.dtype());
      regularizer.penalty(value, penalty, 1.0 / rows_of(call));
      outputs[i] = added(pass.arena, outputs[i], penalty);
    }
  }
  const auto is_there = [](const TensorView& gradient) { return static_cast<bool>(gradient); };
  if (std::none_of(outputs.begin(), outputs.end(), is_there) &&
      std::none_of(logits.begin(), logits.end(), is_there)) {
    return false;
  }
  CallGradient gradient{outputs, inputs, wanted, logits};
  Call in_numbers = call;
  in_numbers.inputs = numbers_in(pass, layer, call.inputs);
  layer.backward(pass, in_numbers, gradient);
  return true;
}

}  // namespace chronicler
