// How a batch's way back fits into memory (FitOptions::memory_budget).
//
// The budget holds what a batch keeps on its way forward and needs on its way back: the outputs of
// all layers and their gradients, and what recurrent layers keep of their steps, which is what
// gives way. The data, the weights, their gradients and layouts, and the optimizer's variables come
// besides.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/network.h"

namespace chronicler {

// "64MB", "1.5 GB", "800KB", "512MiB" or a number of bytes: KB, MB and GB are powers of 1,000, KiB,
// MiB and GiB of 1,024. Throws Error for anything else.
std::int64_t bytes_from(std::string_view text);
// "1.5GB"
std::string bytes_text(std::int64_t bytes);

class MemoryBudget {
 public:
  // `report` is called with lines of text once the first plan is made; may be empty.
  MemoryBudget(std::int64_t bytes, std::function<void(const std::string&)> report);

  // What each node of the network may keep of inputs like these (Execution::Mode::keep_bytes); none
  // if all fits. Throws Error, saying how much it needs, if not even the smallest plan does. Plans
  // anew only where the shapes differ from those before.
  std::span<const std::int64_t> shares(const Network& network, std::span<const Value> inputs);

 private:
  void plan(const Network& network, const std::vector<Shape>& inputs);

  std::int64_t bytes_;
  std::function<void(const std::string&)> report_;
  std::vector<Shape> shapes_;
  std::vector<std::int64_t> shares_;
};

}  // namespace chronicler
