#include "layers/formula/evaluation.h"

#include <algorithm>

#include "kernels/reference/block_program.h"

namespace chronicler::formula {
namespace {

// to += from W, for W of as many rows as `from` has numbers.
void add_product(const Numbers& from, const Numbers& matrix, Numbers& to) {
  const std::size_t columns = matrix.size() / from.size();
  to.resize(columns);
  for (std::size_t i = 0; i < from.size(); ++i) {
    for (std::size_t j = 0; j < columns; ++j) to[j] += from[i] * matrix[i * columns + j];
  }
}

Numbers elementwise(const Node& node, const std::vector<Numbers>& values) {
  std::size_t size = 1;
  const auto of = [&](std::size_t i) -> const Numbers* {
    const Id operand = node.operands[i];
    return operand == no_node ? nullptr : &values[static_cast<std::size_t>(operand)];
  };
  for (std::size_t i = 0; i < 3; ++i) {
    if (of(i) != nullptr) size = std::max(size, of(i)->size());
  }
  kernels::BlockInstruction instruction;
  instruction.op = node.op;
  instruction.activation = node.activation;
  Numbers result(size);
  for (std::size_t u = 0; u < size; ++u) {
    const auto number = [&](std::size_t i) {
      if (of(i) == nullptr) return 0.0;
      return of(i)->size() == 1 ? of(i)->front() : (*of(i))[u];
    };
    result[u] = kernels::reference::block_result(instruction, number(0), number(1), number(2));
  }
  return result;
}

}  // namespace

StepValues evaluate_step(const CellFormula& formula, const std::vector<Numbers>& weights,
                         const Numbers& x, const std::vector<Numbers>& states) {
  const Graph& graph = formula.graph;
  std::vector<Numbers> values(static_cast<std::size_t>(graph.size()));
  for (Id id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    Numbers& value = values[static_cast<std::size_t>(id)];
    switch (node.kind) {
      case Node::Kind::number:
        value = {node.number};
        break;
      case Node::Kind::input:
        value = x;
        break;
      case Node::Kind::state:
        value = states[static_cast<std::size_t>(node.index)];
        break;
      case Node::Kind::weight:
        value = weights[static_cast<std::size_t>(node.index)];
        break;
      case Node::Kind::linear:
        if (node.operands[0] != no_node) value = values[static_cast<std::size_t>(node.operands[0])];
        for (const Term& term : node.terms) {
          add_product(values[static_cast<std::size_t>(term.factor)],
                      weights[static_cast<std::size_t>(term.weight)], value);
        }
        break;
      case Node::Kind::elementwise:
        value = elementwise(node, values);
        break;
      case Node::Kind::gradient:
        break;
    }
  }
  StepValues after;
  for (const StateName& state : formula.states)
    after.states.push_back(values[static_cast<std::size_t>(state.after)]);
  after.output = values[static_cast<std::size_t>(formula.output)];
  return after;
}

}  // namespace chronicler::formula
