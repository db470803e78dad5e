#include "layers/formula/program.h"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "chronicler/base/error.h"
#include "kernels/joined_products.h"
#include "layers/formula/derivative.h"
#include "layers/formula/schedule.h"

namespace chronicler::formula {
namespace {

// The address of a text that lives as long as the process, one for all equal ones.
const void* identity_of(const std::string& text) {
  static std::mutex mutex;
  static std::set<std::string> texts;
  const std::lock_guard<std::mutex> lock(mutex);
  return &*texts.insert(text).first;
}

class Compiler {
 public:
  explicit Compiler(CellFormula formula) {
    made_.formula = std::move(formula);
    made_.identity = identity_of(made_.formula.text);
    derivative_ = derive(made_.formula);
    states_ = static_cast<int>(made_.formula.states.size());
  }

  Program compile() {
    name_streams();
    choose_kept();
    compile_state_forward();
    compile_input_forward();
    compile_state_backward();
    compile_input_backward();
    compile_weights();
    finish();
    return std::move(made_);
  }

 private:
  void finish() {
    made_.input = made_.of_kind(Stream::Kind::input)[0];
    made_.input_gradient = input_gradient_;
    made_.before = made_.of_kind(Stream::Kind::state_before);
    made_.after = after_;
    made_.gradients_before = before_;
    made_.gradients_after = made_.of_kind(Stream::Kind::gradient_after);
    made_.rows = made_.of_kind(Stream::Kind::row);
    made_.row_gradients = made_.of_kind(Stream::Kind::row_gradient);
    std::stable_sort(made_.matrix_sums.begin(), made_.matrix_sums.end(),
                     [](const auto& a, const auto& b) { return a.weight < b.weight; });
    for (std::size_t i = 0; i < made_.matrix_sums.size(); ++i) {
      if (i == 0 || made_.matrix_sums[i].weight != made_.matrix_sums[i - 1].weight)
        made_.matrix_groups.push_back(i);
    }
    made_.matrix_groups.push_back(made_.matrix_sums.size());
    for (Part* part : {&made_.input_forward, &made_.state_forward}) {
      for (PartStep& step : *part) group_products(step);
    }
    // Each code has scratch of its own, so that its numbers are written there once.
    for (const Part* part : made_.parts()) {
      for (PartStep& step : *const_cast<Part*>(part)) {
        for (Code* code : {&step.of_units, &step.of_features}) {
          code->scratch_begin = made_.scratch_blocks;
          made_.scratch_blocks += code->scratch_blocks;
        }
      }
    }
  }

  // Neighbours that read the same and write different places.
  void group_products(PartStep& step) {
    const auto width = [&](StreamId id) {
      return made_.streams[static_cast<std::size_t>(id)].width;
    };
    for (std::size_t i = 0; i < step.products.size(); ++i) {
      const Product& product = step.products[i];
      if (!step.groups.empty()) {
        ProductGroup& last = step.groups.back();
        bool fits = last.end - last.begin < static_cast<std::size_t>(kernels::most_joined);
        for (std::size_t other = last.begin; other < last.end; ++other) {
          fits = fits && step.products[other].from == product.from &&
                 step.products[other].to != product.to &&
                 width(step.products[other].to) == width(product.to);
        }
        if (fits) {
          last.end = i + 1;
          continue;
        }
      }
      step.groups.push_back({i, i + 1, made_.group_count++});
    }
  }

  const Graph& graph() const { return made_.formula.graph; }
  bool is_forward(Id id) const { return id < derivative_.first; }

  StreamId stream(Stream::Kind kind, Width width) {
    int& count = counts_[kind];
    if (made_.streams.size() >= std::numeric_limits<StreamId>::max())
      throw Error("the formula has too many values", "cut it into several cells");
    made_.streams.push_back({kind, count++, width});
    return static_cast<StreamId>(made_.streams.size() - 1);
  }

  // What both ways find in memory: x, states before and after, and what flows into the way back.
  void name_streams() {
    const CellFormula& formula = made_.formula;
    const StreamId input = stream(Stream::Kind::input, Width::features);
    for (Id id = 0; id < derivative_.first; ++id) {
      if (graph()[id].kind == Node::Kind::input) found_[id] = input;
    }
    for (const StateName& state : formula.states)
      found_[state.before] = stream(Stream::Kind::state_before, Width::units);
    for (const StateName& state : formula.states) {
      after_.push_back(stream(Stream::Kind::state_after, Width::units));
      if (made_.output_state < 0 && state.after == formula.output)
        made_.output_state = static_cast<int>(after_.size()) - 1;
    }
    if (made_.output_state < 0) after_.push_back(stream(Stream::Kind::state_after, Width::units));
    for (const Id leaf : derivative_.after)
      gradients_[leaf] = stream(Stream::Kind::gradient_after, Width::units);
    for (int i = 0; i < states_; ++i)
      before_.push_back(stream(Stream::Kind::gradient_before, Width::units));
    input_gradient_ = stream(Stream::Kind::input_gradient, Width::features);
  }

  // The values after a step, in the order of after_.
  std::vector<Id> values_after() const {
    std::vector<Id> values;
    for (const StateName& state : made_.formula.states) values.push_back(state.after);
    if (made_.output_state < 0) values.push_back(made_.formula.output);
    return values;
  }
  // Values after a step that the step computes lie there for the way back, too.
  bool is_after(Id id) const {
    const std::vector<Id> values = values_after();
    return graph()[id].stage == Stage::state && graph()[id].kind != Node::Kind::state &&
           std::find(values.begin(), values.end(), id) != values.end();
  }

  int row_of(Id value) {
    const auto [row, is_new] = rows_.try_emplace(value, 0);
    if (is_new) {
      row_streams_.push_back(stream(Stream::Kind::row, graph()[value].width));
      row->second = static_cast<int>(row_streams_.size()) - 1;
    }
    return row->second;
  }

  Surroundings around(std::map<Id, StreamId> available, Stream::Kind kind) {
    return {graph(), std::move(available), [this](Id id) { return row_of(id); },
            [this, kind](Width width) { return stream(kind, width); }};
  }

  // ---- what the way forward keeps for the way back

  void choose_kept() {
    std::vector<Id> targets;
    for (const Target& target : state_back_targets(false)) targets.push_back(target.value);
    if (derivative_.input != no_node) targets.push_back(derivative_.input);
    for (const MatrixGradient& sum : derivative_.matrices[1]) targets.push_back(sum.gradient);
    for (const Crossing& crossing : derivative_.to_weights[1]) targets.push_back(crossing.gradient);
    std::set<Id> cheap;
    std::vector<Id> open = targets;
    std::set<Id> seen;
    while (!open.empty()) {
      const Id id = open.back();
      open.pop_back();
      if (!seen.insert(id).second || is_at_hand(id)) continue;
      if (!is_forward(id)) {
        graph().for_each_operand(id, [&](Id operand) { open.push_back(operand); });
      } else if (is_cheap(graph()[id])) {
        cheap.insert(id);
      } else {
        keep(id);
      }
    }
    for (const std::vector<MatrixGradient>& sums : derivative_.matrices) {
      for (const MatrixGradient& sum : sums) {
        // All steps of a window in one piece: not where the states after them are.
        if (found_.contains(sum.factor)) continue;
        keep(sum.factor);
        auto& factors =
            graph()[sum.factor].stage == Stage::state ? made_.state_factors : made_.input_factors;
        if (std::find(factors.begin(), factors.end(), kept_.at(sum.factor)) == factors.end())
          factors.push_back(kept_.at(sum.factor));
      }
    }
    for (const Id id : cheap) {
      if (!is_made_of_kept(id)) keep(id);
    }
  }
  void keep(Id id) {
    if (!kept_.contains(id)) kept_[id] = stream(Stream::Kind::kept, graph()[id].width);
  }
  // In memory whatever is kept.
  bool is_at_hand(Id id) const {
    return graph().is_number(id) || graph()[id].stage == Stage::weights || found_.contains(id) ||
           graph()[id].kind == Node::Kind::gradient || (is_forward(id) && is_after(id));
  }
  bool is_made_of_kept(Id id) const {
    bool all = true;
    graph().for_each_operand(id, [&](Id operand) {
      if (is_at_hand(operand) || kept_.contains(operand)) return;
      all = all && is_cheap(graph()[operand]) && is_made_of_kept(operand);
    });
    return all;
  }

  // ---- forward

  void compile_state_forward() {
    std::vector<Target> targets;
    const std::vector<Id> after = values_after();
    for (std::size_t i = 0; i < after.size(); ++i) targets.push_back({after[i], after_[i]});
    for (const auto& [id, kept] : kept_) {
      if (graph()[id].stage == Stage::state) targets.push_back({id, kept});
    }
    std::vector<Id> values;
    for (const Target& target : targets) values.push_back(target.value);
    const auto is_given = [&](Id id) {
      if (graph().is_number(id) || graph()[id].stage == Stage::weights || found_.contains(id))
        return true;
      return graph()[id].stage == Stage::input && (!is_cheap(graph()[id]) || kept_.contains(id));
    };
    const Reach reached = reach(graph(), values, is_given);

    std::map<Id, int> readers;
    std::map<Id, Id> starts;  // of what
    for (const Id id : reached.computed) {
      graph().for_each_operand(id, [&](Id operand) { ++readers[operand]; });
      if (graph()[id].kind == Node::Kind::linear && graph()[id].operands[0] != no_node)
        starts[graph()[id].operands[0]] = id;
    }
    for (const Id value : values) ++readers[value];
    Surroundings surroundings = around(found_, Stream::Kind::passing);
    for (const Id id : reached.read) {
      if (graph()[id].stage != Stage::input || found_.contains(id)) continue;
      if (kept_.contains(id)) {
        surroundings.available[id] = kept_.at(id);
        continue;
      }
      // The sum that goes on from it takes its place.
      const auto sum = starts.find(id);
      const bool may = sum != starts.end() && readers[id] == 1;
      const StreamId place = may && kept_.contains(sum->second)
                                 ? kept_.at(sum->second)
                                 : stream(Stream::Kind::passing, graph()[id].width);
      if (may) surroundings.may_overwrite.insert(id);
      surroundings.available[id] = place;
      input_targets_.push_back({id, place});
    }
    made_.state_forward = schedule(surroundings, targets);
  }

  void compile_input_forward() {
    for (const auto& [id, kept] : kept_) {
      if (graph()[id].stage == Stage::input) input_targets_.push_back({id, kept});
    }
    made_.input_forward = schedule(around(found_, Stream::Kind::passing), input_targets_);
  }

  // ---- backward

  StreamId gradient_stream(Id gradient) {
    const auto found = gradients_.find(gradient);
    if (found != gradients_.end() && graph()[gradient].kind != Node::Kind::gradient)
      return found->second;
    const auto place = places_.find(gradient);
    if (place != places_.end()) return place->second;
    return places_[gradient] = stream(Stream::Kind::gradient, graph()[gradient].width);
  }

  std::vector<Target> state_back_targets(bool with_streams) {
    std::vector<Target> targets;
    const auto add = [&](Id value) {
      targets.push_back({value, with_streams ? gradient_stream(value) : StreamId{0}});
    };
    for (std::size_t i = 0; i < derivative_.before.size(); ++i) {
      if (derivative_.before[i] != no_node)
        targets.push_back({derivative_.before[i], with_streams ? before_[i] : StreamId{0}});
    }
    for (const MatrixGradient& sum : derivative_.matrices[0]) add(sum.gradient);
    for (const Crossing& crossing : derivative_.to_input) add(crossing.gradient);
    for (const Crossing& crossing : derivative_.to_weights[0]) add(crossing.gradient);
    return targets;
  }
  static void drop_repeated(std::vector<Target>& targets) {
    std::set<std::pair<Id, StreamId>> seen;
    std::erase_if(targets, [&](const Target& target) {
      return !seen.insert({target.value, target.to}).second;
    });
  }

  // What the way back finds in memory.
  std::map<Id, StreamId> found_backwards() const {
    std::map<Id, StreamId> found = found_;
    found.insert(kept_.begin(), kept_.end());
    const std::vector<Id> after = values_after();
    for (std::size_t i = 0; i < after.size(); ++i) {
      if (is_after(after[i])) found.try_emplace(after[i], after_[i]);
    }
    found.insert(gradients_.begin(), gradients_.end());
    return found;
  }

  void compile_state_backward() {
    for (int i = 0; i < states_; ++i) {
      if (derivative_.before[static_cast<std::size_t>(i)] == no_node)
        made_.unread_states.push_back(i);
    }
    const std::size_t first = made_.streams.size();
    std::vector<Target> targets = state_back_targets(true);
    drop_repeated(targets);
    made_.state_backward = schedule(around(found_backwards(), Stream::Kind::gradient), targets);
    note_gradients(first, made_.state_gradients);
    for (const MatrixGradient& sum : derivative_.matrices[0]) add_matrix_sum(sum);
    for (const Crossing& crossing : derivative_.to_input)
      gradients_[crossing.leaf] = gradient_stream(crossing.gradient);
    for (const Crossing& crossing : derivative_.to_weights[0])
      add_row_sum(crossing, gradient_stream(crossing.gradient));
  }

  void note_gradients(std::size_t first, std::vector<StreamId>& to) const {
    for (std::size_t i = first; i < made_.streams.size(); ++i) {
      if (made_.streams[i].kind == Stream::Kind::gradient) to.push_back(static_cast<StreamId>(i));
    }
  }

  void add_matrix_sum(const MatrixGradient& sum) {
    const std::map<Id, StreamId> found = found_backwards();
    made_.matrix_sums.push_back(
        {sum.weight, found.at(sum.factor), place_of_gradient(sum.gradient)});
  }
  void add_row_sum(const Crossing& crossing, StreamId from) {
    const auto [row, is_new] = row_gradients_.try_emplace(crossing.leaf, 0);
    if (is_new) {
      row_gradient_streams_.push_back(
          stream(Stream::Kind::row_gradient, graph()[crossing.value].width));
      row->second = static_cast<int>(row_gradient_streams_.size()) - 1;
      gradients_[crossing.leaf] = row_gradient_streams_.back();
    }
    made_.row_sums.push_back({row->second, from});
  }
  // Of those that flow in from states nothing is made anew.
  StreamId place_of_gradient(Id gradient) {
    const auto leaf = gradients_.find(gradient);
    const bool is_leaf =
        graph()[gradient].kind == Node::Kind::gradient && graph()[gradient].stage == Stage::input;
    return is_leaf ? leaf->second : gradient_stream(gradient);
  }

  void compile_input_backward() {
    const std::size_t first = made_.streams.size();
    std::vector<Target> targets;
    const auto add = [&](Id gradient) {
      const StreamId place = place_of_gradient(gradient);
      if (graph()[gradient].kind != Node::Kind::gradient) targets.push_back({gradient, place});
      return place;
    };
    for (const MatrixGradient& sum : derivative_.matrices[1]) {
      add(sum.gradient);
      add_matrix_sum(sum);
    }
    for (const Crossing& crossing : derivative_.to_weights[1])
      add_row_sum(crossing, add(crossing.gradient));
    drop_repeated(targets);
    made_.input_backward[0] = schedule(around(found_backwards(), Stream::Kind::gradient), targets);
    if (derivative_.input != no_node) targets.push_back({derivative_.input, input_gradient_});
    made_.input_backward[1] = schedule(around(found_backwards(), Stream::Kind::gradient), targets);
    note_gradients(first, made_.input_gradients);
  }

  // ---- what depends on weights alone

  void compile_weights() {
    // Backwards first: it says which rows it reads.
    std::vector<Target> targets;
    for (std::size_t i = 0; i < derivative_.rows.size(); ++i) {
      const Id gradient = derivative_.rows[i];
      if (gradient == no_node) continue;
      const auto leaf = gradients_.find(gradient);
      const bool is_leaf = leaf != gradients_.end();
      const StreamId place =
          is_leaf ? leaf->second : stream(Stream::Kind::row_gradient, graph()[gradient].width);
      if (!is_leaf) targets.push_back({gradient, place});
      made_.weight_row_gradients.push_back({static_cast<int>(i), place});
    }
    // Every forward value of weights alone is a row.
    std::vector<Id> values;
    for (const Target& target : targets) values.push_back(target.value);
    const Reach reached = reach(graph(), values, [&](Id id) {
      return graph().is_number(id) || is_forward(id) || gradients_.contains(id);
    });
    std::map<Id, StreamId> found = gradients_;
    for (const Id id : reached.read) {
      if (is_forward(id) && !graph().is_number(id)) found[id] = row_stream(row_of(id));
    }
    Surroundings back{graph(), std::move(found), nullptr,
                      [this](Width width) { return stream(Stream::Kind::row_gradient, width); }};
    made_.weights_backward = schedule(back, targets);

    targets.clear();
    found.clear();
    for (const auto& [id, row] : std::map<Id, int>(rows_)) {
      if (graph()[id].kind == Node::Kind::weight) {
        found[id] = row_stream(row);
        made_.weight_rows.push_back({graph()[id].index, row_stream(row)});
      } else {
        targets.push_back({id, row_stream(row)});
      }
    }
    // Weights that only rows of others are made of.
    values.clear();
    for (const Target& target : targets) values.push_back(target.value);
    const Reach made_of = reach(graph(), values, [&](Id id) {
      return graph().is_number(id) || graph()[id].kind == Node::Kind::weight;
    });
    for (const Id id : made_of.read) {
      if (graph().is_number(id) || found.contains(id)) continue;
      found[id] = row_stream(row_of(id));
      made_.weight_rows.push_back({graph()[id].index, found[id]});
    }
    Surroundings forward{graph(), std::move(found), nullptr,
                         [this](Width width) { return stream(Stream::Kind::row, width); }};
    made_.weights_forward = schedule(forward, targets);
  }
  StreamId row_stream(int row) const { return row_streams_[static_cast<std::size_t>(row)]; }

  Program made_;
  Derivative derivative_;
  int states_ = 0;
  std::map<Stream::Kind, int> counts_;
  std::map<Id, StreamId> found_;  // x and states before the step
  std::vector<StreamId> after_;   // states, and the output if it is none
  std::vector<StreamId> before_;  // gradients, by state
  StreamId input_gradient_ = 0;
  std::map<Id, StreamId> kept_;
  std::map<Id, StreamId> gradients_;  // the leaves of the way back
  std::map<Id, StreamId> places_;     // of what the way back makes
  std::map<Id, int> rows_;
  std::vector<StreamId> row_streams_;
  std::map<Id, int> row_gradients_;
  std::vector<StreamId> row_gradient_streams_;
  std::vector<Target> input_targets_;
};

}  // namespace

std::array<const Part*, 7> Program::parts() const {
  return {&weights_forward,   &input_forward,     &state_forward,   &state_backward,
          &input_backward[0], &input_backward[1], &weights_backward};
}

std::vector<StreamId> Program::of_kind(Stream::Kind kind) const {
  std::vector<StreamId> found;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (streams[i].kind == kind) found.push_back(static_cast<StreamId>(i));
  }
  return found;
}

Program compile(CellFormula formula) { return Compiler(std::move(formula)).compile(); }

}  // namespace chronicler::formula
