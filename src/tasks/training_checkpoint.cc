#include "tasks/training_checkpoint.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "model/tensor_file.h"
#include "training/trainer.h"

namespace chronicler::tasks {
namespace {

// Kinds of tensors, which are numbered within each.
constexpr std::string_view weight = "weight";
constexpr std::string_view variable = "optimizer";
constexpr std::string_view other = "other";

void put(TensorFile& file, std::string_view kind, const std::vector<Tensor>& tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i)
    file.tensors.emplace_back(fmt::format("{}/{}", kind, i), tensors[i]);
}

std::vector<Tensor> take(const TensorFile& file, std::string_view kind) {
  std::map<std::size_t, Tensor> found;
  for (const auto& [name, tensor] : file.tensors) {
    const std::string_view view = name;
    if (!view.starts_with(kind) || view.size() <= kind.size() + 1 || view[kind.size()] != '/')
      continue;
    std::size_t number = 0;
    std::from_chars(view.data() + kind.size() + 1, view.data() + view.size(), number);
    found[number] = tensor;
  }
  std::vector<Tensor> tensors;
  for (const auto& [number, tensor] : found) tensors.push_back(tensor);
  return tensors;
}

}  // namespace

void save_checkpoint(const std::string& path, const TrainingCheckpoint& checkpoint, Model& model) {
  TensorFile file;
  file.metadata["run"] = checkpoint.identity;
  for (const auto& [name, number] : checkpoint.numbers)
    file.metadata["number " + name] = fmt::format("{:.17g}", number);
  put(file, weight, model.get_weights());
  put(file, variable, model.trainer()->optimizer().variables());
  put(file, other, checkpoint.tensors);
  save_tensors(path, file);
}

bool restore_checkpoint(const std::string& path, TrainingCheckpoint& checkpoint, Model& model) {
  if (!std::filesystem::exists(path)) return false;
  TensorFile file = load_tensors(path);
  if (file.metadata["run"] != checkpoint.identity) {
    throw Error(fmt::format("\"{}\" is of another run ({}), this one is {}", path,
                            file.metadata["run"], checkpoint.identity),
                "give the same data and options as then, or start anew without --resume");
  }
  constexpr std::string_view number = "number ";
  for (const auto& [name, text] : file.metadata) {
    if (name.starts_with(number)) checkpoint.numbers[name.substr(number.size())] = std::stod(text);
  }
  checkpoint.tensors = take(file, other);
  model.set_weights(take(file, weight));
  Trainer& trainer = *model.trainer();
  trainer.optimizer().set_variables(take(file, variable));
  trainer.set_step(static_cast<std::uint64_t>(trainer.optimizer().iterations()));
  return true;
}

}  // namespace chronicler::tasks
