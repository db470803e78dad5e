#include "chronicler/training/checkpoint_error.h"

#include <utility>

namespace chronicler {
namespace {

std::string start_anew(const std::string& instead, const std::string& how) {
  return (instead.empty() ? "" : instead + ", or ") + "start anew " + how;
}

}  // namespace

CheckpointError::CheckpointError(std::string message, std::string instead)
    : Error(std::move(message), start_anew(instead, "without the file")),
      instead_(std::move(instead)) {}

std::string CheckpointError::hint_with(const std::string& how) const {
  return start_anew(instead_, how);
}

}  // namespace chronicler
