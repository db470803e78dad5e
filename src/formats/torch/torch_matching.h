// Which of PyTorch's modules in a file goes to which of a model.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "chronicler/base/tensor.h"
#include "formats/named_tensor.h"
#include "formats/torch/torch_modules.h"

namespace chronicler {

// The weights of one PyTorch module: of one layer and direction of it where there are several.
struct TorchSource {
  std::string module;
  std::int64_t layer = 0;
  bool reversed = false;
  std::string kind;
  std::map<std::string, Tensor> weights;  // by PyTorch's name without the ending
};

// Throws Error for weights of no known module.
std::vector<TorchSource> sources_in(const NamedTensors& tensors);

// By name, then what is the only one of its kind. Throws Error where that leaves a choice.
class TorchMatching {
 public:
  TorchMatching(const std::vector<TorchModule>& modules, const std::vector<TorchSource>& sources);

  const TorchSource& source_of(std::size_t module) const;
  // The modules of the file that go nowhere, behind `before`: the first few, or "".
  std::string unused_list(std::string_view before) const;

 private:
  std::vector<std::string_view> unused() const;
  void take(std::size_t module, const TorchSource& source);
  void match_by_name(const TorchSource& source);
  void match_by_kind(const TorchSource& source);
  void match_next(const TorchSource& source);

  const std::vector<TorchModule>& modules_;
  const std::vector<TorchSource>& sources_;
  std::vector<const TorchSource*> taken_;
  std::set<const TorchSource*> done_;
  std::map<std::tuple<std::string, std::int64_t, bool>, std::size_t> of_;
};

}  // namespace chronicler
