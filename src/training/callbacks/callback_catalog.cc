#include "training/callbacks/callback_catalog.h"

#include <array>

#include "chronicler/training/callbacks.h"

namespace chronicler {
namespace {

template <class Options, CallbackPtr (*make)(const Options&)>
CallbackPtr made(SettingsReader& settings) {
  return make(take_fields<Options>(settings));
}

// Those of functions that take one flag.
struct SwapEMAWeightsOptions {
  static constexpr std::string_view class_name = "SwapEMAWeights";
  bool swap_on_epoch = false;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    visit("swap_on_epoch", &SwapEMAWeightsOptions::swap_on_epoch, any_value(),
          "exchanges weights and averages after each epoch, not only for validation");
  }
};
CallbackPtr swap_ema_weights(const SwapEMAWeightsOptions& options) {
  return callbacks::SwapEMAWeights(options.swap_on_epoch);
}
struct TerminateOnNaNOptions {
  static constexpr std::string_view class_name = "TerminateOnNaN";
  bool raise_error = false;

  template <class Visitor>
  static void fields(Visitor&& visit) {
    visit("raise_error", &TerminateOnNaNOptions::raise_error, any_value(),
          "an error that says where, in place of a quiet end");
  }
};
CallbackPtr terminate_on_nan(const TerminateOnNaNOptions& options) {
  return callbacks::TerminateOnNaN(options.raise_error);
}

template <class Options, CallbackPtr (*make)(const Options&)>
constexpr CallbackKind kind(bool is_of_keras = true) {
  return {Options::class_name, field_table<Options>, made<Options, make>, is_of_keras};
}
constexpr CallbackKind without_fields(std::string_view class_name, bool is_of_keras = true) {
  return {class_name, nullptr, nullptr, is_of_keras};
}

constexpr std::array catalog{
    kind<callbacks::BackupAndRestoreOptions, callbacks::BackupAndRestore>(),
    kind<callbacks::BestWeightsOptions, callbacks::BestWeights>(false),
    kind<callbacks::CSVLoggerOptions, callbacks::CSVLogger>(),
    kind<callbacks::EarlyStoppingOptions, callbacks::EarlyStopping>(),
    without_fields("LambdaCallback"),
    without_fields("LearningRateOverRun", false),
    without_fields("LearningRateScheduler"),
    kind<callbacks::ModelCheckpointOptions, callbacks::ModelCheckpoint>(),
    kind<callbacks::ReduceLROnPlateauOptions, callbacks::ReduceLROnPlateau>(),
    CallbackKind{callbacks::ReportOptions::class_name, field_table<callbacks::ReportOptions>,
                 nullptr, false},
    kind<SwapEMAWeightsOptions, swap_ema_weights>(),
    kind<callbacks::TensorBoardOptions, callbacks::TensorBoard>(),
    kind<TerminateOnNaNOptions, terminate_on_nan>(),
};

}  // namespace

std::span<const CallbackKind> callback_catalog() { return catalog; }

}  // namespace chronicler
