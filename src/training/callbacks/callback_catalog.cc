#include "training/callbacks/callback_catalog.h"

#include <array>

#include "chronicler/training/callbacks.h"

namespace chronicler {
namespace {

template <class Options>
constexpr CallbackKind kind(bool is_of_keras = true) {
  return {Options::class_name, field_table<Options>, is_of_keras};
}
constexpr CallbackKind without_fields(std::string_view class_name, bool is_of_keras = true) {
  return {class_name, nullptr, is_of_keras};
}

constexpr std::array catalog{
    kind<callbacks::BackupAndRestoreOptions>(),
    kind<callbacks::BestWeightsOptions>(false),
    kind<callbacks::CSVLoggerOptions>(),
    kind<callbacks::EarlyStoppingOptions>(),
    without_fields("LambdaCallback"),
    without_fields("LearningRateOverRun", false),
    without_fields("LearningRateScheduler"),
    kind<callbacks::ModelCheckpointOptions>(),
    kind<callbacks::ReduceLROnPlateauOptions>(),
    kind<callbacks::ReportOptions>(false),
    without_fields("SwapEMAWeights"),
    kind<callbacks::TensorBoardOptions>(),
    without_fields("TerminateOnNaN"),
};

}  // namespace

std::span<const CallbackKind> callback_catalog() { return catalog; }

}  // namespace chronicler
