// The error of a checkpoint that a run cannot go on from: it is of another run, of an older
// version, or damaged.
#pragma once

#include <string>

#include "chronicler/base/error.h"

namespace chronicler {

// The hint is `instead` or to delete the file; a program whose user says it otherwise (--resume)
// makes a hint of its own from `instead`.
class CheckpointError : public Error {
 public:
  // `instead`: what helps besides starting anew; may be empty.
  explicit CheckpointError(std::string message, std::string instead = {});

  // "give the same data as then, or start anew" with `how` behind it.
  std::string hint_with(const std::string& how) const;

 private:
  std::string instead_;
};

}  // namespace chronicler
