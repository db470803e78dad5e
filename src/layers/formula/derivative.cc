#include "layers/formula/derivative.h"

#include <map>
#include <utility>

namespace chronicler::formula {
namespace {

using kernels::BlockOp;

class Reverse {
 public:
  explicit Reverse(CellFormula& formula) : formula_(formula) {
    made_.first = graph().size();
    made_.before.assign(formula.states.size(), no_node);
    made_.rows.assign(formula.weights.size(), no_node);
  }

  Derivative derive() {
    for (const StateName& state : formula_.states) seed(state.after);
    seed(formula_.output);
    through(Stage::state);
    std::map<Id, Id> row_leaves;
    cross(Stage::input, made_.to_input);
    cross_to_rows(0, row_leaves);
    through(Stage::input);
    cross_to_rows(1, row_leaves);
    for (const auto& [row, leaf] : row_leaves) add(row, leaf);
    through(Stage::weights);
    return std::move(made_);
  }

 private:
  Graph& graph() { return formula_.graph; }

  // What flows into a value: a sum, and products with transposed matrices.
  struct Flow {
    Id sum = no_node;
    std::vector<Term> terms;
  };

  void seed(Id value) {
    const int index = static_cast<int>(made_.after.size());
    made_.after.push_back(graph().gradient(index, Stage::state, Width::units));
    add(value, made_.after.back());
  }

  void add(Id value, Id gradient, bool minus = false) {
    if (graph().is_number(value)) return;
    Id& sum = flows_[value].sum;
    if (sum != no_node) {
      sum = graph().binary(minus ? BlockOp::subtract : BlockOp::add, sum, gradient);
    } else {
      sum = minus ? graph().unary(BlockOp::negate, gradient) : gradient;
    }
  }

  Id gradient_of(Id value, const Flow& flow) {
    const Id gradient = graph().linear(flow.sum, flow.terms, {}, true);
    if (!flow.terms.empty()) graph().at(gradient).width = graph()[value].width;
    return gradient;
  }

  // From the last value of a stage to the first. What flows into earlier stages stays in flows_.
  void through(Stage stage) {
    for (Id id = made_.first; id-- > 0;) {
      if (graph()[id].stage != stage) continue;
      const auto flow = flows_.find(id);
      if (flow == flows_.end()) continue;
      const Id gradient = gradient_of(id, flow->second);
      flows_.erase(flow);
      through(id, gradient);
    }
  }

  void through(Id id, Id gradient) {
    const Node node = graph()[id];
    switch (node.kind) {
      case Node::Kind::state:
        made_.before[static_cast<std::size_t>(node.index)] = gradient;
        return;
      case Node::Kind::input:
        made_.input = gradient;
        return;
      case Node::Kind::weight:
        made_.rows[static_cast<std::size_t>(node.index)] = gradient;
        return;
      case Node::Kind::linear:
        for (const Term& term : node.terms) {
          made_.matrices[node.stage == Stage::state ? 0 : 1].push_back(
              {term.weight, term.factor, gradient});
          flows_[term.factor].terms.push_back({term.weight, gradient});
        }
        if (node.operands[0] != no_node) add(node.operands[0], gradient);
        return;
      case Node::Kind::elementwise:
        through_elementwise(id, node, gradient);
        return;
      case Node::Kind::number:
      case Node::Kind::gradient:
        return;
    }
  }

  void through_elementwise(Id y, const Node& node, Id gradient) {
    const Id a = node.operands[0];
    const Id b = node.operands[1];
    const auto times = [&](Id value) { return graph().binary(BlockOp::multiply, gradient, value); };
    switch (node.op) {
      case BlockOp::add:
        add(a, gradient);
        return add(b, gradient);
      case BlockOp::subtract:
        add(a, gradient);
        return add(b, gradient, true);
      case BlockOp::multiply:
        add(a, times(b));
        return add(b, times(a));
      case BlockOp::divide: {
        const Id by_a = graph().binary(BlockOp::divide, gradient, b);
        add(a, by_a);
        return add(b, graph().binary(BlockOp::multiply, by_a, y), true);
      }
      case BlockOp::least:
        add(a, graph().choose(BlockOp::where_at_most, a, b, gradient));
        return add(b, graph().choose(BlockOp::where_above, a, b, gradient));
      case BlockOp::greatest:
        add(a, graph().choose(BlockOp::where_at_most, b, a, gradient));
        return add(b, graph().choose(BlockOp::where_above, b, a, gradient));
      case BlockOp::negate:
        return add(a, gradient, true);
      case BlockOp::absolute:
        return add(a, graph().choose(BlockOp::signed_by, a, no_node, gradient));
      case BlockOp::square_root:
        return add(a, graph().binary(BlockOp::divide, times(graph().number(0.5)), y));
      case BlockOp::logarithm:
        return add(a, graph().binary(BlockOp::divide, gradient, a));
      case BlockOp::sine:
        return add(a, times(graph().unary(BlockOp::cosine, a)));
      case BlockOp::cosine:
        return add(a, times(graph().unary(BlockOp::sine, a)), true);
      case BlockOp::activate:
        return add(a, graph().activate_back(node.activation, a, y, gradient));
      default:
        return;
    }
  }

  // What flows from here into values of an earlier stage goes on there as leaves.
  void cross(Stage stage, std::vector<Crossing>& crossings) {
    for (auto flow = flows_.begin(); flow != flows_.end();) {
      const Id value = flow->first;
      if (graph()[value].stage != stage) {
        ++flow;
        continue;
      }
      const Id gradient = gradient_of(value, flow->second);
      const Id leaf =
          graph().gradient(static_cast<int>(crossings.size()), stage, graph()[value].width);
      crossings.push_back({value, gradient, leaf});
      flow->second = {leaf, {}};
      ++flow;
    }
  }

  // The same to rows of weights, which both earlier stages flow into: into one leaf.
  void cross_to_rows(std::size_t from, std::map<Id, Id>& leaves) {
    for (auto flow = flows_.begin(); flow != flows_.end();) {
      const Id value = flow->first;
      if (graph()[value].stage != Stage::weights) {
        ++flow;
        continue;
      }
      const Id gradient = gradient_of(value, flow->second);
      const auto [leaf, is_new] = leaves.try_emplace(value, no_node);
      if (is_new) {
        leaf->second = graph().gradient(static_cast<int>(leaves.size() - 1), Stage::weights,
                                        graph()[value].width);
      }
      made_.to_weights[from].push_back({value, gradient, leaf->second});
      flow = flows_.erase(flow);
    }
  }

  CellFormula& formula_;
  Derivative made_;
  std::map<Id, Flow> flows_;
};

}  // namespace

Derivative derive(CellFormula& formula) { return Reverse(formula).derive(); }

}  // namespace chronicler::formula
