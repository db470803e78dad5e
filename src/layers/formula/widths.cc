#include "layers/formula/widths.h"

#include <numeric>
#include <vector>

#include <fmt/format.h>

namespace chronicler::formula {
namespace {

// Values of one width, joined as they meet one another.
class Groups {
 public:
  explicit Groups(std::size_t size) : parents_(size), of_features_(size), of_units_(size) {
    std::iota(parents_.begin(), parents_.end(), std::size_t{0});
  }
  std::size_t group(std::size_t at) {
    while (parents_[at] != at) at = parents_[at] = parents_[parents_[at]];
    return at;
  }
  void set(std::size_t at, Width width) {
    if (width == Width::features) of_features_[group(at)] = true;
    if (width == Width::units) of_units_[group(at)] = true;
  }
  // False if that brings features and units together, where they were apart.
  bool join(std::size_t a, std::size_t b) {
    a = group(a);
    b = group(b);
    if (a == b) return true;
    const bool were_mixed = is_mixed(a) || is_mixed(b);
    parents_[b] = a;
    of_features_[a] = of_features_[a] || of_features_[b];
    of_units_[a] = of_units_[a] || of_units_[b];
    return were_mixed || !is_mixed(a);
  }
  Width width(std::size_t at) {
    at = group(at);
    return of_features_[at] && !of_units_[at] ? Width::features : Width::units;
  }

 private:
  bool is_mixed(std::size_t group) const { return of_features_[group] && of_units_[group]; }
  std::vector<std::size_t> parents_;
  std::vector<bool> of_features_;
  std::vector<bool> of_units_;
};

}  // namespace

void find_widths(CellFormula& formula) {
  Graph& graph = formula.graph;
  const auto nodes = static_cast<std::size_t>(graph.size());
  // The values, then what each matrix multiplies.
  Groups groups(nodes + formula.weights.size());
  const auto at = [](Id id) { return static_cast<std::size_t>(id); };
  const auto join = [&](std::size_t a, std::size_t b, Place place, const std::string& what) {
    if (!groups.join(a, b)) formula.equal_widths.push_back({place, what});
  };
  for (Id id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    if (node.kind == Node::Kind::input) groups.set(at(id), Width::features);
    if (node.kind == Node::Kind::state || node.kind == Node::Kind::linear)
      groups.set(at(id), Width::units);
  }
  for (Id id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    for (const Id operand : node.operands) {
      if (operand == no_node || graph.is_number(operand)) continue;
      join(at(id), at(operand), node.place, "x and the units meet here number by number");
    }
    for (const Term& term : node.terms) {
      const Weight& weight = formula.weights[static_cast<std::size_t>(term.weight)];
      join(nodes + static_cast<std::size_t>(term.weight), at(term.factor), node.place,
           fmt::format("the matrix {} multiplies both x and the units", weight.name));
    }
  }
  // States and the output have units.
  for (const StateName& state : formula.states) {
    join(at(state.before), at(state.after), state.place,
         fmt::format("the state {} becomes as wide as x", state.name));
  }
  join(at(formula.states[0].before), at(formula.output), graph[formula.output].place,
       fmt::format("the output {} is as wide as x", formula.output_name));

  for (Id id = 0; id < graph.size(); ++id) {
    if (graph.is_number(id)) continue;
    graph.at(id).width = groups.width(at(id));
    if (graph[id].kind == Node::Kind::weight)
      formula.weights[static_cast<std::size_t>(graph[id].index)].width = graph[id].width;
    for (const Term& term : graph[id].terms) {
      Weight& weight = formula.weights[static_cast<std::size_t>(term.weight)];
      weight.meets_state = weight.meets_state || graph[term.factor].stage == Stage::state;
      weight.width = groups.width(nodes + static_cast<std::size_t>(term.weight));
    }
  }
}

void check_widths(const CellFormula& formula, std::int64_t features, std::int64_t units) {
  if (features == units || formula.equal_widths.empty()) return;
  const EqualWidths& first = formula.equal_widths.front();
  refuse(formula.text, first.place,
         fmt::format("a shape that does not fit: {}, but there are {} features and {} units",
                     first.what, features, units),
         "multiply x by a weight of its own, as in W x, or set units to the number of features");
}

}  // namespace chronicler::formula
