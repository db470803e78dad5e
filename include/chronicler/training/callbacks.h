// Callbacks: keras.callbacks. Hooks into training, called in the order they are listed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chronicler/base/fields.h"
#include "chronicler/base/tensor.h"

namespace chronicler {

class Model;

// Named results so far: "loss", "accuracy", "val_loss", ... All callbacks share one Logs, so what
// one adds the next one sees.
using Logs = std::map<std::string, double>;

// What fit was asked for; callbacks may read it from on_train_begin.
struct TrainingParams {
  int verbose = 1;
  std::int64_t epochs = 1;
  std::int64_t steps = 0;  // an epoch
};

// How far a run of fit has come, over all its interruptions.
struct TrainingProgress {
  // Of the run, 0 to 1: of max_seconds if that is given, else of the batches; 0 if their number is
  // not known.
  double share = 0.0;
  double epochs = 0.0;     // done: 2.5 amid the third, 2 if nobody knows how many batches it has
  std::int64_t steps = 0;  // batches done
  double seconds = 0.0;
  double seconds_left = 0.0;      // about
  double steps_per_second = 0.0;  // since the run began, or went on
};

// What is to be known of a callback to go on after an interruption.
struct CallbackState {
  std::map<std::string, double> numbers = {};
  std::vector<Tensor> tensors = {};

  std::optional<double> number(const std::string& name) const;  // empty if it is not there
  std::int64_t whole(const std::string& name) const;            // 0 if it is not there
};

class Callback {
 public:
  virtual ~Callback() = default;
  virtual void on_train_begin(Logs&) {}
  virtual void on_train_end(Logs&) {}
  virtual void on_epoch_begin(std::int64_t /*epoch*/, Logs&) {}  // epochs and batches count from 0
  virtual void on_epoch_end(std::int64_t /*epoch*/, Logs&) {}
  virtual void on_train_batch_begin(std::int64_t /*batch*/, Logs&) {}
  virtual void on_train_batch_end(std::int64_t /*batch*/, Logs&) {}
  virtual void on_test_begin(Logs&) {}
  virtual void on_test_end(Logs&) {}
  virtual void on_test_batch_begin(std::int64_t /*batch*/, Logs&) {}
  virtual void on_test_batch_end(std::int64_t /*batch*/, Logs&) {}
  virtual void on_predict_begin(Logs&) {}
  virtual void on_predict_end(Logs&) {}
  virtual void on_predict_batch_begin(std::int64_t /*batch*/, Logs&) {}
  virtual void on_predict_batch_end(std::int64_t /*batch*/, Logs&) {}

  // What BackupAndRestore keeps of this callback, and what it gets back, after on_train_begin, when
  // a run goes on.
  virtual CallbackState state() const { return {}; }
  virtual void set_state(const CallbackState&) {}

  void set_model(Model* model) { model_ = model; }
  void set_params(const TrainingParams& params) { params_ = params; }
  void set_progress(const TrainingProgress* progress) { progress_ = progress; }

 protected:
  Model& model() const { return *model_; }
  const TrainingParams& params() const { return params_; }
  // Of the run of fit that calls.
  const TrainingProgress& progress() const { return *progress_; }

 private:
  Model* model_ = nullptr;
  TrainingParams params_;
  const TrainingProgress* progress_ = nullptr;
};
using CallbackPtr = std::shared_ptr<Callback>;

// The logs of every epoch: history.at("val_loss")[3].
class History {
 public:
  std::vector<std::int64_t> epoch;
  std::map<std::string, std::vector<double>> history;
  TrainingParams params;
  // Where training first became NaN, as Keras's does too, and why: "at batch 2 of 9 in epoch 1:
  // ...". Empty: nowhere.
  std::string not_finite;
  // Whether the run was paused or interrupted, so that BackupAndRestore can go on with it.
  bool is_paused = false;
  TrainingProgress progress;  // at the end
  const std::vector<double>& operator[](
      const std::string& key) const;  // Error that lists the keys there are
};

namespace callbacks {

// The range of a value to beat: an infinity, too, which whatever comes beats, or nothing does.
inline FieldRange number_to_beat() {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return between(-infinity, infinity);
}

struct EarlyStoppingOptions {  // Stops training when `monitor` has not improved for long.
  static constexpr std::string_view class_name = "EarlyStopping";
  std::string monitor = "val_loss";
  double min_delta = 0.0;
  std::int64_t patience = 0;
  int verbose = 0;
  std::string mode = "auto";  // "min", "max"
  std::optional<double> baseline = {};
  bool restore_best_weights = false;
  std::int64_t start_from_epoch = 0;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = EarlyStoppingOptions;
    visit("monitor", &Options::monitor, any_value(), "key of the logs that is watched");
    visit("min_delta", &Options::min_delta, any_value(), "smallest change that is an improvement");
    visit("patience", &Options::patience, at_least(0),
          "epochs without an improvement after which training stops");
    visit("verbose", &Options::verbose, any_value(), "1: prints what it does");
    visit("mode", &Options::mode, one_of({"auto", "min", "max"}),
          "whether a smaller or a larger value is better; auto: by the name");
    visit("baseline", &Options::baseline, number_to_beat(),
          "value to beat: without it patience runs out");
    visit("restore_best_weights", &Options::restore_best_weights, any_value(),
          "ends with the weights of the best epoch");
    visit("start_from_epoch", &Options::start_from_epoch, any_value(),
          "first epoch that is watched");
  }
};
struct ModelCheckpointOptions {  // Saves the model, or its weights, as training goes on.
  static constexpr std::string_view class_name = "ModelCheckpoint";
  std::string filepath;  // fields as in Keras: {epoch:02d}, {val_loss:.2f}
  std::string monitor = "val_loss";
  int verbose = 0;
  bool save_best_only = false;
  bool save_weights_only = false;
  std::string mode = "auto";
  std::optional<std::int64_t> save_freq = {};  // batches; empty: every epoch
  std::optional<double> initial_value_threshold = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ModelCheckpointOptions;
    visit("filepath", &Options::filepath, any_value(),
          "file to write, with fields as in {epoch:02d} or {val_loss:.2f}");
    visit("monitor", &Options::monitor, any_value(), "key of the logs that is watched");
    visit("verbose", &Options::verbose, any_value(), "1: prints what it does");
    visit("save_best_only", &Options::save_best_only, any_value(),
          "saves only where the value is the best so far");
    visit("save_weights_only", &Options::save_weights_only, any_value(),
          "saves weights without the model");
    visit("mode", &Options::mode, one_of({"auto", "min", "max"}),
          "whether a smaller or a larger value is better; auto: by the name");
    visit("save_freq", &Options::save_freq, at_least(1), "batches from one save to the next",
          FieldNotes{.default_text = "every epoch"});
    visit("initial_value_threshold", &Options::initial_value_threshold, number_to_beat(),
          "value to beat before the first save");
  }
};
struct CSVLoggerOptions {  // Writes the results of every epoch as a line of a CSV file.
  static constexpr std::string_view class_name = "CSVLogger";
  std::string filename;
  std::string separator = ",";
  bool append = false;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = CSVLoggerOptions;
    visit("filename", &Options::filename, any_value(), "file to write");
    visit("separator", &Options::separator, any_value(), "one character between two values");
    visit("append", &Options::append, any_value(), "goes on with a file that is there");
  }
};

struct ReduceLROnPlateauOptions {  // Lowers the learning rate when `monitor` stands still.
  static constexpr std::string_view class_name = "ReduceLROnPlateau";
  std::string monitor = "val_loss";
  double factor = 0.1;
  std::int64_t patience = 10;
  int verbose = 0;
  std::string mode = "auto";
  double min_delta = 1e-4;
  std::int64_t cooldown = 0;
  double min_lr = 0.0;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ReduceLROnPlateauOptions;
    visit("monitor", &Options::monitor, any_value(), "key of the logs that is watched");
    visit("factor", &Options::factor, share_below(1.0), "what the rate is multiplied by");
    visit("patience", &Options::patience, at_least(0),
          "epochs without an improvement after which the rate is lowered");
    visit("verbose", &Options::verbose, any_value(), "1: prints what it does");
    visit("mode", &Options::mode, one_of({"auto", "min", "max"}),
          "whether a smaller or a larger value is better; auto: by the name");
    visit("min_delta", &Options::min_delta, any_value(), "smallest change that is an improvement");
    visit("cooldown", &Options::cooldown, at_least(0),
          "epochs after a change in which nothing is counted");
    visit("min_lr", &Options::min_lr, at_least(0.0), "lowest rate");
  }
};
// A run that was killed, at any batch, goes on from its last checkpoint when fit is called again in
// the same way, and ends with the same bits as if nothing had happened: weights, optimizer,
// metrics, order of the samples, dropout, carried states, history and the other callbacks.
struct BackupAndRestoreOptions {
  static constexpr std::string_view class_name = "BackupAndRestore";
  std::string backup_dir = {};
  std::optional<std::int64_t> save_freq = {};  // batches; empty: every epoch
  bool delete_checkpoint = true;               // when training has come to its end
  std::string filepath = {};                   // the file itself, instead of one in backup_dir
  std::optional<double> save_seconds = {};     // instead of save_freq: from one to the next
  // What must be the same when the run goes on, besides what fit knows itself: {"units", "64"}.
  // The checkpoint of another run is refused, with the entries that differ.
  std::vector<std::pair<std::string, std::string>> identity = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = BackupAndRestoreOptions;
    visit("backup_dir", &Options::backup_dir, any_value(), "folder of the checkpoint");
    visit("save_freq", &Options::save_freq, at_least(1), "batches from one save to the next",
          FieldNotes{.default_text = "every epoch"});
    visit("delete_checkpoint", &Options::delete_checkpoint, any_value(),
          "deletes the checkpoint when training has come to its end");
    visit("filepath", &Options::filepath, any_value(),
          "the checkpoint itself, instead of a file in backup_dir");
    visit("save_seconds", &Options::save_seconds, at_least(0.0),
          "seconds from one save to the next, instead of save_freq");
  }
};
// Keeps the weights with the best value of a key of the logs, seen after any batch or epoch, and
// puts them back when training ends (or pauses: the run goes on with its own).
struct BestWeightsOptions {
  static constexpr std::string_view class_name = "BestWeights";
  std::string monitor = "val_loss";
  std::string mode = "auto";
  // The weights before training count too, with this value.
  std::optional<double> initial_value = {};

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = BestWeightsOptions;
    visit("monitor", &Options::monitor, any_value(), "key of the logs that is watched");
    visit("mode", &Options::mode, one_of({"auto", "min", "max"}),
          "whether a smaller or a larger value is better; auto: by the name");
    visit("initial_value", &Options::initial_value, number_to_beat(),
          "value of the weights before training, which then count too");
  }
};
// Calls a function at most every so many seconds, and after each epoch.
struct ReportOptions {
  static constexpr std::string_view class_name = "Report";
  double seconds = 10.0;
  // `logs`: the means of this epoch so far, and what callbacks before this one added. False pauses
  // the run (Model::pause_training).
  std::function<bool(const TrainingProgress& progress, const Logs& logs)> report;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = ReportOptions;
    visit("seconds", &Options::seconds, at_least(0.0), "least time between two calls");
  }
};
struct LambdaCallbackOptions {
  std::function<void(std::int64_t epoch, Logs& logs)> on_epoch_begin = {};
  std::function<void(std::int64_t epoch, Logs& logs)> on_epoch_end = {};
  std::function<void(Logs& logs)> on_train_begin = {};
  std::function<void(Logs& logs)> on_train_end = {};
  std::function<void(std::int64_t batch, Logs& logs)> on_train_batch_begin = {};
  std::function<void(std::int64_t batch, Logs& logs)> on_train_batch_end = {};
};
// Curves for TensorBoard, as Keras writes them: epoch_<name> below log_dir/train and, of val_ keys,
// log_dir/validation, where evaluation_<name>_vs_iterations counts the optimizer's steps;
// batch_<name> too if update_freq is a number of batches. Scalars only.
struct TensorBoardOptions {
  static constexpr std::string_view class_name = "TensorBoard";
  std::string log_dir = "logs";
  std::optional<std::int64_t> update_freq = {};  // batches; empty: every epoch

  template <class Visitor>
  static void fields(Visitor&& visit) {
    using Options = TensorBoardOptions;
    visit("log_dir", &Options::log_dir, any_value(), "folder of the curves");
    visit("update_freq", &Options::update_freq, at_least(1), "batches from one point to the next",
          FieldNotes{.default_text = "every epoch"});
  }
};
// The learning rate at a share of the run, 0 to 1: see warm_cosine().
using RateOfShare = std::function<double(double share)>;
// A straight line from `start` times the rate up to it, over `warm_share` of the run, then half a
// cosine down to `end` times the rate (Loshchilov and Hutter, 2017).
struct WarmCosineOptions {
  double learning_rate = 1e-3;
  double warm_share = 0.03;
  double start = 0.01;
  double end = 0.02;
};
RateOfShare warm_cosine(const WarmCosineOptions& options);

// The learning rate of an epoch, from its number and the rate so far.
using RateOfEpoch = std::function<double(std::int64_t epoch, double rate)>;

CallbackPtr EarlyStopping(const EarlyStoppingOptions& options = {});
CallbackPtr ModelCheckpoint(const ModelCheckpointOptions& options);
CallbackPtr CSVLogger(const CSVLoggerOptions& options);
CallbackPtr TerminateOnNaN(bool raise_error = false);  // Stops at a loss of NaN; true: an Error.
CallbackPtr ReduceLROnPlateau(const ReduceLROnPlateauOptions& options = {});
CallbackPtr LearningRateScheduler(RateOfEpoch schedule, int verbose = 0);  // A rate an epoch.
// Sets the rate before each batch, from the share of the run that is done.
CallbackPtr LearningRateOverRun(RateOfShare rate);
CallbackPtr BestWeights(const BestWeightsOptions& options = {});
CallbackPtr Report(ReportOptions options);
CallbackPtr BackupAndRestore(const BackupAndRestoreOptions& options);
CallbackPtr LambdaCallback(LambdaCallbackOptions options);  // Functions as hooks.
CallbackPtr TensorBoard(const TensorBoardOptions& options = {});
// For an optimizer with use_ema: evaluation and prediction see the averages of the weights; with
// swap_on_epoch also what comes after an epoch does, such as a checkpoint.
CallbackPtr SwapEMAWeights(bool swap_on_epoch = false);

}  // namespace callbacks

}  // namespace chronicler
