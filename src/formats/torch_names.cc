#include "formats/torch_names.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "formats/weight_places.h"
#include "layers/core/each_field.h"
#include "model/model_layer.h"

namespace chronicler {
namespace {

// ---- what a layer is

// The options that decide whether PyTorch computes the same.
class ReadOptions final : public EachField<ReadOptions> {
 public:
  template <class Value>
  void take(std::string_view /*name*/, const Value& /*value*/) {}
  void take(std::string_view name, const Activation& value) {
    activations[std::string(name)] = value.name();
  }
  void take(std::string_view name, const bool& value) { flags[std::string(name)] = value; }
  void take(std::string_view name, const double& value) { reals[std::string(name)] = value; }
  void take(std::string_view name, const std::int64_t& value) { wholes[std::string(name)] = value; }

  bool flag(const std::string& name) const {
    const auto found = flags.find(name);
    return found != flags.end() && found->second;
  }
  std::map<std::string, std::string> activations;
  std::map<std::string, bool> flags;
  std::map<std::string, std::int64_t> wholes;
  std::map<std::string, double> reals;
};

ReadOptions options_of(Layer& layer) {
  ReadOptions options;
  layer.fields(options);
  return options;
}

// One module of PyTorch: a layer, or one direction of one.
struct Module {
  std::string kind;                // "LSTM", "GRU", "SimpleRNN", "Dense", ...
  std::string layer;               // whose it is
  std::vector<std::string> paths;  // of the layer's weights, in its order
  std::vector<Parameter*> weights;
  bool reversed = false;  // the other direction of the module before
};

[[noreturn]] void no_equal(const Layer& layer, std::string_view why) {
  throw Error(
      fmt::format("{} \"{}\" has no equal in PyTorch: {}", layer.class_name(), layer.name(), why),
      "use Keras's names");
}

void check_gates(Layer& layer, std::string_view kind) {
  ReadOptions options = options_of(layer);
  const auto activation = [&](const char* name) {
    const auto found = options.activations.find(name);
    return found == options.activations.end() ? std::string() : found->second;
  };
  const std::string own = activation("activation");
  const std::string recurrent = activation("recurrent_activation");
  if (own != "tanh" && !(kind == "SimpleRNN" && own == "relu"))
    no_equal(layer, fmt::format("its activation is \"{}\"", own));
  if (!recurrent.empty() && recurrent != "sigmoid")
    no_equal(layer, fmt::format("its recurrent_activation is \"{}\"", recurrent));
  if (kind == "GRU" && !options.flag("reset_after")) no_equal(layer, "its reset_after is false");
  if (options.flag("layer_normalization")) no_equal(layer, "it has layer normalization");
  if (options.flag("peepholes")) no_equal(layer, "it has peepholes");
  if (options.reals["zoneout_hidden"] > 0.0 || options.reals["zoneout_cell"] > 0.0)
    no_equal(layer, "it has zoneout");
}

constexpr std::array<std::string_view, 3> recurrent_kinds{"LSTM", "GRU", "SimpleRNN"};
constexpr std::array<std::string_view, 6> other_kinds{
    "Dense", "Embedding", "Conv1D", "LayerNormalization", "BatchNormalization", "PReLU"};

bool is_recurrent(std::string_view kind) {
  return std::find(recurrent_kinds.begin(), recurrent_kinds.end(), kind) != recurrent_kinds.end();
}
bool is_known(std::string_view kind) {
  return is_recurrent(kind) ||
         std::find(other_kinds.begin(), other_kinds.end(), kind) != other_kinds.end();
}

// The modules of one layer, whose weights have these places.
void add_modules(Layer& layer, const std::string& name, std::span<const WeightPlace> places,
                 bool reversed, std::vector<Module>& modules) {
  const std::string kind(layer.class_name());
  if (kind == "Bidirectional" && layer.sublayers().size() == 2) {
    const std::size_t half = places.size() / 2;
    add_modules(*layer.sublayers()[0].layer, name, places.first(half), false, modules);
    add_modules(*layer.sublayers()[1].layer, name, places.subspan(half), true, modules);
    return;
  }
  if (kind == "TimeDistributed") {
    add_modules(*layer.sublayers()[0].layer, name, places, false, modules);
    return;
  }
  if (!is_known(kind)) no_equal(layer, "it is of another kind");
  if (is_recurrent(kind)) check_gates(layer, kind);
  if (kind == "Conv1D" && options_of(layer).wholes["groups"] != 1)
    no_equal(layer, "it has groups of channels");
  Module module{kind, name, {}, {}, reversed};
  for (const WeightPlace& place : places) {
    module.paths.push_back(place.path);
    module.weights.push_back(place.parameter);
  }
  modules.push_back(std::move(module));
}

std::vector<Module> modules_of(const Model& model) {
  const std::vector<WeightPlace> places = weight_places(model);
  std::vector<Module> modules;
  for (std::size_t begin = 0; begin < places.size();) {
    std::size_t end = begin;
    while (end < places.size() && places[end].layer == places[begin].layer) ++end;
    const std::string& name = places[begin].layer->name();
    Layer& layer = *model.get_layer(name);
    if (model_of(layer) != nullptr) no_equal(layer, "it is a model of its own");
    add_modules(layer, name, std::span(places).subspan(begin, end - begin), false, modules);
    begin = end;
  }
  return modules;
}

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

void write_recurrent(const Module& module, Writer& out) {
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

const Plain& plain_of(const Module& module, const Parameter& weight) {
  for (const Plain& row : plain_weights) {
    if (row.kind == module.kind && row.weight == weight.name) return row;
  }
  throw Error(fmt::format("the weight \"{}\" of {} \"{}\" has no equal in PyTorch", weight.name,
                          module.kind, module.layer),
              "use Keras's names");
}

// ---- reading

using TensorsByName = std::map<std::string, const NamedTensor*>;

// The weights of one PyTorch module: of one layer and direction of it where there are several.
struct Source {
  std::string module;
  std::int64_t layer = 0;
  bool reversed = false;
  std::string kind;
  std::map<std::string, Tensor> weights;  // by PyTorch's name without the ending
};

// "encoder.lstm.weight_ih_l1_reverse" in its parts.
Source& source_of(const std::string& name, std::vector<Source>& sources, std::string& weight) {
  const std::size_t dot = name.rfind('.');
  const std::string module = dot == std::string::npos ? "" : name.substr(0, dot);
  weight = name.substr(dot == std::string::npos ? 0 : dot + 1);
  constexpr std::string_view reverse = "_reverse";
  const bool reversed = weight.ends_with(reverse);
  if (reversed) weight.resize(weight.size() - reverse.size());
  std::int64_t layer = 0;
  const std::size_t ending = weight.rfind("_l");
  if (ending != std::string::npos && ending + 2 < weight.size() && weight.size() - ending < 6 &&
      weight.find_first_not_of("0123456789", ending + 2) == std::string::npos) {
    layer = std::stoll(weight.substr(ending + 2));
    weight.resize(ending);
  }
  for (Source& source : sources) {
    if (source.module == module && source.layer == layer && source.reversed == reversed)
      return source;
  }
  return sources.emplace_back(Source{module, layer, reversed, {}, {}});
}

// By the names and shapes of its weights. Dense, Embedding and PReLU are recognized by what they go
// to.
std::string kind_of(const Source& source) {
  const auto input = source.weights.find("weight_ih");
  const auto hidden = source.weights.find("weight_hh");
  if (input != source.weights.end() && hidden != source.weights.end()) {
    const auto projection = source.weights.find("weight_hr");
    const std::int64_t units = projection == source.weights.end() ? hidden->second.shape()[-1]
                                                                  : projection->second.shape()[-1];
    const std::int64_t gates = units == 0 ? 0 : input->second.shape()[0] / units;
    return gates == 4 ? "LSTM" : gates == 3 ? "GRU" : "SimpleRNN";
  }
  if (source.weights.contains("running_mean")) return "BatchNormalization";
  const auto weight = source.weights.find("weight");
  if (weight == source.weights.end()) return "";
  const int rank = weight->second.shape().rank();
  if (rank == 3) return "Conv1D";
  if (rank == 2) return source.weights.contains("bias") ? "Dense" : "Dense or Embedding";
  return source.weights.contains("bias") ? "LayerNormalization" : "PReLU";
}

bool goes_to(const Source& source, const Module& module) {
  if (source.reversed != module.reversed) return false;
  if (source.kind == module.kind) return true;
  return source.kind == "Dense or Embedding" &&
         (module.kind == "Dense" || module.kind == "Embedding");
}

std::vector<Source> sources_in(const NamedTensors& tensors) {
  std::vector<Source> sources;
  for (const NamedTensor& tensor : tensors) {
    std::string weight;
    Source& source = source_of(tensor.name, sources, weight);
    if (weight != "num_batches_tracked") source.weights.emplace(weight, float32(tensor.value));
  }
  for (Source& source : sources) {
    source.kind = kind_of(source);
    if (!source.kind.empty()) continue;
    throw Error(
        fmt::format("the module \"{}\" is of no known kind", source.module),
        "it must be one of LSTM, GRU, RNN, Linear, Embedding, Conv1d, LayerNorm, BatchNorm1d "
        "and PReLU");
  }
  std::stable_sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) {
    return std::tie(a.module, a.layer, a.reversed) < std::tie(b.module, b.layer, b.reversed);
  });
  return sources;
}

// `before`, and the first few of the names; nothing if there are none.
std::string as_list(std::string_view before, const std::vector<std::string_view>& names) {
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
    text += fmt::format("{}\"{}\"", i == 0 ? before : ", ", names[i]);
  return names.size() > most ? text + ", ..." : text;
}

// Which module each source goes to: by name, then what is the only one of its kind.
class Matching {
 public:
  Matching(const std::vector<Module>& modules, const std::vector<Source>& sources)
      : modules_(modules), sources_(sources), taken_(modules.size(), nullptr) {
    for (const Source& source : sources_) {
      if (source.layer == 0) match_by_name(source);
    }
    for (const Source& source : sources_) {
      if (source.layer == 0 && !done_.contains(&source)) match_by_kind(source);
    }
    for (const Source& source : sources_) {
      if (source.layer > 0) match_next(source);
    }
  }

  std::vector<std::string_view> unused() const {
    std::vector<std::string_view> names;
    for (const Source& source : sources_) {
      if (!done_.contains(&source)) names.push_back(source.module);
    }
    return names;
  }

  const Source& source_of(std::size_t module) const {
    if (taken_[module] != nullptr) return *taken_[module];
    throw Error(fmt::format("the weights of {} \"{}\" are missing{}", modules_[module].kind,
                            modules_[module].layer, as_list(", left over is ", unused())),
                "name the modules in PyTorch as the layers here");
  }

 private:
  // "decoder.lstm" is called like "decoder.lstm", or else like "lstm".
  static bool is_called(const std::string& module, const std::string& layer) {
    return module == layer || module.ends_with("." + layer);
  }
  void take(std::size_t module, const Source& source) {
    taken_[module] = &source;
    done_.insert(&source);
    of_[{source.module, source.layer, source.reversed}] = module;
  }
  void match_by_name(const Source& source) {
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      if (taken_[i] != nullptr || !goes_to(source, modules_[i])) continue;
      if (!is_called(source.module, modules_[i].layer)) continue;
      take(i, source);
      return;
    }
  }
  void match_by_kind(const Source& source) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      if (taken_[i] == nullptr && goes_to(source, modules_[i])) places.push_back(i);
    }
    // Further layers of a module take what follows its first one.
    const bool first_of_many = std::any_of(
        sources_.begin(), sources_.end(),
        [&](const Source& one) { return one.module == source.module && one.layer > 0; });
    const auto rivals = std::count_if(sources_.begin(), sources_.end(), [&](const Source& one) {
      return one.layer == 0 && one.kind == source.kind && one.reversed == source.reversed &&
             !done_.contains(&one);
    });
    if (rivals == 1 && (places.size() == 1 || (first_of_many && !places.empty()))) {
      take(places.front(), source);
      return;
    }
    std::vector<std::string_view> layers;
    for (const std::size_t place : places) layers.push_back(modules_[place].layer);
    if (layers.empty()) {
      throw Error(fmt::format("the module \"{}\", {}, has no layer to go to", source.module,
                              source.kind.empty() ? "of no known kind" : source.kind),
                  "give a model with all of these layers, or leave it out of the file");
    }
    throw Error(fmt::format("the module \"{}\" could be any of {} layers{}", source.module,
                            places.size(), as_list(": ", layers)),
                "name the modules in PyTorch as the layers here");
  }
  void match_next(const Source& source) {
    const auto before = of_.find({source.module, source.layer - 1, source.reversed});
    if (before != of_.end()) {
      for (std::size_t i = before->second + 1; i < modules_.size(); ++i) {
        if (taken_[i] != nullptr || !goes_to(source, modules_[i])) continue;
        take(i, source);
        return;
      }
    }
    throw Error(fmt::format("layer {} of the module \"{}\" has no layer to go to", source.layer,
                            source.module),
                "the model has fewer recurrent layers");
  }

  const std::vector<Module>& modules_;
  const std::vector<Source>& sources_;
  std::vector<const Source*> taken_;
  std::set<const Source*> done_;
  std::map<std::tuple<std::string, std::int64_t, bool>, std::size_t> of_;
};

const Tensor& weight_of(const Source& source, const std::string& name, const Shape& shape) {
  const auto found = source.weights.find(name);
  if (found == source.weights.end())
    throw Error(fmt::format("the module \"{}\" has no \"{}\"", source.module, name));
  if (found->second.shape() == shape) return found->second;
  throw Error(fmt::format("\"{}\" of the module \"{}\" must have shape {}, got {}", name,
                          source.module, shape.to_string(), found->second.shape().to_string()));
}

Shape turned(const Shape& shape) { return {shape[1], shape[0]}; }

// How many weights of the source were used.
std::size_t read_recurrent(const Module& module, const Source& source, NamedTensors& out) {
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

std::size_t read_plain(const Module& module, const Source& source, NamedTensors& out) {
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
  for (const Module& module : modules_of(model)) {
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
  const std::vector<Module> modules = modules_of(model);
  const std::vector<Source> sources = sources_in(tensors);
  const Matching matching(modules, sources);
  NamedTensors weights;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const Source& source = matching.source_of(i);
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
                            modules.size(), as_list(": left over is ", matching.unused())),
                "give a model with all of these layers, or leave them out of the file");
  }
  return weights;
}

}  // namespace chronicler
