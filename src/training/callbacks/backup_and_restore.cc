#include "training/callbacks/backup_and_restore.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "chronicler/training/checkpoint_error.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "model/tensor_file.h"
#include "training/callbacks/run_identity.h"
#include "training/field_settings.h"

namespace chronicler {
namespace {

namespace fs = std::filesystem;

Tensor vector_of(const std::vector<double>& numbers) {
  return {{static_cast<std::int64_t>(numbers.size())}, numbers};
}

std::vector<double> numbers_of(const Tensor& tensor) {
  const auto span = tensor.span<double>();
  return {span.begin(), span.end()};
}

// Steps and stride; of a run that learns whole sequences a file says nothing.
constexpr const char* bptt_title = "bptt";

// ---- writing

class Writer {
 public:
  void text(const std::string& name, const std::string& value) { file_.metadata[name] = value; }
  template <class Number>
  void number(const std::string& name, Number value) {
    text(name, fmt::to_string(value));
  }
  void numbers(const std::string& name, const std::vector<double>& values) {
    file_.tensors.emplace_back(name, vector_of(values));
  }
  void tensors(const std::string& name, const std::vector<Tensor>& tensors) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      file_.tensors.emplace_back(fmt::format("{}/{}", name, i), tensors[i]);
    }
  }
  const TensorFile& file() const { return file_; }

 private:
  TensorFile file_;
};

// ---- reading

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), metadata_(load(path)) {}

  const std::string& text(const std::string& name) const {
    const auto found = metadata_.find(name);
    if (found == metadata_.end()) damaged(name);
    return found->second;
  }
  template <class Number>
  Number number(const std::string& name) const {
    const std::string& given = text(name);
    Number value{};
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    if (error != std::errc() || end != given.data() + given.size()) damaged(name);
    return value;
  }
  std::vector<double> numbers(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end() || found->second.dtype() != DType::float64) damaged(name);
    return numbers_of(found->second);
  }
  std::vector<double> numbers(const std::string& name, std::size_t count) const {
    std::vector<double> all = numbers(name);
    if (all.size() != count) damaged(name);
    return all;
  }
  // name/0, name/1, ... as far as there are any.
  std::vector<Tensor> tensors(const std::string& name) const {
    std::vector<Tensor> all;
    for (;;) {
      const auto found = tensors_.find(fmt::format("{}/{}", name, all.size()));
      if (found == tensors_.end()) return all;
      all.push_back(found->second);
    }
  }
  // What is called name/KEY, by KEY.
  std::map<std::string, std::vector<double>> numbers_below(const std::string& name) const {
    std::map<std::string, std::vector<double>> all;
    for (const auto& [full, tensor] : tensors_) {
      if (full.starts_with(name + "/")) all[full.substr(name.size() + 1)] = numbers(full);
    }
    return all;
  }

  // Throws Error, with what differs, unless the file is of this run.
  void expect_run(const RunIdentity& now) const { expect_same_run(path_, text("run"), now); }
  void expect(const std::string& name, const std::string& now) const {
    if (text(name) == now) return;
    throw CheckpointError(
        fmt::format("\"{}\" is of a run with {} {}, now it is {}", path_, name, text(name), now),
        "give the same data and options as then");
  }
  void expect_bptt(const std::string& now) const {
    const auto found = metadata_.find(bptt_title);
    const std::string then = found == metadata_.end() ? std::string() : found->second;
    if (then == now) return;
    const auto words = [](const std::string& bptt) {
      return bptt.empty() ? std::string("whole sequences") : "bptt " + bptt;
    };
    throw CheckpointError(fmt::format("\"{}\" is of a run with {}, now it is with {}", path_,
                                      words(then), words(now)),
                          "give the same bptt as then");
  }

 private:
  std::map<std::string, std::string> load(const std::string& path) {
    TensorFile file = load_checkpoint(path);
    for (auto& [name, tensor] : file.tensors) tensors_.emplace(name, std::move(tensor));
    return std::move(file.metadata);
  }
  [[noreturn]] void damaged(const std::string& name) const {
    throw CheckpointError(
        fmt::format("\"{}\" is not a checkpoint of a training run: \"{}\" is missing or not as "
                    "it should be",
                    path_, name));
  }

  std::string path_;
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

// What must be the same when a run goes on.
std::map<std::string, std::string> identity_of(const FitRun& run) {
  return {{"optimizer", std::string(run.trainer.optimizer().class_name())},
          {"weights", fmt::to_string(run.model.count_params())},
          {"samples", fmt::to_string(run.samples)},
          {"batch_size", fmt::to_string(run.batch_size)},
          {"steps_per_epoch", fmt::to_string(run.steps)},
          {"shuffle", run.shuffle ? "true" : "false"},
          {"callbacks", fmt::to_string(run.callbacks.size())}};
}
void write_trainer(const FitRun& run, Writer& file) {
  const Trainer::Progress progress = run.trainer.progress();
  file.number("step", progress.step);
  file.numbers("loss", progress.losses);
  for (std::size_t i = 0; i < progress.metrics.size(); ++i) {
    file.numbers(fmt::format("metric/{}", i), progress.metrics[i]);
  }
  file.tensors("weight", run.model.get_weights());
  if (run.trainer.optimizer().built()) {
    file.tensors("variable", run.trainer.optimizer().variables());
  }
  const std::vector<State>& states = ModelInternals::execution(run.model).states();
  for (std::size_t node = 0; node < states.size(); ++node) {
    file.tensors(fmt::format("state/{}", node), states[node]);
  }
}

void read_trainer(const Reader& file, FitRun& run) {
  Trainer::Progress progress;
  progress.step = file.number<std::uint64_t>("step");
  progress.losses = file.numbers("loss");
  for (std::size_t i = 0; i < run.trainer.progress().metrics.size(); ++i) {
    progress.metrics.push_back(file.numbers(fmt::format("metric/{}", i)));
  }
  run.trainer.set_progress(progress);
  run.model.set_weights(file.tensors("weight"));
  const std::vector<Tensor> variables = file.tensors("variable");
  if (!variables.empty()) {
    run.trainer.build_optimizer(run.model);
    run.trainer.optimizer().set_variables(variables);
  }
  std::vector<State>& states = ModelInternals::execution(run.model).states();
  for (std::size_t node = 0; node < states.size(); ++node) {
    State state = file.tensors(fmt::format("state/{}", node));
    if (!state.empty()) states[node] = std::move(state);
  }
}

void write_history(const History& history, Writer& file) {
  file.numbers("epochs", std::vector<double>(history.epoch.begin(), history.epoch.end()));
  for (const auto& [key, values] : history.history) file.numbers("history/" + key, values);
}

void read_history(const Reader& file, History& history) {
  history.epoch.clear();
  for (const double epoch : file.numbers("epochs")) {
    history.epoch.push_back(static_cast<std::int64_t>(epoch));
  }
  history.history = file.numbers_below("history");
}

void write_callbacks(const FitRun& run, Writer& file) {
  for (std::size_t i = 0; i < run.callbacks.size(); ++i) {
    const CallbackState state = run.callbacks[i]->state();
    for (const auto& [name, number] : state.numbers) {
      file.numbers(fmt::format("callback/{}/number/{}", i, name), {number});
    }
    file.tensors(fmt::format("callback/{}/tensor", i), state.tensors);
  }
}

void read_callbacks(const Reader& file, FitRun& run) {
  for (std::size_t i = 0; i < run.callbacks.size(); ++i) {
    CallbackState state;
    for (const auto& [name, values] : file.numbers_below(fmt::format("callback/{}/number", i))) {
      if (!values.empty()) state.numbers[name] = values.front();
    }
    state.tensors = file.tensors(fmt::format("callback/{}/tensor", i));
    run.callbacks[i]->set_state(state);
  }
}

TrainingProgress progress_of(const Reader& file) {
  TrainingProgress progress;
  progress.steps = file.number<std::int64_t>("steps");
  const std::vector<double> numbers = file.numbers("progress", 2);
  progress.epochs = numbers[0];
  progress.seconds = numbers[1];
  return progress;
}

// From a loss that is not a number nothing can be learned, also not after a restart.
bool is_finite(const FitRun& run) { return std::isfinite(run.trainer.results().loss()); }

}  // namespace

BackupCallback::BackupCallback(const callbacks::BackupAndRestoreOptions& options)
    : options_(checked_fields(options)),
      path_(options.filepath.empty()
                ? (fs::path(options.backup_dir) / "latest.safetensors").string()
                : options.filepath) {
  if (options.backup_dir.empty() == options.filepath.empty())
    throw Error("BackupAndRestore needs a backup_dir, or the filepath of one file");
}

void BackupCallback::restore(FitRun& run) {
  batches_since_saving_ = 0;
  if (!fs::exists(path_)) return;
  const Reader file(path_);
  file.expect_run(options_.identity);
  for (const auto& [name, now] : identity_of(run)) file.expect(name, now);
  file.expect_bptt(run.bptt);
  run.seed = file.number<std::uint64_t>("seed");
  run.epoch = file.number<std::int64_t>("epoch");
  run.batch = file.number<std::int64_t>("batch");
  run.progress = progress_of(file);
  seconds_at_saving_ = run.progress.seconds;
  run.model.stop_training = file.text("stopped") == "true";
  read_trainer(file, run);
  read_history(file, run.history);
  read_callbacks(file, run);
}

bool BackupCallback::is_due(const FitRun& run) {
  if (options_.save_seconds)
    return run.progress.seconds - seconds_at_saving_ >= *options_.save_seconds;
  return options_.save_freq && ++batches_since_saving_ >= *options_.save_freq;
}

void BackupCallback::after_batch(const FitRun& run) {
  if (is_due(run) || run.interrupted) save(run, false);
}

void BackupCallback::after_epoch(const FitRun& run) {
  const bool by_the_clock = options_.save_seconds.has_value();
  if (by_the_clock && !run.paused && !is_due(run)) return;
  save(run, true);
}

void BackupCallback::after_run(const FitRun& run) {
  const bool goes_on = (run.interrupted || run.paused) && is_finite(run);
  if (!options_.delete_checkpoint || goes_on) return;
  std::error_code ignored;
  fs::remove(path_, ignored);
  if (!options_.backup_dir.empty())
    fs::remove(options_.backup_dir, ignored);  // only if nothing else is in it
}

void BackupCallback::save(const FitRun& run, bool at_end_of_epoch) {
  batches_since_saving_ = 0;
  seconds_at_saving_ = run.progress.seconds;
  if (!is_finite(run)) return;
  std::error_code error;
  if (!options_.backup_dir.empty()) fs::create_directories(options_.backup_dir, error);
  if (error) {
    throw Error(fmt::format("the folder {} of BackupAndRestore cannot be made: {}",
                            options_.backup_dir, error.message()));
  }
  Writer file;
  file.text("run", run_text(options_.identity));
  for (const auto& [name, now] : identity_of(run)) file.text(name, now);
  if (!run.bptt.empty()) file.text(bptt_title, run.bptt);
  file.number("seed", run.seed);
  file.number("epoch", run.epoch);
  file.number("batch", run.batch);
  file.number("steps", run.progress.steps);
  file.numbers("progress", {run.progress.epochs, run.progress.seconds});
  // Whoever stops training amid an epoch interrupts it; at its end, training has come to its own.
  file.text("stopped", at_end_of_epoch && run.model.stop_training ? "true" : "false");
  write_trainer(run, file);
  write_history(run.history, file);
  write_callbacks(run, file);
  save_tensors(path_, file.file());
}

CallbackPtr callbacks::BackupAndRestore(const BackupAndRestoreOptions& options) {
  return std::make_shared<BackupCallback>(options);
}

}  // namespace chronicler
