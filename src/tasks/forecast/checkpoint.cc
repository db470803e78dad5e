#include "tasks/forecast/checkpoint.h"

#include <charconv>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "base/crc32c.h"
#include "chronicler/base/error.h"
#include "model/tensor_file.h"
#include "tasks/shared/training_checkpoint.h"

namespace chronicler::tasks {
namespace {

void put(TensorFile& file, const std::string& name, const std::vector<Tensor>& tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i)
    file.tensors.emplace_back(fmt::format("{}/{}", name, i), tensors[i]);
}

std::vector<Tensor> take(const std::map<std::string, Tensor>& tensors, const std::string& name) {
  std::vector<Tensor> result;
  for (;;) {
    const auto found = tensors.find(fmt::format("{}/{}", name, result.size()));
    if (found == tensors.end()) return result;
    result.push_back(found->second);
  }
}

}  // namespace

Checkpoint::Checkpoint(const ForecastOptions& options, const std::string& recipe)
    : path_(options.checkpoint) {
  // Of what was chosen from the data, as 0 and empty say, the recipe tells.
  identity_ = fmt::format(
      "data and what follows from them {:08x}-{}, cell {}, {} layers of {} units, {} networks, {} "
      "epochs, rate {}, dropout {}, lookback {}, transform {}, {} validation rows, seed {}",
      crc32c(recipe), recipe.size(), options.cell.empty() ? "lstm" : options.cell,
      options.layers == 0 ? 1 : options.layers, options.units, options.members, options.epochs,
      options.learning_rate, options.dropout, options.lookback,
      options.transform.empty() ? "chosen" : options.transform, options.validation_rows,
      options.seed);
  if (path_.empty() || !options.resume || !std::filesystem::exists(path_)) return;
  const TensorFile file = load_tensors(path_);
  std::map<std::string, Tensor> tensors(file.tensors.begin(), file.tensors.end());
  const auto text = [&](const std::string& name) {
    const auto found = file.metadata.find(name);
    return found == file.metadata.end() ? std::string() : found->second;
  };
  if (text("identity") != identity_) throw another_run(path_, text("identity"), identity_);
  const auto whole = [&](const std::string& name) {
    std::int64_t value = 0;
    const std::string digits = text(name);
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  };
  for (std::int64_t m = 0; m < whole("finished"); ++m)
    finished_.push_back(take(tensors, fmt::format("member{}", m)));
  TrainingState state{whole("epoch"),           whole("best_epoch"),   0.0,
                      take(tensors, "weights"), take(tensors, "best"), take(tensors, "optimizer")};
  const std::vector<Tensor> best = take(tensors, "error");
  if (best.size() != 1 || best.front().dtype() != DType::float64 || state.weights.empty()) {
    throw Error(fmt::format("\"{}\" is not a checkpoint of a forecaster", path_),
                "leave --resume out to start over");
  }
  state.best = best.front().as<double>()[0];
  state_ = std::move(state);
}

std::optional<TrainingState> Checkpoint::state_of(std::int64_t member) const {
  return member == static_cast<std::int64_t>(finished_.size()) ? state_ : std::nullopt;
}

void Checkpoint::keep(const std::vector<Functional>& finished, const TrainingState& state) const {
  if (path_.empty()) return;
  TensorFile file;
  file.metadata = {{"identity", identity_},
                   {"finished", fmt::to_string(finished.size())},
                   {"epoch", fmt::to_string(state.epoch)},
                   {"best_epoch", fmt::to_string(state.best_epoch)}};
  for (std::size_t m = 0; m < finished.size(); ++m)
    put(file, fmt::format("member{}", m), finished[m].get_weights());
  put(file, "weights", state.weights);
  put(file, "best", state.best_weights);
  put(file, "optimizer", state.optimizer);
  put(file, "error", {Tensor({1}, std::vector<double>{state.best})});
  save_tensors(path_, file);
}

void Checkpoint::remove() const {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

}  // namespace chronicler::tasks
