#include "formats/old_keras/old_weights.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

// ---- CuDNNLSTM and CuDNNGRU

// One matrix (rows, gates * units) out of cuDNN's: the block of a gate lies there transposed; that
// of the input's kernel is filled column by column besides.
Tensor from_cudnn(const Tensor& weight, std::int64_t gates, bool by_column) {
  const std::int64_t rows = weight.shape()[0];
  const std::int64_t columns = weight.shape()[1];
  const std::int64_t units = columns / gates;
  Tensor result(weight.shape());
  const float* from = weight.as<float>();
  float* to = result.as<float>();
  for (std::int64_t gate = 0; gate < gates; ++gate) {
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t unit = 0; unit < units; ++unit) {
        const std::int64_t place = by_column ? unit * rows + row : unit * units + row;
        to[row * columns + gate * units + unit] =
            from[place / units * columns + gate * units + place % units];
      }
    }
  }
  return result;
}

std::vector<Tensor> out_of_cudnn(std::span<const Tensor> weights, std::int64_t gates) {
  const Tensor bias = weights[2].to(DType::float32);
  const std::int64_t columns = bias.size() / 2;
  Tensor one = bias.reshaped({2, columns}).clone();
  constexpr std::int64_t of_lstm = 4;
  if (gates == of_lstm) {
    Tensor sum(Shape{columns});
    for (std::int64_t i = 0; i < columns; ++i)
      sum.as<float>()[i] = one.as<float>()[i] + one.as<float>()[columns + i];
    one = sum;
  }
  return {from_cudnn(weights[0].to(DType::float32), gates, true),
          from_cudnn(weights[1].to(DType::float32), gates, false), one};
}

// ---- Keras 1

// Columns of several matrices, or vectors, side by side.
Tensor side_by_side(const std::vector<Tensor>& parts) {
  const Shape& first = parts.front().shape();
  if (first.rank() < 1 || first.rank() > 2)
    throw Error(fmt::format("a gate of a layer has a weight of shape {}", first.to_string()));
  const std::int64_t width = first[-1];
  const std::int64_t rows = first.rank() == 1 ? 1 : first[0];
  const auto count = static_cast<std::int64_t>(parts.size());
  Tensor result(first.rank() == 1 ? Shape{count * width} : Shape{rows, count * width});
  for (std::int64_t k = 0; k < count; ++k) {
    const Tensor part = parts[static_cast<std::size_t>(k)].to(DType::float32);
    if (!(part.shape() == first)) {
      throw Error(fmt::format("the gates of a layer have weights of shapes {} and {}",
                              first.to_string(), part.shape().to_string()));
    }
    for (std::int64_t row = 0; row < rows; ++row) {
      std::copy_n(part.as<float>() + row * width, width,
                  result.as<float>() + (row * count + k) * width);
    }
  }
  return result;
}

// i, c, f, o there; i, f, c, o now. z, r, h both.
std::vector<Tensor> out_of_gates(std::span<const Tensor> weights, std::size_t gates,
                                 std::size_t kinds) {
  constexpr std::array<std::size_t, 4> lstm_order{0, 2, 1, 3};
  std::vector<Tensor> joined;
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    std::vector<Tensor> parts;
    for (std::size_t gate = 0; gate < gates; ++gate)
      parts.push_back(weights[(gates == 4 ? lstm_order[gate] : gate) * kinds + kind]);
    joined.push_back(side_by_side(parts));
  }
  return joined;
}

// Axes of a kernel of rank 4 that stands for one of rank 3 (steps, inputs, filters): (steps, 1,
// inputs, filters), or before Keras 1.2 (filters, inputs, steps, 1).
Tensor kernel_of_keras1(const Tensor& weight, const Shape& wanted) {
  const Shape& shape = weight.shape();
  if (shape == Shape{wanted[0], 1, wanted[1], wanted[2]}) return weight.reshaped(wanted);
  if (!(shape == Shape{wanted[2], wanted[1], wanted[0], 1})) return weight;
  const Tensor from = weight.to(DType::float32);
  Tensor result(wanted);
  for (std::int64_t i = 0; i < result.size(); ++i) {
    const std::int64_t filter = i % wanted[2];
    const std::int64_t input = i / wanted[2] % wanted[1];
    const std::int64_t step = i / wanted[2] / wanted[1];
    result.as<float>()[i] = from.as<float>()[(filter * wanted[1] + input) * wanted[0] + step];
  }
  return result;
}

// ---- Theano

// The steps of a kernel (steps, inputs, filters) from the last to the first.
Tensor reversed(const Tensor& weight) {
  const Tensor from = weight.to(DType::float32);
  Tensor result(from.shape());
  const std::int64_t steps = from.shape()[0];
  const std::int64_t row = steps == 0 ? 0 : from.size() / steps;
  for (std::int64_t step = 0; step < steps; ++step) {
    std::copy_n(from.as<float>() + step * row, row, result.as<float>() + (steps - 1 - step) * row);
  }
  return result;
}

// ---- all

// The layer inside which a weight stands.
std::string_view folder_of(const WeightPlace& place) {
  const std::string_view path = place.path;
  return path.substr(0, path.rfind("/vars/"));
}

class Renewal {
 public:
  Renewal(const std::vector<Tensor>& weights, std::string backend)
      : left_(weights), backend_(std::move(backend)) {}

  void add(std::span<const WeightPlace> places) {
    if (is_recurrent(places) && add_recurrent(places)) return;
    for (const WeightPlace& place : places) add(place);
  }

  std::size_t left() const { return left_.size(); }
  RenewedWeights take() { return std::move(result_); }

 private:
  static bool is_recurrent(std::span<const WeightPlace> places) {
    return places.size() >= 2 && places[1].parameter->name == "recurrent_kernel" &&
           places[1].parameter->value.shape().rank() == 2;
  }

  // False if the weights are as they are today.
  bool add_recurrent(std::span<const WeightPlace> places) {
    const Shape& recurrent = places[1].parameter->value.shape();
    const std::int64_t units = recurrent[0];
    const std::int64_t gates = units > 0 ? recurrent[1] / units : 0;
    if (gates < 3 || gates > 4 || left_.empty()) return false;
    const Shape& kernel = left_[0].shape();
    const std::size_t kinds = places.size();
    if (kernel == Shape{places[0].parameter->value.shape()[0], units}) {
      put(out_of_gates(next(static_cast<std::size_t>(gates) * kinds),
                       static_cast<std::size_t>(gates), kinds));
      return true;
    }
    const bool is_cudnn =
        kinds == 3 && left_.size() >= kinds && kernel == places[0].parameter->value.shape() &&
        left_[1].shape() == recurrent && left_[2].shape() == Shape{2 * gates * units};
    if (is_cudnn) put(out_of_cudnn(next(kinds), gates));
    return is_cudnn;
  }

  void add(const WeightPlace& place) {
    Tensor value = next(1).front();
    const Shape& wanted = place.parameter->value.shape();
    const bool is_kernel = wanted.rank() == 3 && (place.parameter->name == "kernel" ||
                                                  place.parameter->name == "recurrent_kernel");
    if (is_kernel && value.shape().rank() == 4) {
      value = kernel_of_keras1(value, wanted);
      result_.changed = true;
    }
    if (is_kernel && backend_ == "theano" && value.shape() == wanted) {
      value = reversed(value);
      result_.changed = true;
    }
    result_.values.push_back(std::move(value));
  }

  std::span<const Tensor> next(std::size_t count) {
    if (count > left_.size())
      throw Error(fmt::format("it must have {} weights more than it has", count - left_.size()));
    const std::span<const Tensor> taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }
  void put(std::vector<Tensor> values) {
    for (Tensor& value : values) result_.values.push_back(std::move(value));
    result_.changed = true;
  }

  std::span<const Tensor> left_;
  std::string backend_;
  RenewedWeights result_;
};

}  // namespace

RenewedWeights renewed_weights(const std::vector<WeightPlace>& places,
                               const std::vector<Tensor>& weights, const std::string& backend) {
  Renewal renewal(weights, backend);
  for (std::size_t begin = 0; begin < places.size();) {
    std::size_t end = begin + 1;
    while (end < places.size() && folder_of(places[end]) == folder_of(places[begin])) ++end;
    renewal.add(std::span(places).subspan(begin, end - begin));
    begin = end;
  }
  if (renewal.left() > 0)
    throw Error(fmt::format("it has {} weights that belong to nothing", renewal.left()));
  return renewal.take();
}

}  // namespace chronicler
