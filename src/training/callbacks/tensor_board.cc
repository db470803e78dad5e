#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/model/model.h"
#include "chronicler/training/callbacks.h"
#include "training/callbacks/event_file.h"
#include "training/field_settings.h"
#include "training/trainer.h"

namespace chronicler {
namespace {

double seconds_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

// One run of curves: a folder with a file of events, made when there is something to write.
class EventWriter {
 public:
  explicit EventWriter(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void write(std::int64_t step, const std::vector<Scalar>& scalars) {
    if (scalars.empty()) return;
    if (!file_.is_open()) open();
    append(scalars_event(seconds_now(), step, scalars));
  }

 private:
  void open() {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    const std::filesystem::path path =
        folder_ /
        fmt::format("events.out.tfevents.{:.0f}.chronicler.{}.v2", seconds_now() * 1e6, ::getpid());
    file_.open(path, std::ios::binary);
    if (!file_) {
      throw Error(fmt::format("TensorBoard cannot write to \"{}\"", path.string()),
                  "check log_dir and its permissions");
    }
    append(version_event(seconds_now()));
  }

  // What is written can be seen at once.
  void append(const std::string& event) { file_ << event_record(event) << std::flush; }

  std::filesystem::path folder_;
  std::ofstream file_;
};

class TensorBoardCallback final : public Callback {
 public:
  explicit TensorBoardCallback(const callbacks::TensorBoardOptions& options)
      : options_(checked_fields(options)),
        train_(std::filesystem::path(options.log_dir) / "train"),
        validation_(std::filesystem::path(options.log_dir) / "validation") {}

  void on_train_batch_end(std::int64_t /*batch*/, Logs& logs) override {
    ++batches_;
    if (!options_.update_freq || batches_ % *options_.update_freq != 0) return;
    train_.write(batches_, named("batch_", logs, false));
  }

  void on_epoch_end(std::int64_t epoch, Logs& logs) override {
    std::vector<Scalar> scalars = named("epoch_", logs, false);
    scalars.push_back(
        {"epoch_learning_rate", trainer_of(model(), "train").optimizer().learning_rate()});
    train_.write(epoch, scalars);
    validation_.write(epoch, named("epoch_", logs, true));
  }

  void on_test_end(Logs& logs) override {
    std::vector<Scalar> scalars;
    for (const auto& [key, value] : logs)
      scalars.push_back({fmt::format("evaluation_{}_vs_iterations", key), value});
    validation_.write(trainer_of(model(), "evaluate").optimizer().iterations(), scalars);
  }

  CallbackState state() const override {
    return {{{"batches", static_cast<double>(batches_)}}, {}};
  }
  void set_state(const CallbackState& state) override { batches_ = state.whole("batches"); }

 private:
  static std::vector<Scalar> named(std::string_view prefix, const Logs& logs, bool validation) {
    constexpr std::string_view mark = "val_";
    std::vector<Scalar> scalars;
    for (const auto& [key, value] : logs) {
      if (key.starts_with(mark) != validation || key == "learning_rate") continue;
      const std::string name = validation ? key.substr(mark.size()) : key;
      scalars.push_back({fmt::format("{}{}", prefix, name), value});
    }
    return scalars;
  }

  callbacks::TensorBoardOptions options_;
  EventWriter train_;
  EventWriter validation_;
  std::int64_t batches_ = 0;
};

}  // namespace

CallbackPtr callbacks::TensorBoard(const TensorBoardOptions& options) {
  return std::make_shared<TensorBoardCallback>(options);
}

}  // namespace chronicler
