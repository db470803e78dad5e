#include "layers/formula/graph.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "kernels/reference/block_program.h"

namespace chronicler::formula {

using kernels::BlockOp;

// A value that is known already is that one: what a formula says twice is computed once.
Id Graph::add(Node node) {
  const Key key{node.kind,
                node.stage,
                node.kind == Node::Kind::gradient ? node.width : Width::number,
                node.op,
                node.activation,
                node.operands,
                std::bit_cast<std::uint64_t>(node.number),
                node.index,
                node.is_transposed,
                node.terms};
  const auto [found, is_new] = known_.try_emplace(key, size());
  if (is_new) nodes_.push_back(std::move(node));
  return found->second;
}

Id Graph::number(double value) { return add({.number = value}); }

Id Graph::linear(Id start, std::vector<Term> terms, Place place, bool is_transposed) {
  if (terms.empty()) return start;
  Node node{.kind = Node::Kind::linear, .is_transposed = is_transposed, .place = place};
  node.operands[0] = start;
  if (start != no_node) node.stage = (*this)[start].stage;
  for (const Term& term : terms) node.stage = std::max(node.stage, (*this)[term.factor].stage);
  node.terms = std::move(terms);
  return add(std::move(node));
}

Id Graph::elementwise(Node node) {
  node.kind = Node::Kind::elementwise;
  bool numbers_only = true;
  for (const Id operand : node.operands) {
    if (operand == no_node) continue;
    node.stage = std::max(node.stage, (*this)[operand].stage);
    node.width = std::max(node.width, (*this)[operand].width);
    numbers_only = numbers_only && is_number(operand);
  }
  if (!numbers_only) return add(std::move(node));
  const auto value = [&](std::size_t i) {
    return node.operands[i] == no_node ? 0.0 : (*this)[node.operands[i]].number;
  };
  kernels::BlockInstruction instruction;
  instruction.op = node.op;
  instruction.activation = node.activation;
  return number(kernels::reference::block_result(instruction, value(0), value(1), value(2)));
}

Id Graph::binary(BlockOp op, Id a, Id b, Place place) {
  switch (op) {
    case BlockOp::add:
      if (is_number(a, 0.0)) return b;
      if (is_number(b, 0.0)) return a;
      break;
    case BlockOp::subtract:
      if (is_number(b, 0.0)) return a;
      if (is_number(a, 0.0)) return unary(BlockOp::negate, b, place);
      break;
    case BlockOp::multiply:
      if (is_number(a, 1.0)) return b;
      if (is_number(b, 1.0)) return a;
      if (is_number(a, -1.0)) return unary(BlockOp::negate, b, place);
      if (is_number(b, -1.0)) return unary(BlockOp::negate, a, place);
      break;
    case BlockOp::divide:
      if (is_number(b, 1.0)) return a;
      break;
    default:
      break;
  }
  return elementwise({.op = op, .operands = {a, b, no_node}, .place = place});
}

Id Graph::unary(BlockOp op, Id a, Place place) {
  const Node& of = (*this)[a];
  if (op == BlockOp::negate && of.kind == Node::Kind::elementwise && of.op == BlockOp::negate)
    return of.operands[0];
  return elementwise({.op = op, .operands = {a, no_node, no_node}, .place = place});
}

Id Graph::activate(kernels::Activation activation, Id a, Place place) {
  return elementwise({.op = BlockOp::activate,
                      .activation = activation,
                      .operands = {a, no_node, no_node},
                      .place = place});
}

Id Graph::activate_back(kernels::Activation activation, Id a, Id b, Id c) {
  return elementwise({.op = BlockOp::activate_back,
                      .activation = activation,
                      .operands = {kernels::needs_input(activation) ? a : no_node, b, c}});
}

Id Graph::choose(BlockOp op, Id a, Id b, Id c) {
  return elementwise({.op = op, .operands = {a, b, c}});
}

}  // namespace chronicler::formula
