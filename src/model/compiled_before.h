// What a file says of how its model was compiled, until training takes it up.
#pragma once

#include <utility>
#include <vector>

#include "chronicler/model/compilation.h"

namespace chronicler {

class CompiledBefore final : public Compiled {
 public:
  explicit CompiledBefore(Compilation compilation) : compilation_(std::move(compilation)) {}
  Compilation compilation(const Model& /*model*/) const override { return compilation_; }
  void restore(Model& /*model*/, const std::vector<Tensor>& optimizer_variables) override {
    compilation_.optimizer_variables = optimizer_variables;
  }

 private:
  Compilation compilation_;
};

}  // namespace chronicler
