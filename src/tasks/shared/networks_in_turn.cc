#include "tasks/shared/networks_in_turn.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "chronicler/training/checkpoint_error.h"
#include "model/tensor_file.h"
#include "training/callbacks/run_identity.h"

namespace chronicler::tasks {
namespace {

// epochs, best_epoch, best_error, seconds
constexpr std::int64_t numbers_of_result = 4;

Tensor numbers_of(const TaskRunResult& result) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> numbers{result.epochs, result.best_epoch,
                                    result.best_error.value_or(none), result.seconds};
  return {{numbers_of_result}, numbers};
}

TaskRunResult result_of(const Tensor& numbers) {
  const auto at = numbers.span<double>();
  TaskRunResult result{true, at[0], at[1], {}, at[3]};
  if (!std::isnan(at[2])) result.best_error = at[2];
  return result;
}

std::string name_of_result(std::size_t network) { return fmt::format("result/{}", network); }
std::string name_of_weight(std::size_t network, std::size_t weight) {
  return fmt::format("network/{}/{}", network, weight);
}

}  // namespace

std::uint64_t network_seed(std::uint64_t seed, std::int64_t n) {
  return seed + static_cast<std::uint64_t>(n) * 1'000'003;
}

TaskRunResult together(const std::vector<TaskRunResult>& results, std::int64_t networks) {
  TaskRunResult all = results.back();
  all.is_finished = all.is_finished && static_cast<std::int64_t>(results.size()) == networks;
  const auto share = 1.0 / static_cast<double>(results.size());
  all.epochs = all.best_epoch = all.seconds = 0.0;
  double error = 0.0;
  for (const TaskRunResult& result : results) {
    all.epochs += result.epochs;
    all.seconds += result.seconds;
    all.best_epoch += share * result.best_epoch;
    error += share * result.best_error.value_or(0.0);
  }
  if (all.best_error) all.best_error = error;
  return all;
}

NetworksInTurn::NetworksInTurn(TaskRun run, std::int64_t networks)
    : run_(std::move(run)),
      networks_(networks),
      path_(run_.checkpoint.empty() ? "" : finished_networks_file(run_.checkpoint)) {
  const bool is_known = std::any_of(run_.identity.begin(), run_.identity.end(),
                                    [](const auto& entry) { return entry.first == "networks"; });
  if (!is_known) run_.identity.emplace_back("networks", fmt::to_string(networks));
  if (path_.empty()) return;
  if (!run_.resume) {
    remove_old_file(path_);
  } else if (std::filesystem::exists(path_)) {
    read();
  }
}

bool NetworksInTurn::pauses() const {
  return run_.stop_after && epochs() >= static_cast<double>(*run_.stop_after);
}

std::optional<TaskRunResult> NetworksInTurn::take_finished(Model& network) {
  if (next_ == results_.size()) return {};
  network.set_weights(weights_[next_]);
  return results_[next_++];
}

TaskRun NetworksInTurn::next() const {
  TaskRun run = run_;
  run.max_seconds /= static_cast<double>(networks_);
  if (run.stop_after) *run.stop_after -= std::llround(std::floor(epochs()));
  run.identity.emplace_back("network", fmt::to_string(next_ + 1));
  run.start.network = static_cast<std::int64_t>(next_) + 1;
  run.start.networks = networks_;
  return run;
}

TaskRunResult NetworksInTurn::train(Model& network, const Dataset& data, const TaskRun& run) {
  const TaskRunResult result = tasks::train(network, data, run);
  if (!result.is_finished) {
    epochs_of_paused_ = result.epochs;
    return result;
  }
  ++next_;
  results_.push_back(result);
  std::vector<Tensor> weights;
  for (const Tensor& weight : network.get_weights()) weights.push_back(weight.clone());
  weights_.push_back(std::move(weights));
  if (!path_.empty() && static_cast<std::int64_t>(next_) < networks_) write();
  return result;
}

void NetworksInTurn::remove() const {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

double NetworksInTurn::epochs() const {
  double sum = epochs_of_paused_;
  for (const TaskRunResult& result : results_) sum += result.epochs;
  return sum;
}

void NetworksInTurn::write() const {
  TensorFile file;
  file.metadata["run"] = run_text(run_.identity);
  file.metadata["finished"] = fmt::to_string(results_.size());
  for (std::size_t n = 0; n < results_.size(); ++n) {
    file.tensors.emplace_back(name_of_result(n), numbers_of(results_[n]));
    for (std::size_t i = 0; i < weights_[n].size(); ++i)
      file.tensors.emplace_back(name_of_weight(n, i), weights_[n][i]);
  }
  save_tensors(path_, file);
}

void NetworksInTurn::read() {
  TensorFile file = load_checkpoint(path_);
  const std::map<std::string, Tensor> tensors(file.tensors.begin(), file.tensors.end());
  expect_same_run(path_, file.metadata["run"], run_.identity);
  const std::string& digits = file.metadata["finished"];
  std::int64_t finished = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), finished);
  const auto damaged = [&] {
    throw CheckpointError(fmt::format("\"{}\" does not hold the networks that are done", path_));
  };
  if (error != std::errc() || finished < 0 || finished >= networks_) damaged();
  for (std::size_t n = 0; n < static_cast<std::size_t>(finished); ++n) {
    const auto result = tensors.find(name_of_result(n));
    if (result == tensors.end() || result->second.dtype() != DType::float64 ||
        result->second.size() != numbers_of_result)
      damaged();
    results_.push_back(result_of(result->second));
    std::vector<Tensor>& weights = weights_.emplace_back();
    for (auto found = tensors.find(name_of_weight(n, 0)); found != tensors.end();
         found = tensors.find(name_of_weight(n, weights.size())))
      weights.push_back(found->second);
  }
}

}  // namespace chronicler::tasks
