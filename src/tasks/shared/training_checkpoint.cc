#include "tasks/shared/training_checkpoint.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

std::vector<std::string_view> parts_of(std::string_view identity) {
  constexpr std::string_view comma = ", ";
  std::vector<std::string_view> parts;
  for (std::size_t end = 0; (end = identity.find(comma)) != std::string_view::npos;) {
    parts.push_back(identity.substr(0, end));
    identity.remove_prefix(end + comma.size());
  }
  parts.push_back(identity);
  return parts;
}

}  // namespace

Error another_run(const std::string& path, const std::string& then, const std::string& now) {
  const std::vector<std::string_view> parts_then = parts_of(then);
  const std::vector<std::string_view> parts_now = parts_of(now);
  // All of both, if they do not have the same ones.
  const bool comparable = parts_then.size() == parts_now.size();
  std::vector<std::string_view> only_then;
  std::vector<std::string_view> only_now;
  for (std::size_t i = 0; comparable && i < parts_then.size(); ++i) {
    if (parts_then[i] == parts_now[i]) continue;
    only_then.push_back(parts_then[i]);
    only_now.push_back(parts_now[i]);
  }
  return Error(fmt::format("\"{}\" is of another run ({}), this one is {}", path,
                           fmt::join(comparable ? only_then : parts_then, ", "),
                           fmt::join(comparable ? only_now : parts_now, ", ")),
               "give the same data and options as then, or start anew without --resume");
}

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
  if (const std::string& then = file.metadata["run"]; then != checkpoint.identity)
    throw another_run(path, then, checkpoint.identity);
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
