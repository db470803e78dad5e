#include "formats/torch/torch_matching.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"

namespace chronicler {
namespace {

// "encoder.lstm.weight_ih_l1_reverse" in its parts.
TorchSource& source_of(const std::string& name, std::vector<TorchSource>& sources,
                       std::string& weight) {
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
  for (TorchSource& source : sources) {
    if (source.module == module && source.layer == layer && source.reversed == reversed)
      return source;
  }
  return sources.emplace_back(TorchSource{module, layer, reversed, {}, {}});
}

// By the names and shapes of its weights. Dense, Embedding and PReLU are recognized by what they go
// to.
std::string kind_of(const TorchSource& source) {
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

bool goes_to(const TorchSource& source, const TorchModule& module) {
  if (source.reversed != module.reversed) return false;
  if (source.kind == module.kind) return true;
  return source.kind == "Dense or Embedding" &&
         (module.kind == "Dense" || module.kind == "Embedding");
}

// `before`, and the first few of the names; nothing if there are none.
std::string as_list(std::string_view before, const std::vector<std::string_view>& names) {
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
    text += fmt::format("{}\"{}\"", i == 0 ? before : ", ", names[i]);
  return names.size() > most ? text + ", ..." : text;
}

// "decoder.lstm" is called like "decoder.lstm", or else like "lstm".
bool is_called(const std::string& module, const std::string& layer) {
  return module == layer || module.ends_with("." + layer);
}

}  // namespace

std::vector<TorchSource> sources_in(const NamedTensors& tensors) {
  std::vector<TorchSource> sources;
  for (const NamedTensor& tensor : tensors) {
    std::string weight;
    TorchSource& source = source_of(tensor.name, sources, weight);
    if (weight != "num_batches_tracked")
      source.weights.emplace(weight, tensor.value.to(DType::float32));
  }
  for (TorchSource& source : sources) {
    source.kind = kind_of(source);
    if (!source.kind.empty()) continue;
    throw Error(
        fmt::format("the module \"{}\" is of no known kind", source.module),
        "it must be one of LSTM, GRU, RNN, Linear, Embedding, Conv1d, LayerNorm, BatchNorm1d "
        "and PReLU");
  }
  std::stable_sort(sources.begin(), sources.end(), [](const TorchSource& a, const TorchSource& b) {
    return std::tie(a.module, a.layer, a.reversed) < std::tie(b.module, b.layer, b.reversed);
  });
  return sources;
}

TorchMatching::TorchMatching(const std::vector<TorchModule>& modules,
                             const std::vector<TorchSource>& sources)
    : modules_(modules), sources_(sources), taken_(modules.size(), nullptr) {
  for (const TorchSource& source : sources_) {
    if (source.layer == 0) match_by_name(source);
  }
  for (const TorchSource& source : sources_) {
    if (source.layer == 0 && !done_.contains(&source)) match_by_kind(source);
  }
  for (const TorchSource& source : sources_) {
    if (source.layer > 0) match_next(source);
  }
}

std::vector<std::string_view> TorchMatching::unused() const {
  std::vector<std::string_view> names;
  for (const TorchSource& source : sources_) {
    if (!done_.contains(&source)) names.push_back(source.module);
  }
  return names;
}

std::string TorchMatching::unused_list(std::string_view before) const {
  return as_list(before, unused());
}

const TorchSource& TorchMatching::source_of(std::size_t module) const {
  if (taken_[module] != nullptr) return *taken_[module];
  throw Error(fmt::format("the weights of {} \"{}\" are missing{}", modules_[module].kind,
                          modules_[module].layer, unused_list(", left over is ")),
              "name the modules in PyTorch as the layers here");
}

void TorchMatching::take(std::size_t module, const TorchSource& source) {
  taken_[module] = &source;
  done_.insert(&source);
  of_[{source.module, source.layer, source.reversed}] = module;
}

void TorchMatching::match_by_name(const TorchSource& source) {
  for (std::size_t i = 0; i < modules_.size(); ++i) {
    if (taken_[i] != nullptr || !goes_to(source, modules_[i])) continue;
    if (!is_called(source.module, modules_[i].layer)) continue;
    take(i, source);
    return;
  }
}

void TorchMatching::match_by_kind(const TorchSource& source) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < modules_.size(); ++i) {
    if (taken_[i] == nullptr && goes_to(source, modules_[i])) places.push_back(i);
  }
  // Further layers of a module take what follows its first one.
  const bool first_of_many = std::any_of(
      sources_.begin(), sources_.end(),
      [&](const TorchSource& one) { return one.module == source.module && one.layer > 0; });
  const auto rivals = std::count_if(sources_.begin(), sources_.end(), [&](const TorchSource& one) {
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

void TorchMatching::match_next(const TorchSource& source) {
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

}  // namespace chronicler
