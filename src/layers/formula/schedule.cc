#include "layers/formula/schedule.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace chronicler::formula {
namespace {

using kernels::BlockInstruction;
using kernels::BlockOp;
using kernels::BlockPlace;

constexpr int never = std::numeric_limits<int>::max();

class Scheduler {
 public:
  Scheduler(const Surroundings& around, const std::vector<Target>& targets)
      : around_(around), graph_(around.graph), targets_(targets) {
    std::vector<Id> values;
    for (const Target& target : targets) values.push_back(target.value);
    computed_ = reach(graph_, values, [&](Id id) { return is_given(id); }).computed;
  }

  Part make() {
    find_levels();
    find_steps();
    find_homes();
    part_.resize(static_cast<std::size_t>(last_step_) + 1);
    for (int step = 0; step <= last_step_; ++step) emit(step);
    std::erase_if(part_, [](const PartStep& step) {
      return step.of_units.instructions.empty() && step.of_features.instructions.empty() &&
             step.products.empty();
    });
    return std::move(part_);
  }

 private:
  bool is_row(Id id) const { return around_.row_of && graph_[id].stage == Stage::weights; }
  bool is_given(Id id) const {
    return graph_.is_number(id) || around_.available.contains(id) || is_row(id);
  }
  bool is_computed(Id id) const { return computed_.contains(id); }
  bool is_linear(Id id) const { return graph_[id].kind == Node::Kind::linear; }
  Id start_of(Id linear) const { return graph_[linear].operands[0]; }
  // A start in memory that the products add to.
  bool has_memory_start(Id linear) const {
    return start_of(linear) != no_node && !is_row(start_of(linear));
  }

  // The step before whose code a value can be computed: how many products come before it.
  int level(Id id) const {
    const auto found = levels_.find(id);
    return found == levels_.end() ? 0 : found->second;
  }
  // The step whose products apply a term.
  int term_step(Id linear, const Term& term) const {
    return std::max(level(term.factor), has_memory_start(linear) ? level(start_of(linear)) : 0);
  }
  int first_term_step(Id linear) const {
    int first = never;
    for (const Term& term : graph_[linear].terms) first = std::min(first, term_step(linear, term));
    return first;
  }

  void find_levels() {
    for (const Id id : computed_) {
      int own = 0;
      graph_.for_each_operand(id, [&](Id operand) { own = std::max(own, level(operand)); });
      levels_[id] = own + (is_linear(id) ? 1 : 0);
    }
  }

  // As late as may be, so that what is computed is still in the cache when it is read.
  void find_steps() {
    std::map<Id, int> wanted;
    const auto want = [&](Id id, int step) {
      if (!is_computed(id)) return;
      const auto [at, is_new] = wanted.try_emplace(id, step);
      if (!is_new) at->second = std::min(at->second, step);
    };
    for (auto id = computed_.rbegin(); id != computed_.rend(); ++id) {
      const auto found = wanted.find(*id);
      const int step = is_linear(*id) || found == wanted.end() ? level(*id) : found->second;
      steps_[*id] = step;
      last_step_ = std::max(last_step_, step);
      if (!is_linear(*id)) {
        graph_.for_each_operand(*id, [&](Id operand) { want(operand, step); });
        continue;
      }
      for (const Term& term : graph_[*id].terms) {
        want(term.factor, level(term.factor));
        last_step_ = std::max(last_step_, term_step(*id, term));
      }
      if (has_memory_start(*id)) want(start_of(*id), first_term_step(*id));
    }
  }

  // Which of the computed values lie in memory, and where.
  void find_homes() {
    for (const Target& target : targets_) {
      if (is_computed(target.value)) homes_.try_emplace(target.value, target.to);
    }
    std::map<Id, int> readers;
    for (const Id id : computed_)
      graph_.for_each_operand(id, [&](Id operand) { ++readers[operand]; });
    // Later ones first: what starts a sum has its place.
    for (auto id = computed_.rbegin(); id != computed_.rend(); ++id) {
      if (!is_linear(*id)) continue;
      const Id start = start_of(*id);
      if (!homes_.contains(*id)) {
        const bool takes = has_memory_start(*id) && around_.may_overwrite.contains(start);
        homes_[*id] = takes ? around_.available.at(start) : around_.make_stream(graph_[*id].width);
      }
      if (has_memory_start(*id) && is_computed(start) && readers[start] == 1)
        homes_.try_emplace(start, homes_[*id]);
    }
    for (const Id id : computed_) {
      if (homes_.contains(id)) continue;
      if (is_read_later(id)) homes_[id] = around_.make_stream(graph_[id].width);
    }
  }
  bool is_read_later(Id id) const {
    return std::any_of(computed_.begin(), computed_.end(), [&](Id reader) {
      bool reads = false;
      graph_.for_each_operand(reader, [&](Id operand) { reads = reads || operand == id; });
      return reads && (is_linear(reader) || steps_.at(reader) > steps_.at(id));
    });
  }

  StreamId memory_of(Id id) const {
    const auto home = homes_.find(id);
    return home != homes_.end() ? home->second : around_.available.at(id);
  }

  // ---- code

  struct Writer {
    Code& code;
    std::map<Id, std::int16_t> scratch;  // of the values of this code
    std::vector<std::int16_t> free = {};
    std::map<double, std::int16_t> numbers = {};
  };

  void emit(int step) {
    PartStep& made = part_[static_cast<std::size_t>(step)];
    emit_code(step, Width::units, made.of_units);
    emit_code(step, Width::features, made.of_features);
    for (const Id id : computed_) {
      if (!is_linear(id)) continue;
      emit_products(step, id, made.products);
    }
    // One matrix after the other with the same numbers: those stay in the cache. What starts a sum
    // comes before what adds to it.
    std::stable_sort(made.products.begin(), made.products.end(),
                     [](const Product& a, const Product& b) {
                       return std::tuple(a.from, a.accumulates) < std::tuple(b.from, b.accumulates);
                     });
  }

  void emit_products(int step, Id id, std::vector<Product>& products) {
    const Node& node = graph_[id];
    // In the order in which they run.
    const auto order = [&](std::size_t i) {
      return std::pair(term_step(id, node.terms[i]), memory_of(node.terms[i].factor));
    };
    std::size_t first = 0;
    for (std::size_t i = 1; i < node.terms.size(); ++i) {
      if (order(i) < order(first)) first = i;
    }
    for (std::size_t i = 0; i < node.terms.size(); ++i) {
      const Term& term = node.terms[i];
      if (term_step(id, term) != step) continue;
      Product product{term.weight, node.is_transposed, memory_of(term.factor), homes_.at(id)};
      product.accumulates = i != first || has_memory_start(id);
      if (!product.accumulates && start_of(id) != no_node)
        product.row = around_.row_of(start_of(id));
      products.push_back(product);
    }
  }

  void emit_code(int step, Width width, Code& code) {
    std::vector<Id> values;
    for (const Id id : computed_) {
      if (!is_linear(id) && steps_.at(id) == step && graph_[id].width == width)
        values.push_back(id);
    }
    Writer writer{code, {}};
    const std::set<Id> fused = find_fused(values);
    gather_numbers(values, writer);
    std::map<Id, std::size_t> last_reader;
    for (std::size_t i = 0; i < values.size(); ++i) {
      for_each_read(values[i], fused, [&](Id operand) { last_reader[operand] = i; });
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (fused.contains(values[i])) continue;
      BlockInstruction instruction = instruction_of(values[i], fused, writer);
      for_each_read(values[i], fused, [&](Id operand) {
        const auto place = writer.scratch.find(operand);
        if (place == writer.scratch.end() || last_reader[operand] != i) return;
        writer.free.push_back(place->second);
        writer.scratch.erase(place);
      });
      const auto home = homes_.find(values[i]);
      instruction.to = home != homes_.end()
                           ? BlockPlace{BlockPlace::Kind::stream, home->second}
                           : BlockPlace{BlockPlace::Kind::scratch, take_scratch(values[i], writer)};
      code.instructions.push_back(instruction);
    }
    emit_copies(step, width, writer);
  }

  std::int16_t take_scratch(Id id, Writer& writer) const {
    std::int16_t place = static_cast<std::int16_t>(writer.code.scratch_blocks);
    if (writer.free.empty()) {
      ++writer.code.scratch_blocks;
    } else {
      place = writer.free.back();
      writer.free.pop_back();
    }
    writer.scratch[id] = place;
    return place;
  }

  // Products that only the sum behind them reads: one instruction for both.
  std::set<Id> find_fused(const std::vector<Id>& values) const {
    const std::set<Id> here(values.begin(), values.end());
    std::set<Id> fused;
    for (const Id id : values) {
      if (graph_[id].op != BlockOp::add) continue;
      for (const std::size_t side : {0U, 1U}) {
        const Id operand = graph_[id].operands[side];
        if (!here.contains(operand) || homes_.contains(operand) ||
            graph_[operand].op != BlockOp::multiply || readers_of(operand) != 1 ||
            fused.contains(graph_[id].operands[1 - side]))
          continue;
        fused.insert(operand);
        break;
      }
    }
    return fused;
  }
  int readers_of(Id id) const {
    int readers = 0;
    for (const Id reader : computed_)
      graph_.for_each_operand(reader, [&](Id operand) { readers += operand == id ? 1 : 0; });
    return readers;
  }

  template <class Visit>
  void for_each_read(Id id, const std::set<Id>& fused, const Visit& visit) const {
    if (fused.contains(id)) return;
    for (const Id operand : graph_[id].operands) {
      if (operand == no_node) continue;
      if (fused.contains(operand)) {
        visit(graph_[operand].operands[0]);
        visit(graph_[operand].operands[1]);
      } else {
        visit(operand);
      }
    }
  }

  void gather_numbers(const std::vector<Id>& values, Writer& writer) const {
    for (const Id id : values) {
      for (const Id operand : graph_[id].operands) {
        if (operand == no_node || !graph_.is_number(operand)) continue;
        const double number = graph_[operand].number;
        const auto place = static_cast<std::int16_t>(writer.code.numbers.size());
        if (!writer.numbers.try_emplace(number, place).second) continue;
        writer.code.numbers.push_back(number);
      }
    }
    writer.code.scratch_blocks = static_cast<std::int64_t>(writer.code.numbers.size());
  }

  BlockInstruction instruction_of(Id id, const std::set<Id>& fused, const Writer& writer) const {
    const Node& node = graph_[id];
    const auto place = [&](Id operand) {
      return operand == no_node ? BlockPlace{} : place_of(operand, writer);
    };
    for (const std::size_t side : {0U, 1U}) {
      const Id product = node.operands[side];
      if (node.op != BlockOp::add || !fused.contains(product)) continue;
      return {BlockOp::multiply_add,
              node.activation,
              {},
              place(graph_[product].operands[0]),
              place(graph_[product].operands[1]),
              place(node.operands[1 - side])};
    }
    return {node.op,
            node.activation,
            {},
            place(node.operands[0]),
            place(node.operands[1]),
            place(node.operands[2])};
  }

  BlockPlace place_of(Id id, const Writer& writer) const {
    if (graph_.is_number(id))
      return {BlockPlace::Kind::scratch, writer.numbers.at(graph_[id].number)};
    if (is_row(id)) return {BlockPlace::Kind::row, static_cast<std::int16_t>(around_.row_of(id))};
    const auto scratch = writer.scratch.find(id);
    if (scratch != writer.scratch.end()) return {BlockPlace::Kind::scratch, scratch->second};
    return {BlockPlace::Kind::stream, memory_of(id)};
  }

  // What has to be in another place, too: targets that lie elsewhere, and starts of sums.
  void emit_copies(int step, Width width, Writer& writer) {
    const auto copy = [&](Id id, StreamId to) {
      BlockInstruction instruction;
      instruction.a = place_of(id, writer);
      instruction.to = {BlockPlace::Kind::stream, to};
      if (!(instruction.a == instruction.to)) writer.code.instructions.push_back(instruction);
    };
    for (const Target& target : targets_) {
      const int at = is_computed(target.value) ? steps_.at(target.value) : 0;
      if (at != step || graph_[target.value].width != width) continue;
      if (is_computed(target.value) && homes_.at(target.value) == target.to) continue;
      copy(target.value, target.to);
    }
    for (const Id id : computed_) {
      if (!is_linear(id) || !has_memory_start(id) || graph_[id].width != width) continue;
      if (first_term_step(id) == step && memory_of(start_of(id)) != homes_.at(id))
        copy(start_of(id), homes_.at(id));
    }
  }

  const Surroundings& around_;
  const Graph& graph_;
  const std::vector<Target>& targets_;
  std::set<Id> computed_;  // in order, operands first
  std::map<Id, int> levels_;
  std::map<Id, int> steps_;
  std::map<Id, StreamId> homes_;
  int last_step_ = 0;
  Part part_;
};

}  // namespace

bool is_cheap(const Node& node) {
  if (node.kind != Node::Kind::elementwise) return false;
  switch (node.op) {
    case BlockOp::divide:
    case BlockOp::square_root:
    case BlockOp::logarithm:
    case BlockOp::sine:
    case BlockOp::cosine:
    case BlockOp::activate:
    case BlockOp::activate_back:
      return false;
    default:
      return true;
  }
}

Reach reach(const Graph& graph, const std::vector<Id>& targets,
            const std::function<bool(Id)>& is_available) {
  Reach found;
  std::vector<Id> open = targets;
  while (!open.empty()) {
    const Id id = open.back();
    open.pop_back();
    if (is_available(id)) {
      found.read.insert(id);
    } else if (found.computed.insert(id).second) {
      graph.for_each_operand(id, [&](Id operand) { open.push_back(operand); });
    }
  }
  return found;
}

Part schedule(const Surroundings& surroundings, const std::vector<Target>& targets) {
  return Scheduler(surroundings, targets).make();
}

}  // namespace chronicler::formula
