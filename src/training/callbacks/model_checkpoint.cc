#include <iostream>
#include <utility>

#include <fmt/args.h>
#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "training/callbacks/monitor.h"
#include "training/field_settings.h"

namespace chronicler {
namespace {

class ModelCheckpointCallback final : public Callback {
 public:
  explicit ModelCheckpointCallback(const callbacks::ModelCheckpointOptions& options)
      : options_(checked_fields(options)),
        monitor_("ModelCheckpoint", options.monitor, options.mode, 0.0),
        best_(options.initial_value_threshold) {
    if (options.filepath.empty()) throw Error("ModelCheckpoint needs a filepath");
  }

  void on_epoch_begin(std::int64_t epoch, Logs&) override { epoch_ = epoch; }

  void on_train_batch_end(std::int64_t batch, Logs& logs) override {
    if (!options_.save_freq || ++batches_since_saving_ < *options_.save_freq) return;
    batches_since_saving_ = 0;
    if (options_.save_best_only) monitor_.find_direction(model());
    save(logs, batch);
  }

  void on_epoch_end(std::int64_t epoch, Logs& logs) override {
    if (options_.save_freq) return;
    if (options_.save_best_only) monitor_.find_direction(model());
    epoch_ = epoch;
    save(logs, {});
  }

  CallbackState state() const override {
    CallbackState state;
    state.numbers = {{"epoch", static_cast<double>(epoch_)},
                     {"batches_since_saving", static_cast<double>(batches_since_saving_)}};
    if (best_) state.numbers["best"] = *best_;
    return state;
  }
  void set_state(const CallbackState& state) override {
    epoch_ = state.whole("epoch");
    batches_since_saving_ = state.whole("batches_since_saving");
    best_ = state.number("best");
  }

 private:
  void save(const Logs& logs, std::optional<std::int64_t> batch) {
    const std::string path = path_for(logs, batch);
    if (!wants_to_save(logs, path)) return;
    make_folder(std::filesystem::path(path).parent_path());
    if (options_.save_weights_only) {
      model().save_weights(path);
    } else {
      model().save(path);
    }
    say(fmt::format("finished saving model to {}", path));
  }

  static void make_folder(const std::filesystem::path& folder) {
    if (folder.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (!error) return;
    throw Error(fmt::format("the folder {} of ModelCheckpoint cannot be made: {}", folder.string(),
                            error.message()));
  }

  bool wants_to_save(const Logs& logs, const std::string& path) {
    if (!options_.save_best_only) {
      say(fmt::format("saving model to {}", path));
      return true;
    }
    const std::optional<double> current = monitor_.value(logs);
    if (!current) {
      if (!std::exchange(warned_, true)) {
        std::cerr << fmt::format("warning: Can save best model only with {} available.",
                                 monitor_.key())
                  << std::endl;
      }
      return true;
    }
    const std::string before = best_ ? fmt::format("{:.5f}", *best_) : "None";
    if (!monitor_.is_better(*current, best_)) {
      say(fmt::format("{} did not improve from {}", monitor_.key(), before));
      return false;
    }
    say(fmt::format("{} improved from {} to {:.5f}, saving model to {}", monitor_.key(), before,
                    *current, path));
    best_ = current;
    return true;
  }

  // The path with its fields filled in: epoch and batch count from 1, all else is from the logs.
  std::string path_for(const Logs& logs, std::optional<std::int64_t> batch) const {
    fmt::dynamic_format_arg_store<fmt::format_context> fields;
    std::string known = "epoch";
    fields.push_back(fmt::arg("epoch", epoch_ + 1));
    if (batch) {
      fields.push_back(fmt::arg("batch", *batch + 1));
      known += ", batch";
    }
    for (const auto& [key, value] : logs) {
      fields.push_back(fmt::arg(key.c_str(), value));
      known += ", " + key;
    }
    try {
      return fmt::vformat(options_.filepath, fields);
    } catch (const fmt::format_error& error) {
      throw Error(fmt::format("the filepath \"{}\" of ModelCheckpoint cannot be filled in: {}",
                              options_.filepath, error.what()),
                  fmt::format("its fields may be {}, written as in {{epoch:02d}} or "
                              "{{val_loss:.2f}}",
                              known));
    }
  }

  void say(std::string_view text) const {
    if (options_.verbose > 0) {
      std::cout << fmt::format("\nEpoch {}: {}", epoch_ + 1, text) << std::endl;
    }
  }

  callbacks::ModelCheckpointOptions options_;
  Monitor monitor_;
  std::optional<double> best_;
  std::int64_t epoch_ = 0;
  std::int64_t batches_since_saving_ = 0;
  bool warned_ = false;
};

}  // namespace

CallbackPtr callbacks::ModelCheckpoint(const ModelCheckpointOptions& options) {
  return std::make_shared<ModelCheckpointCallback>(options);
}

}  // namespace chronicler
