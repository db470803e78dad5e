#include "model/summary.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

#include <fmt/format.h>

#include "chronicler/model/functional.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "model/text_table.h"

namespace chronicler {
namespace {

using Style = StyledText::Style;

std::string with_commas(std::int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<std::int64_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string readable_bytes(std::int64_t bytes) {
  static constexpr std::array units{"B", "KB", "MB", "GB", "TB", "PB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (size >= 1024.0 && unit + 1 < units.size()) {
    size /= 1024.0;
    ++unit;
  }
  return fmt::format("{:.2f} {}", size, units[unit]);
}

StyledText shape_text(const Shape& shape) {
  StyledText text("(");
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (axis > 0) text.append(", ");
    const std::int64_t extent = shape[axis];
    text.append(extent == None ? "None" : std::to_string(extent),
                extent == None ? Style::none : Style::number);
  }
  return text.append(")");
}

// Where the inputs of a Functional model's layers come from. None for a chain, of which everybody
// knows.
class Connections {
 public:
  explicit Connections(const Model& model) {
    const auto* functional = dynamic_cast<const Functional*>(&model);
    if (functional == nullptr) return;
    graph_ = functional->graph();
    shown_ = !is_chain();
  }
  bool shown() const { return shown_; }

  StyledText of(const std::string& layer) const {
    StyledText text;
    for (const GraphCall& call : graph_.calls) {
      if (call.layer != layer) continue;
      for (const auto* edges : {&call.inputs, &call.initial_state, &call.mask}) {
        for (const GraphEdge& edge : *edges) append(edge, text);
      }
    }
    return text.width() == 0 ? StyledText("-") : text;
  }

 private:
  static void append(const GraphEdge& edge, StyledText& text) {
    if (edge.layer.empty()) return;
    text.append(text.width() == 0 ? "" : ", ").append(edge.layer);
    for (const int number : {edge.node, edge.tensor})
      text.append("[").append(std::to_string(number), Style::number).append("]");
  }

  // Every call takes what the one before it gave, and no layer is called twice.
  bool is_chain() const {
    if (graph_.inputs.size() != 1 || graph_.calls.size() + 1 != graph_.layers.size()) return false;
    std::string before = graph_.inputs.front().layer;
    for (const GraphCall& call : graph_.calls) {
      const bool follows = call.inputs.size() == 1 && call.initial_state.empty() &&
                           call.mask.empty() && call.inputs.front().layer == before;
      if (!follows) return false;
      before = call.layer;
    }
    return true;
  }

  Graph graph_;
  bool shown_ = false;
};

// What a layer gave the last time it was called in the network; "?" before.
StyledText output_text(const Network& network, const Layer& layer) {
  if (layer.class_name() == "InputLayer" && layer.input_shape())
    return shape_text(layer.input_shape()->with_front(layer.batch_size().value_or(None)));
  StyledText text("?");
  for (const Network::Node& node : network.nodes()) {
    if (node.layer.get() != &layer) continue;
    if (node.output_shapes.size() == 1) {
      text = shape_text(node.output_shapes.front());
      continue;
    }
    text = StyledText("[");
    for (std::size_t i = 0; i < node.output_shapes.size(); ++i)
      text.append(i > 0 ? ", " : "").append(shape_text(node.output_shapes[i]));
    text.append("]");
  }
  return text;
}

StyledText trainable_text(const Layer& layer) {
  if (layer.parameters().empty()) return {"-", Style::bold};
  return layer.trainable() ? StyledText("Y", Style::yes) : StyledText("N", Style::no);
}

std::vector<StyledText> row_of(const Model& model, const Layer& layer,
                               const Connections& connections, const SummaryOptions& options) {
  StyledText name(layer.name() + " (");
  name.append(layer.class_name(), Style::symbol).append(")");
  StyledText params(layer.built() ? with_commas(layer.count_params()) : "0", Style::number);
  if (!layer.built()) params.append(" (unbuilt)");
  std::vector<StyledText> row{name, output_text(ModelInternals::network(model), layer), params};
  if (connections.shown()) row.push_back(connections.of(layer.name()));
  if (options.show_trainable) row.push_back(trainable_text(layer));
  return row;
}

std::vector<TextTable::Column> columns_of(bool connected, const SummaryOptions& options) {
  using Align = TextTable::Align;
  std::vector<TextTable::Column> columns{{"Layer (type)", Align::left, 0.45},
                                         {"Output Shape", Align::left, 0.8},
                                         {"Param #", Align::right, 1.0}};
  if (connected) {
    columns[0].position = 0.3;
    columns[1].position = 0.56;
    columns[2].position = 0.74;
    columns.push_back({"Connected to", Align::left, 1.0});
  }
  if (options.show_trainable) {
    for (TextTable::Column& column : columns) column.position *= 0.9;
    columns.push_back({"Trainable", Align::centre, 1.0});
  }
  return columns;
}

std::string total_line(std::string_view what, std::int64_t count, std::int64_t bytes, bool colour) {
  StyledText line(fmt::format(" {} params: ", what), Style::bold);
  line.append(with_commas(count), Style::number);
  line.append(fmt::format(" ({})", readable_bytes(bytes)));
  return line.drawn(colour) + "\n";
}

std::string totals(const Model& model, bool colour) {
  const std::int64_t all = model.built() ? model.count_params() : 0;
  const std::int64_t trainable = model.built() ? model.count_trainable_params() : 0;
  const bool is_double = all > 0 && model.parameters().front()->value.dtype() == DType::float64;
  const std::int64_t size = is_double ? 8 : 4;
  // All of an optimizer's variables are of the model's type but its count of steps, an int64.
  const std::int64_t optimizer = ModelInternals::optimizer_params(model);
  const std::int64_t optimizer_bytes = optimizer > 0 ? (optimizer - 1) * size + 8 : 0;
  std::string text = total_line("Total", all + optimizer, all * size + optimizer_bytes, colour);
  text += total_line("Trainable", trainable, trainable * size, colour);
  text += total_line("Non-trainable", all - trainable, (all - trainable) * size, colour);
  if (optimizer > 0) text += total_line("Optimizer", optimizer, optimizer_bytes, colour);
  return text;
}

SummaryPlace standard_output() {
  SummaryPlace place;
  if (isatty(STDOUT_FILENO) == 0) return place;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) place.columns = size.ws_col;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  place.colour = (no_colour == nullptr || *no_colour == '\0') &&
                 (terminal == nullptr || std::string_view(terminal) != "dumb");
  return place;
}

}  // namespace

std::string draw_summary(const Model& model, const SummaryOptions& options,
                         const SummaryPlace& place) {
  const Connections connections(model);
  const int widest = (connections.shown() ? 108 : 88) + (options.show_trainable ? 12 : 0);
  const auto width =
      static_cast<int>(options.line_length.value_or(std::min(widest, place.columns - 4)));
  TextTable table(columns_of(connections.shown(), options), width);
  for (const LayerPtr& layer : model.layers())
    table.add_row(row_of(model, *layer, connections, options));
  const StyledText title(fmt::format("Model: \"{}\"", model.name()), Style::bold);
  return title.drawn(place.colour) + "\n" + table.drawn(place.columns, place.colour) +
         totals(model, place.colour);
}

std::string Model::summary_text(const SummaryOptions& options) const {
  return draw_summary(*this, options, {});
}

void Model::summary(const SummaryOptions& options) const {
  if (options.print_fn) {
    options.print_fn(summary_text(options));
  } else {
    std::cout << draw_summary(*this, options, standard_output()) << std::flush;
  }
}

}  // namespace chronicler
