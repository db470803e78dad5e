// A formula as a graph: every value once, operands before what they make.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/block_program.h"
#include "layers/formula/text_error.h"

namespace chronicler::formula {

using Id = int;  // of a node; -1: none
inline constexpr Id no_node = -1;

// What a value depends on, and so when it can be computed: a number; weights alone, one row for
// all; the input of a step, all steps at once; states, step by step.
enum class Stage : unsigned char { number, weights, input, state };

// How wide a row of a value is; what it is in numbers is known when the cell is built.
enum class Width : unsigned char { number, features, units };

// A weight times a value. Backwards, the transposed weight times a gradient.
struct Term {
  int weight = 0;
  Id factor = no_node;
  auto operator<=>(const Term&) const = default;
};

struct Node {
  enum class Kind : unsigned char {
    number,
    input,        // x
    state,        // before the step
    weight,       // alone, a row
    linear,       // start (operand 0, may be none) + terms
    elementwise,  // an instruction of kernels/block_program.h
    gradient,     // what flows back from a later step or from outside: place `index`
  };
  Kind kind = Kind::number;
  Stage stage = Stage::number;
  Width width = Width::number;
  kernels::BlockOp op = kernels::BlockOp::copy;
  kernels::Activation activation = kernels::Activation::linear;
  std::array<Id, 3> operands{no_node, no_node, no_node};
  double number = 0.0;
  int index = 0;  // of a state, weight or gradient
  bool is_transposed = false;
  std::vector<Term> terms = {};
  Place place = {};  // in the formula
};

class Graph {
 public:
  const Node& operator[](Id id) const { return nodes_[static_cast<std::size_t>(id)]; }
  Node& at(Id id) { return nodes_[static_cast<std::size_t>(id)]; }
  Id size() const { return static_cast<Id>(nodes_.size()); }

  Id number(double value);
  Id input(Place place) {
    return add({.kind = Node::Kind::input, .stage = Stage::input, .place = place});
  }
  Id state(int index, Place place) {
    return add({.kind = Node::Kind::state, .stage = Stage::state, .index = index, .place = place});
  }
  Id weight(int index, Place place) {
    return add(
        {.kind = Node::Kind::weight, .stage = Stage::weights, .index = index, .place = place});
  }
  // What flows back there; such values are computed with those of `stage`.
  Id gradient(int index, Stage stage, Width width) {
    return add({.kind = Node::Kind::gradient, .stage = stage, .width = width, .index = index});
  }
  Id linear(Id start, std::vector<Term> terms, Place place, bool is_transposed = false);

  // Arithmetic. Numbers are computed at once, and what changes nothing (times 1, plus 0) is left
  // out.
  Id binary(kernels::BlockOp op, Id a, Id b, Place place = {});
  Id unary(kernels::BlockOp op, Id a, Place place = {});
  Id activate(kernels::Activation activation, Id a, Place place = {});
  // `c` times the slope of the activation that made b from a.
  Id activate_back(kernels::Activation activation, Id a, Id b, Id c);
  // c where a and b are so (where_at_most, where_above), or signed by a.
  Id choose(kernels::BlockOp op, Id a, Id b, Id c);

  // Every operand of a node: also the factors of its terms.
  template <class Visit>
  void for_each_operand(Id id, const Visit& visit) const {
    for (const Id operand : (*this)[id].operands) {
      if (operand != no_node) visit(operand);
    }
    for (const Term& term : (*this)[id].terms) visit(term.factor);
  }
  bool is_number(Id id) const { return (*this)[id].kind == Node::Kind::number; }
  bool is_number(Id id, double value) const { return is_number(id) && (*this)[id].number == value; }

 private:
  Id add(Node node);
  Id elementwise(Node node);

  using Key = std::tuple<Node::Kind, Stage, Width, kernels::BlockOp, kernels::Activation,
                         std::array<Id, 3>, std::uint64_t, int, bool, std::vector<Term>>;
  std::vector<Node> nodes_;
  std::map<Key, Id> known_;
};

}  // namespace chronicler::formula
