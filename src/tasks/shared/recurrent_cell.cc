#include "tasks/shared/recurrent_cell.h"

#include <array>
#include <vector>

#include "chronicler/base/error.h"
#include "chronicler/layers/layers.h"
#include "chronicler/tasks/recurrent_cell.h"

namespace chronicler::tasks {
namespace {

struct Cell {
  std::string_view name;
  LayerPtr (*make)(const CellOptions& options);
};

template <class Options, LayerPtr (*factory)(const Options&)>
LayerPtr made_by(const CellOptions& given) {
  Options options{};
  options.units = given.units;
  options.return_sequences = true;
  options.stateful = given.stateful;
  options.name = given.name;
  return factory(options);
}

constexpr std::array cells{
    Cell{"lstm", made_by<layers::LSTMOptions, layers::LSTM>},
    Cell{"gru", made_by<layers::GRUOptions, layers::GRU>},
    Cell{"mingru", made_by<layers::MinGRUOptions, layers::MinGRU>},
    Cell{"minlstm", made_by<layers::MinLSTMOptions, layers::MinLSTM>},
    Cell{"rglru", made_by<layers::RGLRUOptions, layers::RGLRU>},
    Cell{"lru", made_by<layers::LRUOptions, layers::LRU>},
    Cell{"slstm", made_by<layers::SLSTMOptions, layers::SLSTM>},
    Cell{"mlstm", made_by<layers::MLSTMOptions, layers::MLSTM>},
};

}  // namespace

FieldRange one_of_cells() {
  FieldRange range;
  for (const Cell& cell : cells) range.words.push_back(cell.name);
  return range;
}

LayerPtr recurrent_cell(std::string_view cell, const CellOptions& options) {
  std::vector<std::string_view> names;
  for (const Cell& each : cells) {
    if (each.name == cell) return each.make(options);
    names.push_back(each.name);
  }
  unknown_name("cell", cell, names);
}

}  // namespace chronicler::tasks
