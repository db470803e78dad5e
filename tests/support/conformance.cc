#include "support/conformance.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "chronicler/base/arena.h"
#include "chronicler/base/random.h"
#include "kernels/isa.h"

namespace chronicler::test {
namespace {

std::string place_of(const Shape& shape, std::int64_t index) {
  std::string place;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    place = fmt::format("[{}]{}", index % shape[axis], place);
    index /= shape[axis];
  }
  return place;
}

Tensor from_doubles(const Shape& shape, const std::vector<double>& values, DType dtype) {
  return Tensor(shape, values).to(dtype);
}

// One pass over one layer, with the memory that it writes to.
class OnePass {
 public:
  OnePass(Layer& layer, const LayerInput& input, const LayerMode& mode, bool keep, State* state)
      : layer_(layer),
        pass_{arena_, mode.runtime != nullptr ? *mode.runtime : Runtime::global(), mode.training,
              mode.step, mode.observe} {
    pass_.keep_bytes = mode.keep_bytes;
    inputs_.push_back({input.x, input.mask ? input.mask.view() : TensorView()});
    for (const Tensor& initial : input.states) inputs_.push_back({initial, {}});
    for (const LayerInput::More& more : input.more)
      inputs_.push_back({more.x, more.mask ? more.mask.view() : TensorView()});
    std::vector<Shape> shapes;
    for (const Value& value : inputs_) shapes.push_back(value.data.shape());
    layer.build(shapes);
    call_.flags = mode.flags;
    outputs_.resize(layer.call_shapes(shapes, mode.flags).size());
    call_.inputs = inputs_;
    call_.outputs = outputs_;
    call_.tape = keep ? &tape_ : nullptr;
    if (state != nullptr) {
      if (state->empty()) *state = layer.initial_state(input.x.shape()[0]);
      call_.state = *state;
    }
    layer_.check_inputs(call_.inputs);
    layer_.forward(pass_, call_);
  }

  LayerOutput output() const {
    LayerOutput output;
    for (const Value& value : outputs_) output.values.push_back(own(value.data));
    if (outputs_[0].mask) output.mask = own(outputs_[0].mask);
    output.penalty = pass_.activity_penalty;
    return output;
  }

  LayerGradient back(const std::vector<Tensor>& output_gradients) {
    std::vector<TensorView> given;
    for (const Tensor& gradient : output_gradients)
      given.push_back(gradient ? gradient.view() : TensorView());
    std::vector<TensorView> results(inputs_.size());
    const auto wanted = std::make_unique<bool[]>(inputs_.size());
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      wanted[i] = inputs_[i].data.dtype() != DType::int32;
    CallGradient gradient{given, results, {wanted.get(), inputs_.size()}};
    layer_.backward(pass_, call_, gradient);

    LayerGradient all;
    for (const TensorView& result : results) all.inputs.push_back(result ? own(result) : Tensor());
    for (const Parameter& parameter : layer_.parameters())
      all.weights.push_back(parameter.gradient.clone());
    if (tape_.observed) all.observed = own(tape_.observed);
    arena_.reset();  // to one block of what was needed
    all.memory = arena_.capacity();
    return all;
  }

 private:
  Layer& layer_;
  Arena arena_;
  Pass pass_;
  std::vector<Value> inputs_;
  std::vector<Value> outputs_;
  Tape tape_;
  Call call_;
};

}  // namespace

Tensor noise(const Shape& shape, std::uint64_t seed, DType dtype) {
  const Random random(seed);
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = 2.0 * static_cast<double>(random.uniform(0, i)) - 1.0;
  return from_doubles(shape, values, dtype);
}

Tensor ramp(const Shape& shape, DType dtype) {
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  return from_doubles(shape, values, dtype);
}

Tensor random_ids(const Shape& shape, std::int64_t bound, std::uint64_t seed) {
  const Random random(seed);
  Tensor ids(shape, DType::int32);
  std::uint64_t place = 0;
  for (std::int32_t& id : ids.span<std::int32_t>())
    id = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(bound), 0, place++));
  return ids;
}

Tensor mask_from(std::string_view rows) {
  const auto steps = static_cast<std::int64_t>(std::min(rows.find('/'), rows.size()));
  const auto size = static_cast<std::int64_t>(rows.size());
  Tensor mask({(size + 1) / (steps + 1), steps}, DType::boolean);
  auto* out = mask.as<std::uint8_t>();
  for (const char c : rows) {
    if (c != '/') *out++ = static_cast<std::uint8_t>(c == '1');
  }
  return mask;
}

std::vector<double> numbers(const TensorView& tensor) {
  std::vector<double> values;
  const auto take = [&](auto span) { values.assign(span.begin(), span.end()); };
  switch (tensor.dtype()) {
    case DType::float32:
      take(tensor.span<float>());
      break;
    case DType::float64:
      take(tensor.span<double>());
      break;
    case DType::int32:
      take(tensor.span<std::int32_t>());
      break;
    case DType::boolean:
      take(tensor.span<std::uint8_t>());
      break;
    case DType::text:
      take(tensor.span<char>());
      break;
  }
  return values;
}

Tensor scaled(const Tensor& tensor, double factor) {
  std::vector<double> values = numbers(tensor);
  for (double& value : values) value *= factor;
  return from_doubles(tensor.shape(), values, tensor.dtype());
}

::testing::AssertionResult same_bits(const TensorView& a, const TensorView& b) {
  if (!(a.shape() == b.shape()) || a.dtype() != b.dtype()) {
    return ::testing::AssertionFailure()
           << a.shape().to_string() << " " << name_of(a.dtype()) << " and " << b.shape().to_string()
           << " " << name_of(b.dtype());
  }
  if (a.size() == 0 || std::memcmp(a.raw(), b.raw(), a.bytes()) == 0)
    return ::testing::AssertionSuccess();
  const std::size_t size = size_of(a.dtype());
  std::int64_t i = 0;
  while (std::memcmp(static_cast<const std::byte*>(a.raw()) + static_cast<std::size_t>(i) * size,
                     static_cast<const std::byte*>(b.raw()) + static_cast<std::size_t>(i) * size,
                     size) == 0) {
    ++i;
  }
  const auto place = static_cast<std::size_t>(i);
  return ::testing::AssertionFailure()
         << fmt::format("at {} of {}: {} and {}", place_of(a.shape(), i), a.shape().to_string(),
                        numbers(a)[place], numbers(b)[place]);
}

::testing::AssertionResult close_to(const TensorView& a, const TensorView& b, double tolerance) {
  if (!(a.shape() == b.shape())) {
    return ::testing::AssertionFailure()
           << "shapes " << a.shape().to_string() << " and " << b.shape().to_string();
  }
  const std::vector<double> left = numbers(a);
  const std::vector<double> right = numbers(b);
  std::size_t worst = 0;
  double largest = 0.0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const double difference = std::abs(left[i] - right[i]);
    if (difference <= largest) continue;
    worst = i;
    largest = difference;
    if (std::isnan(difference)) break;
  }
  if (largest <= tolerance) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << fmt::format("at {} of {}: {:.9g} and {:.9g}, {:.3g} apart, {:.3g} allowed",
                        place_of(a.shape(), static_cast<std::int64_t>(worst)),
                        a.shape().to_string(), left[worst], right[worst], largest, tolerance);
}

LayerOutput run_layer(Layer& layer, const LayerInput& input, const LayerMode& mode, State* state) {
  return OnePass(layer, input, mode, false, state).output();
}

LayerGradient differentiate(Layer& layer, const LayerInput& input,
                            const std::vector<Tensor>& output_gradients, const LayerMode& mode,
                            double start) {
  OnePass pass(layer, input, mode, true, nullptr);
  for (Parameter& parameter : layer.parameters()) {
    parameter.gradient = Tensor(parameter.value.shape(), parameter.value.dtype());
    parameter.gradient.fill(start);
  }
  return pass.back(output_gradients);
}

void randomize_weights(Layer& layer, std::uint64_t seed) {
  for (Parameter& parameter : layer.parameters()) {
    const Shape& shape = parameter.value.shape();
    const double rows = shape.rank() > 1 ? static_cast<double>(shape[0]) : 4.0;
    const Tensor values = noise(shape, seed++, DType::float64);
    copy(scaled(values, 1.0 / std::sqrt(rows)).to(parameter.value.dtype()), parameter.value);
    if (parameter.name != "moving_variance" && parameter.name != "variance") continue;
    const std::vector<double> signed_values = numbers(parameter.value);
    std::vector<double> positive;
    for (const double value : signed_values) positive.push_back(0.5 + std::abs(value));
    copy(from_doubles(shape, positive, parameter.value.dtype()), parameter.value);
  }
}

ThreadsForNow::ThreadsForNow(int threads) : before_(Runtime::global().threads()) {
  set_threads(threads);
}
ThreadsForNow::~ThreadsForNow() { set_threads(before_); }

IsaForNow::IsaForNow(const std::string& isa) : before_(kernels::isa()) { kernels::force_isa(isa); }
IsaForNow::~IsaForNow() { kernels::force_isa(before_); }

}  // namespace chronicler::test
