#include "formats/torch/torch_names.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/torch/torch_matching.h"
#include "formats/torch/torch_modules.h"

namespace chronicler {
namespace {

// ---- numbers

Tensor transposed(const Tensor& matrix) {
  const std::int64_t rows = matrix.shape()[0];
  const std::int64_t columns = matrix.shape()[1];
  Tensor result({columns, rows});
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t k = 0; k < columns; ++k)
      result.as<float>()[k * rows + i] = matrix.as<float>()[i * columns + k];
  }
  return result;
}

// (taps, in, out) to (out, in, taps), which is also the way back.
Tensor reversed_axes(const Tensor& kernel) {
  const Shape& s = kernel.shape();
  Tensor result({s[2], s[1], s[0]});
  for (std::int64_t a = 0; a < s[0]; ++a) {
    for (std::int64_t b = 0; b < s[1]; ++b) {
      for (std::int64_t c = 0; c < s[2]; ++c)
        result.as<float>()[(c * s[1] + b) * s[0] + a] =
            kernel.as<float>()[(a * s[1] + b) * s[2] + c];
    }
  }
  return result;
}

// The GRU's first two gates, in rows: PyTorch resets before it updates.
Tensor swapped_gates(const Tensor& rows, const std::string& kind) {
  if (kind != "GRU") return rows;
  Tensor result = rows.clone();
  const std::int64_t block = rows.size() / 3;
  std::copy_n(rows.as<float>(), block, result.as<float>() + block);
  std::copy_n(rows.as<float>() + block, block, result.as<float>());
  return result;
}

Tensor float32(const Tensor& tensor) { return tensor.to(DType::float32); }

// ---- writing

class Writer {
 public:
  void add(const std::string& name, Tensor value, bool whole = false) {
    tensors.push_back({name, std::move(value), whole});
  }
  NamedTensors tensors;
};

void write_recurrent(const TorchModule& module, Writer& out) {
  const std::string ending = module.reversed ? "_l0_reverse" : "_l0";
  const auto name = [&](const char* what) {
    return fmt::format("{}.{}{}", module.layer, what, ending);
  };
  out.add(name("weight_ih"),
          swapped_gates(transposed(float32(module.weights[0]->value)), module.kind));
  out.add(name("weight_hh"),
          swapped_gates(transposed(float32(module.weights[1]->value)), module.kind));
  for (std::size_t i = 2; i < module.weights.size(); ++i) {
    const Tensor value = float32(module.weights[i]->value);
    if (module.weights[i]->name == "projection_kernel") {
      out.add(name("weight_hr"), transposed(value));
    } else if (module.kind == "GRU") {
      out.add(name("bias_ih"), swapped_gates(value.part(0, {value.shape()[1]}), "GRU"));
      out.add(name("bias_hh"),
              swapped_gates(value.part(value.shape()[1], {value.shape()[1]}), "GRU"));
    } else {
      out.add(name("bias_ih"), value);
      out.add(name("bias_hh"), Tensor(value.shape()));
    }
  }
}

// Keras's name of a weight, PyTorch's, and how one becomes the other.
struct Plain {
  std::string_view kind;
  std::string_view weight;
  std::string_view torch;
  Tensor (*turn)(const Tensor& value);
};
constexpr std::array plain_weights{
    Plain{"Dense", "kernel", "weight", transposed},
    Plain{"Dense", "bias", "bias", float32},
    Plain{"Embedding", "embeddings", "weight", float32},
    Plain{"Conv1D", "kernel", "weight", reversed_axes},
    Plain{"Conv1D", "bias", "bias", float32},
    Plain{"LayerNormalization", "gamma", "weight", float32},
    Plain{"LayerNormalization", "beta", "bias", float32},
    Plain{"BatchNormalization", "gamma", "weight", float32},
    Plain{"BatchNormalization", "beta", "bias", float32},
    Plain{"BatchNormalization", "moving_mean", "running_mean", float32},
    Plain{"BatchNormalization", "moving_variance", "running_var", float32},
    Plain{"PReLU", "alpha", "weight", float32},
};

const Plain& plain_of(const TorchModule& module, const Parameter& weight) {
  for (const Plain& row : plain_weights) {
    if (row.kind == module.kind && row.weight == weight.name) return row;
  }
  throw Error(fmt::format("the weight \"{}\" of {} \"{}\" has no equal in PyTorch", weight.name,
                          module.kind, module.layer),
              "use Keras's names");
}

// ---- reading

const Tensor& weight_of(const TorchSource& source, const std::string& name, const Shape& shape) {
  const auto found = source.weights.find(name);
  if (found == source.weights.end())
    throw Error(fmt::format("the module \"{}\" has no \"{}\"", source.module, name));
  if (found->second.shape() == shape) return found->second;
  throw Error(fmt::format("\"{}\" of the module \"{}\" must have shape {}, got {}", name,
                          source.module, shape.to_string(), found->second.shape().to_string()));
}

Shape turned(const Shape& shape) { return {shape[1], shape[0]}; }

// How many weights of the source were used.
std::size_t read_recurrent(const TorchModule& module, const TorchSource& source,
                           NamedTensors& out) {
  const auto add = [&](std::size_t index, Tensor value) {
    out.push_back({module.paths[index], std::move(value)});
  };
  std::size_t used = 2;
  for (std::size_t i = 0; i < 2; ++i) {
    const Tensor& rows = weight_of(source, i == 0 ? "weight_ih" : "weight_hh",
                                   turned(module.weights[i]->value.shape()));
    add(i, transposed(swapped_gates(rows, module.kind)));
  }
  for (std::size_t i = 2; i < module.weights.size(); ++i) {
    const Shape& shape = module.weights[i]->value.shape();
    if (module.weights[i]->name == "projection_kernel") {
      add(i, transposed(weight_of(source, "weight_hr", turned(shape))));
      ++used;
      continue;
    }
    const Shape row{shape[-1]};
    const Tensor input = swapped_gates(weight_of(source, "bias_ih", row), module.kind);
    const Tensor hidden = swapped_gates(weight_of(source, "bias_hh", row), module.kind);
    used += 2;
    Tensor bias(shape);
    for (std::int64_t k = 0; k < row[0]; ++k) {
      if (module.kind == "GRU") {
        bias.as<float>()[k] = input.as<float>()[k];
        bias.as<float>()[row[0] + k] = hidden.as<float>()[k];
      } else {
        bias.as<float>()[k] = input.as<float>()[k] + hidden.as<float>()[k];
      }
    }
    add(i, bias);
  }
  return used;
}

std::size_t read_plain(const TorchModule& module, const TorchSource& source, NamedTensors& out) {
  for (std::size_t i = 0; i < module.weights.size(); ++i) {
    const Plain& row = plain_of(module, *module.weights[i]);
    const Shape& shape = module.weights[i]->value.shape();
    Shape theirs = shape;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const bool same = row.turn == float32;
      theirs.set(axis, shape[same ? axis : shape.rank() - 1 - axis]);
    }
    out.push_back({module.paths[i], row.turn(weight_of(source, std::string(row.torch), theirs))});
  }
  return module.weights.size();
}

}  // namespace

NamedTensors to_torch(const Model& model) {
  Writer out;
  for (const TorchModule& module : modules_of(model)) {
    if (is_recurrent(module.kind)) {
      write_recurrent(module, out);
      continue;
    }
    for (const Parameter* weight : module.weights) {
      const Plain& row = plain_of(module, *weight);
      out.add(fmt::format("{}.{}", module.layer, row.torch), row.turn(float32(weight->value)));
    }
    if (module.kind == "BatchNormalization")
      out.add(module.layer + ".num_batches_tracked", Tensor(Shape{}, DType::float64), true);
  }
  return std::move(out.tensors);
}

bool are_torch_names(const NamedTensors& tensors) {
  return std::any_of(tensors.begin(), tensors.end(), [](const NamedTensor& tensor) {
    return tensor.name.find('/') == std::string::npos;
  });
}

NamedTensors from_torch(const Model& model, const NamedTensors& tensors) {
  const std::vector<TorchModule> modules = modules_of(model);
  const std::vector<TorchSource> sources = sources_in(tensors);
  const TorchMatching matching(modules, sources);
  NamedTensors weights;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const TorchSource& source = matching.source_of(i);
    const std::size_t used = is_recurrent(modules[i].kind)
                                 ? read_recurrent(modules[i], source, weights)
                                 : read_plain(modules[i], source, weights);
    if (used == source.weights.size()) continue;
    throw Error(fmt::format("the module \"{}\" has {} weights, {} \"{}\" takes {}", source.module,
                            source.weights.size(), modules[i].kind, modules[i].layer, used),
                "use_bias and projection must be as there");
  }
  if (sources.size() != modules.size()) {
    throw Error(fmt::format("the file holds {} modules, the model takes {}{}", sources.size(),
                            modules.size(), matching.unused_list(": left over is ")),
                "give a model with all of these layers, or leave them out of the file");
  }
  return weights;
}

}  // namespace chronicler
