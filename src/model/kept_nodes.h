// What the layers of a network keep for the way back, and how they share what there is for it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "layers/recurrent/keep_plan.h"
#include "model/network.h"

namespace chronicler {

// A node whose layer could keep less than it does.
struct KeptNode {
  std::size_t node = 0;
  Layer::KeptSteps kept;
  std::int64_t together = 1;  // steps_together
  bool keeps_rest = false;    // of its layer

  std::int64_t least() const { return least_bytes(kept, together); }
  std::int64_t most() const { return most_bytes(kept); }
  KeepPlan plan(std::int64_t bytes) const { return keep_plan(kept, together, bytes, keeps_rest); }
};

// The nodes that could, for inputs of these shapes, batch included.
std::vector<KeptNode> kept_nodes(const Network& network, std::vector<Shape> inputs);

// All of them as one layer; none if there are none.
std::optional<Layer::KeptSteps> kept_by_all(const Network& network, std::vector<Shape> inputs);

// What each node of the network may keep of so many bytes (Execution::Mode::keep_bytes): what it
// needs at least, and of the rest as much as it could use, in proportion.
std::vector<std::int64_t> share_out(const Network& network, std::span<const KeptNode> nodes,
                                    std::int64_t bytes);

// What a pass over the network holds whatever layers keep: the outputs of all layers, and their
// gradients where they are wanted.
std::int64_t value_bytes(const Network& network, std::vector<Shape> inputs);

}  // namespace chronicler
