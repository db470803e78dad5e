// From nodes of a graph to a part of a program: what is computed in which step, and where it is.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "layers/formula/program.h"

namespace chronicler::formula {

struct Target {
  Id value = no_node;
  StreamId to = 0;
};

// What a part finds: where values are that it need not compute.
struct Surroundings {
  const Graph& graph;
  std::map<Id, StreamId> available;
  // The row that a value of weights alone has; null in the parts that compute them.
  std::function<int(Id)> row_of;
  // Memory for a value that is computed in one step and read in a later one.
  std::function<StreamId(Width)> make_stream;
  // Values whose memory what is added to them may take: nobody else reads them.
  std::set<Id> may_overwrite = {};
};

// Whether a value is computed again rather than kept.
bool is_cheap(const Node& node);

Part schedule(const Surroundings& surroundings, const std::vector<Target>& targets);

// The values that schedule() would compute, and those available ones that it would read.
struct Reach {
  std::set<Id> computed;
  std::set<Id> read;
};
Reach reach(const Graph& graph, const std::vector<Id>& targets,
            const std::function<bool(Id)>& is_available);

}  // namespace chronicler::formula
