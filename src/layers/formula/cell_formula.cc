#include "layers/formula/cell_formula.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/formula/functions.h"
#include "layers/formula/syntax.h"
#include "layers/formula/widths.h"

namespace chronicler::formula {
namespace {

using kernels::BlockOp;

// What the names of a formula are, before anything is computed.
struct Names {
  std::set<std::string, std::less<>> assigned;
  std::vector<StateName> states;  // in the order in which they are first read
};

void read_names(const Expression& expression, const std::set<std::string, std::less<>>& written,
                Names& names) {
  if (expression.kind == Expression::Kind::name && names.assigned.contains(expression.name) &&
      !written.contains(expression.name)) {
    const auto known =
        std::find_if(names.states.begin(), names.states.end(),
                     [&](const StateName& state) { return state.name == expression.name; });
    if (known == names.states.end()) names.states.push_back({expression.name, expression.place});
  }
  for (const Expression& part : expression.parts) read_names(part, written, names);
}

Names names_of(const std::vector<Statement>& statements) {
  Names names;
  for (const Statement& statement : statements) names.assigned.insert(statement.name);
  std::set<std::string, std::less<>> written;
  for (const Statement& statement : statements) {
    read_names(statement.value, written, names);
    written.insert(statement.name);
  }
  return names;
}

// What a name that was assigned stands for, and whether anybody asked.
struct Assigned {
  Id value = no_node;
  Place place;
  bool is_read = false;
};

class Reader {
 public:
  Reader(const std::string& text, const std::vector<std::string>& states) {
    made_.text = text;
    statements_ = parse(text);
    Names names = names_of(statements_);
    assigned_ = std::move(names.assigned);
    made_.states = in_order(std::move(names.states), states);
  }

  CellFormula read() {
    for (std::size_t i = 0; i < made_.states.size(); ++i) {
      StateName& state = made_.states[i];
      state.before = graph().state(static_cast<int>(i), state.place);
    }
    for (const Statement& statement : statements_) find_weights(statement.value);
    for (const Statement& statement : statements_) run(statement);
    choose_output();
    for (StateName& state : made_.states) {
      Assigned& last = values_.find(state.name)->second;
      state.after = last.value;
      last.is_read = true;
    }
    check_use();
    find_widths(made_);
    return std::move(made_);
  }

 private:
  Graph& graph() { return made_.graph; }
  [[noreturn]] void refuse_at(Place place, const std::string& message,
                              const std::string& hint = {}) const {
    refuse(made_.text, place, message, hint);
  }

  // The states that were found, h first, or as they are wanted.
  std::vector<StateName> in_order(std::vector<StateName> found,
                                  const std::vector<std::string>& wanted) const {
    if (wanted.empty()) {
      std::stable_partition(found.begin(), found.end(),
                            [](const StateName& state) { return state.name == "h"; });
      return found;
    }
    std::vector<StateName> ordered;
    for (const std::string& name : wanted) {
      const auto place = std::find_if(found.begin(), found.end(),
                                      [&](const StateName& state) { return state.name == name; });
      if (place == found.end()) refuse_missing_state(name);
      ordered.push_back(*place);
      found.erase(place);
    }
    if (!found.empty()) {
      refuse_at(
          found.front().place,
          fmt::format("a cycle: {} is read before it is assigned, and is none of the states {}",
                      found.front().name, fmt::join(wanted, ", ")),
          fmt::format("move the statement that assigns {} up, or add {} to the states",
                      found.front().name, found.front().name));
    }
    return ordered;
  }
  [[noreturn]] void refuse_missing_state(const std::string& name) const {
    for (const Statement& statement : statements_) {
      if (statement.name != name) continue;
      refuse_at(
          statement.place,
          fmt::format("the state {} is never read before it is assigned: it is not used", name),
          "read it in an earlier statement, or in this one, or leave it out of the states");
    }
    throw Error(fmt::format("the state {} is never assigned in the formula", name),
                fmt::format("add a statement {} = ..., or leave it out of the states", name));
  }

  void run(const Statement& statement) {
    const Id value = read(statement.value);
    const auto known = values_.find(statement.name);
    if (known != values_.end() && !known->second.is_read) {
      refuse_at(
          known->second.place,
          fmt::format("{} is assigned here, and again before anything reads it", statement.name),
          "leave this statement out, or read its value");
    }
    values_[statement.name] = {value, statement.place, false};
    last_ = statement.name;
  }

  void choose_output() {
    const auto is_state = [&](std::string_view name) {
      return std::any_of(made_.states.begin(), made_.states.end(),
                         [&](const StateName& state) { return state.name == name; });
    };
    made_.output_name = values_.contains("y") ? "y" : is_state("h") ? "h" : last_;
    Assigned& output = values_.find(made_.output_name)->second;
    output.is_read = true;
    made_.output = output.value;
    if (graph()[output.value].stage < Stage::input) {
      refuse_at(output.place,
                fmt::format("the output {} does not depend on the input", made_.output_name),
                "the output is y if it is assigned, else the state h, else what is assigned last");
    }
  }

  // ---- expressions

  Id read(const Expression& expression) {
    switch (expression.kind) {
      case Expression::Kind::number:
        return graph().number(expression.number);
      case Expression::Kind::name:
        return read_name(expression);
      case Expression::Kind::call:
        return read_call(expression);
      case Expression::Kind::negative:
        return graph().unary(BlockOp::negate, read(expression.parts[0]), expression.place);
      case Expression::Kind::sum:
        return read_sum(expression);
      case Expression::Kind::product: {
        const Id a = read(expression.parts[0]);
        const Id b = read(expression.parts[1]);
        const BlockOp op = expression.is_quotient ? BlockOp::divide : BlockOp::multiply;
        if (expression.is_quotient && graph().is_number(b, 0.0))
          refuse_at(expression.parts[1].place, "this divides by 0");
        return graph().binary(op, a, b, expression.place);
      }
      case Expression::Kind::chain:
        return read_chain(expression);
      case Expression::Kind::power:
        break;
    }
    return read_power(expression);
  }

  bool is_weight(const Expression& expression) const {
    return expression.kind == Expression::Kind::name && expression.name != "x" &&
           !assigned_.contains(expression.name);
  }
  // A weight that may be a matrix.
  bool is_bare_weight(const Expression& expression) const {
    return is_weight(expression) && !expression.in_parentheses;
  }

  Id read_name(const Expression& name) {
    if (name.name == "x") return graph().input(name.place);
    const auto value = values_.find(name.name);
    if (value != values_.end()) {
      value->second.is_read = true;
      return value->second.value;
    }
    for (const StateName& state : made_.states) {
      if (state.name == name.name) return state.before;
    }
    return graph().weight(weight(name, false), name.place);
  }

  // Whether only numbers stand before the last part of a chain, as in 2 b.
  static bool is_last_after_numbers(const Expression& chain) {
    return std::all_of(chain.parts.begin(), chain.parts.end() - 1, [](const Expression& part) {
      return part.kind == Expression::Kind::number;
    });
  }

  // The weights in the order in which they are written.
  void find_weights(const Expression& expression) {
    if (is_weight(expression)) weight(expression, false);
    const bool is_chain = expression.kind == Expression::Kind::chain;
    for (std::size_t i = 0; i < expression.parts.size(); ++i) {
      const Expression& part = expression.parts[i];
      const bool is_last = i + 1 == expression.parts.size();
      if (!is_chain || !is_bare_weight(part)) {
        find_weights(part);
      } else if (!is_last || is_last_after_numbers(expression)) {
        weight(part, !is_last);
      }
    }
  }

  int weight(const Expression& name, bool is_matrix) {
    for (std::size_t i = 0; i < made_.weights.size(); ++i) {
      const Weight& known = made_.weights[i];
      if (known.name != name.name) continue;
      if (known.is_matrix != is_matrix) {
        refuse_at(
            name.place,
            fmt::format("{} is a {} here, and a {} before", name.name,
                        is_matrix ? "matrix" : "row of numbers",
                        is_matrix ? "row of numbers" : "matrix"),
            "a weight before what it multiplies is a matrix; give one of the two another name");
      }
      return static_cast<int>(i);
    }
    check_spelling(name);
    made_.weights.push_back({name.name, is_matrix, false, Width::number, name.place});
    return static_cast<int>(made_.weights.size() - 1);
  }

  // A name that is never assigned may be a misspelt one that is: of long names that is sure enough.
  void check_spelling(const Expression& name) const {
    constexpr std::size_t long_name = 5;
    if (name.name.size() < long_name) return;
    for (const std::string& other : assigned_) {
      if (other.size() < long_name || !is_slip(name.name, other)) continue;
      refuse_at(
          name.place,
          fmt::format("unknown name \"{}\": it is never assigned, and as a weight too like {}",
                      name.name, other),
          fmt::format("did you mean \"{}\"? Else give the weight another name", other));
    }
  }
  // One letter left out, doubled, or two in the wrong order; not one for another, as in gate_1 and
  // gate_2.
  static bool is_slip(const std::string& a, const std::string& b) {
    const std::string& longer = a.size() >= b.size() ? a : b;
    const std::string& shorter = a.size() >= b.size() ? b : a;
    std::size_t same = 0;
    while (same < shorter.size() && longer[same] == shorter[same]) ++same;
    if (same == 0) return false;
    if (longer.size() == shorter.size() + 1)
      return same + 1 < longer.size() &&
             std::string_view(longer).substr(same + 1) == std::string_view(shorter).substr(same);
    if (longer.size() != shorter.size() || same + 1 >= longer.size()) return false;
    return longer[same] == shorter[same + 1] && longer[same + 1] == shorter[same] &&
           std::string_view(longer).substr(same + 2) == std::string_view(shorter).substr(same + 2);
  }

  Id read_call(const Expression& call) {
    const Function& function = *find_function(call.name);
    std::vector<Id> arguments;
    for (const Expression& part : call.parts) arguments.push_back(read(part));
    const Id a = arguments[0];
    if (function.is_activation) {
      using kernels::Activation;
      // What is made of others runs as fast as they do.
      if (function.activation == Activation::silu) {
        const Id gate = graph().activate(Activation::sigmoid, a, call.place);
        return graph().binary(BlockOp::multiply, a, gate, call.place);
      }
      return graph().activate(function.activation, a, call.place);
    }
    if (function.name == "min") return graph().binary(BlockOp::least, a, arguments[1], call.place);
    if (function.name == "max")
      return graph().binary(BlockOp::greatest, a, arguments[1], call.place);
    if (function.name == "square") return graph().binary(BlockOp::multiply, a, a, call.place);
    const std::map<std::string_view, BlockOp> others{{"abs", BlockOp::absolute},
                                                     {"cos", BlockOp::cosine},
                                                     {"log", BlockOp::logarithm},
                                                     {"sin", BlockOp::sine},
                                                     {"sqrt", BlockOp::square_root}};
    return graph().unary(others.at(function.name), a, call.place);
  }

  Id read_power(const Expression& power) {
    const Id base = read(power.parts[0]);
    Id all = base;
    const int times = static_cast<int>(std::abs(power.number));
    for (int i = 1; i < times; ++i) all = graph().binary(BlockOp::multiply, all, base, power.place);
    if (power.number > 0) return all;
    return graph().binary(BlockOp::divide, graph().number(1.0), all, power.place);
  }

  // A sum: its matrix products and rows of weights become one node, to which matrix products add.
  Id read_sum(const Expression& sum) {
    std::vector<Term> terms;
    Id row = no_node;   // of weights and numbers
    Id rest = no_node;  // all else
    const auto add = [&](Id& to, Id value, bool minus) {
      if (to == no_node) {
        to = minus ? graph().unary(BlockOp::negate, value, sum.place) : value;
      } else {
        to = graph().binary(minus ? BlockOp::subtract : BlockOp::add, to, value, sum.place);
      }
    };
    for (std::size_t i = 0; i < sum.parts.size(); ++i) {
      const Id value = read(sum.parts[i]);
      const Node& node = graph()[value];
      if (node.kind == Node::Kind::linear && !sum.minus[i] && is_new_product(sum.parts[i])) {
        const std::vector<Term> own = node.terms;
        const Id start = node.operands[0];
        terms.insert(terms.end(), own.begin(), own.end());
        if (start != no_node) add(row, start, false);
      } else {
        add(node.stage <= Stage::weights ? row : rest, value, sum.minus[i]);
      }
    }
    Id all = terms.empty() ? row : linear(row, terms, sum.place);
    if (all == no_node) return rest;
    return rest == no_node ? all : graph().binary(BlockOp::add, all, rest, sum.place);
  }
  // Whether a part of a sum is a product of its own, and not a name for one, which others may read.
  static bool is_new_product(const Expression& part) {
    return part.kind == Expression::Kind::chain || part.kind == Expression::Kind::sum;
  }

  // What is known once for all steps first, so that what comes step by step is added to it.
  Id linear(Id row, const std::vector<Term>& terms, Place place) {
    std::vector<Term> of_input;
    std::vector<Term> of_state;
    for (const Term& term : terms) {
      (graph()[term.factor].stage == Stage::state ? of_state : of_input).push_back(term);
    }
    // A number alone is no row.
    Id number = no_node;
    if (row != no_node && graph().is_number(row)) number = std::exchange(row, no_node);
    const Id first = of_input.empty() ? row : graph().linear(row, of_input, place);
    const Id all = of_state.empty() ? first : graph().linear(first, of_state, place);
    return number == no_node ? all : graph().binary(BlockOp::add, all, number, place);
  }

  Id read_chain(const Expression& chain) {
    const std::vector<Expression>& parts = chain.parts;
    const std::size_t last = parts.size() - 1;
    std::size_t matrix = last;  // the first one
    for (std::size_t i = last; i-- > 0;) {
      if (is_bare_weight(parts[i])) matrix = i;
    }
    if (is_bare_weight(parts[last]) && !is_last_after_numbers(chain)) refuse_last_weight(chain);
    for (std::size_t i = matrix; i < last; ++i) {
      if (is_bare_weight(parts[i])) continue;
      const Expression& before = parts[i - 1];
      refuse_at(
          chain.place,
          fmt::format("what does the matrix {} multiply: what follows it, or all that follows?",
                      before.name),
          fmt::format("write ({} ...) ... or {} (... ...), with parentheses", before.name,
                      before.name));
    }
    Id value = read(parts[last]);
    for (std::size_t i = last; i-- > matrix;) value = product(parts[i], parts[i + 1], value, chain);
    for (std::size_t i = matrix; i-- > 0;)
      value = graph().binary(BlockOp::multiply, read(parts[i]), value, chain.place);
    return value;
  }
  [[noreturn]] void refuse_last_weight(const Expression& chain) const {
    const Expression& last = chain.parts.back();
    const Expression& before = chain.parts[chain.parts.size() - 2];
    if (is_weight(before)) {
      refuse_at(
          last.place,
          fmt::format("{} is never assigned, so it is a weight: a state must be assigned",
                      last.name),
          fmt::format("add a statement {} = ..., or write {} * {} for the product of two rows "
                      "of weights",
                      last.name, before.name, last.name));
    }
    refuse_at(
        last.place, fmt::format("the weight {} stands after what it multiplies", last.name),
        fmt::format("write {} before it for a matrix product, as in {} x; put * between for the "
                    "product of each with each",
                    last.name, last.name));
  }

  Id product(const Expression& matrix, const Expression& factor, Id value,
             const Expression& chain) {
    const Stage stage = graph()[value].stage;
    if (stage == Stage::number) {
      refuse_at(factor.place, fmt::format("the matrix {} multiplies a number", matrix.name),
                fmt::format("write the number first and * between: 2 * {}", matrix.name));
    }
    if (stage == Stage::weights) {
      refuse_at(
          factor.place,
          fmt::format("the matrix {} multiplies weights alone: neither x nor a state is in it",
                      matrix.name),
          "put * between for the product of each with each");
    }
    return linear(no_node, {{weight(matrix, true), value}}, chain.place);
  }

  // ---- what must be used

  std::vector<bool> reached_from(Id begin) {
    std::vector<bool> reached(static_cast<std::size_t>(graph().size()));
    std::vector<Id> open{begin};
    while (!open.empty()) {
      const Id id = open.back();
      open.pop_back();
      if (reached[static_cast<std::size_t>(id)]) continue;
      reached[static_cast<std::size_t>(id)] = true;
      graph().for_each_operand(id, [&](Id operand) { open.push_back(operand); });
      if (graph()[id].kind == Node::Kind::state)
        open.push_back(made_.states[static_cast<std::size_t>(graph()[id].index)].after);
    }
    return reached;
  }

  void check_use() {
    for (const Statement& statement : statements_) {
      const Assigned& value = values_.find(statement.name)->second;
      if (value.is_read || value.place.at != statement.place.at) continue;
      refuse_at(value.place, fmt::format("{} is assigned but never used", statement.name),
                fmt::format("the output is {}: use {} in it, or leave the statement out",
                            made_.output_name, statement.name));
    }
    if (made_.states.empty()) {
      throw Error("the formula has no state, so that a step knows nothing of those before",
                  "a state is a name that is read before it is assigned, as h in "
                  "h = tanh(W x + U h + b)");
    }
    for (const StateName& state : made_.states) check_state(state);
    const std::vector<bool> reached = reached_from(made_.output);
    for (const StateName& state : made_.states) {
      if (reached[static_cast<std::size_t>(state.before)]) continue;
      refuse_at(
          state.place,
          fmt::format("the state {} is not used: the output {} does not depend on it", state.name,
                      made_.output_name),
          fmt::format("use {} on the way to {}, or leave it out", state.name, made_.output_name));
    }
    for (Id id = 0; id < graph().size(); ++id) {
      if (graph()[id].kind == Node::Kind::input && reached[static_cast<std::size_t>(id)]) return;
    }
    throw Error("x is never used: the output does not depend on the input",
                "multiply the input by a weight, as in W x");
  }

  void check_state(const StateName& state) {
    const Place place = values_.find(state.name)->second.place;
    if (state.after == state.before) {
      refuse_at(place, fmt::format("the state {} never changes", state.name),
                "assign something that depends on x or on another state");
    }
    if (graph()[state.after].stage < Stage::input) {
      refuse_at(place, fmt::format("the state {} is the same after every step", state.name),
                "assign something that depends on x or on a state");
    }
  }

  CellFormula made_;
  std::vector<Statement> statements_;
  std::set<std::string, std::less<>> assigned_;
  std::map<std::string, Assigned, std::less<>> values_;
  std::string last_;
};

}  // namespace

CellFormula read_formula(const std::string& text, const std::vector<std::string>& states) {
  return Reader(text, states).read();
}

}  // namespace chronicler::formula
