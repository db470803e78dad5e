#include "cli/bench/shapes.h"

#include <fstream>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"

namespace chronicler::cli::bench {
namespace {

// The same cells as formulas; what they are to be compared with is the layers.
const std::map<std::string, std::string>& formulas() {
  static const std::map<std::string, std::string> all{
      {"lstm_formula",
       "i = sigmoid(W_i x + U_i h + b_i); f = sigmoid(W_f x + U_f h + b_f); "
       "g = tanh(W_g x + U_g h + b_g); o = sigmoid(W_o x + U_o h + b_o); "
       "c = f c + i g; h = o tanh(c)"},
      {"gru_formula",
       "z = sigmoid(W_z x + U_z h + b_z); r = sigmoid(W_r x + U_r h + b_r); "
       "g = tanh(W x + b + r (U h + d)); h = z h + (1 - z) g"},
      {"coupled_lstm_formula",
       "f = sigmoid(W_f x + U_f h + b_f); g = tanh(W_g x + U_g h + b_g); "
       "o = sigmoid(W_o x + U_o h + b_o); c = f c + (1 - f) g; h = o tanh(c)"},
  };
  return all;
}

std::int64_t gates_of(const std::string& cell) {
  if (cell == "lstm" || cell == "lstm_formula") return 4;
  return cell == "simple_rnn" ? 1 : 3;
}

template <class Options>
LayerPtr recurrent(LayerPtr (*make)(const Options&), std::int64_t units, bool sequences) {
  Options options;
  options.units = units;
  options.return_sequences = sequences;
  return make(options);
}

LayerPtr recurrent(const std::string& cell, std::int64_t units, bool sequences) {
  if (cell == "lstm") return recurrent(layers::LSTM, units, sequences);
  if (cell == "gru") return recurrent(layers::GRU, units, sequences);
  const auto formula = formulas().find(cell);
  if (formula != formulas().end()) {
    return layers::RNN({.cell = layers::Cell({.units = units, .formula = formula->second}),
                        .return_sequences = sequences});
  }
  return recurrent(layers::SimpleRNN, units, sequences);
}

NetworkShape from_json(const nlohmann::json& json) {
  NetworkShape shape;
  json.at("id").get_to(shape.id);
  shape.name = json.value("name", shape.id);
  json.at("cell").get_to(shape.cell);
  json.at("units").get_to(shape.units);
  shape.bidirectional = json.value("bidirectional", false);
  json.at("batch").get_to(shape.batch);
  json.at("steps").get_to(shape.steps);
  json.at("features").get_to(shape.features);
  json.at("classes").get_to(shape.classes);
  shape.sequences = json.value("sequences", false);
  if (shape.cell != "simple_rnn" && shape.cell != "lstm" && shape.cell != "gru" &&
      !formulas().contains(shape.cell)) {
    throw Error(fmt::format("shape {}: cell \"{}\" is not known", shape.id, shape.cell),
                "simple_rnn, lstm or gru, or lstm_formula, gru_formula or coupled_lstm_formula");
  }
  bool positive = !shape.units.empty() && shape.batch > 0 && shape.steps > 0 &&
                  shape.features > 0 && shape.classes > 0;
  for (const std::int64_t units : shape.units) positive = positive && units > 0;
  if (!positive) {
    throw Error(fmt::format(
        "shape {}: units, batch, steps, features and classes must be at least 1", shape.id));
  }
  return shape;
}

nlohmann::ordered_json to_json(const NetworkShape& shape) {
  nlohmann::ordered_json json{{"id", shape.id},
                              {"name", shape.name},
                              {"cell", shape.cell},
                              {"units", shape.units},
                              {"batch", shape.batch},
                              {"steps", shape.steps},
                              {"features", shape.features},
                              {"classes", shape.classes}};
  if (shape.bidirectional) json["bidirectional"] = true;
  if (shape.sequences) json["sequences"] = true;
  return json;
}

}  // namespace

double NetworkShape::forward_operations() const {
  const std::int64_t directions = bidirectional ? 2 : 1;
  double sum = 0.0;
  std::int64_t inputs = features;
  for (const std::int64_t count : units) {
    sum += 2.0 * static_cast<double>(directions * gates_of(cell) * count * (inputs + count)) *
           static_cast<double>(steps * batch);
    inputs = directions * count;
  }
  return sum;
}

std::vector<LayerPtr> NetworkShape::layers() const {
  std::vector<LayerPtr> list{layers::Input(Shape{steps, features})};
  for (std::size_t i = 0; i < units.size(); ++i) {
    const LayerPtr layer = recurrent(cell, units[i], sequences || i + 1 < units.size());
    list.push_back(bidirectional ? layers::Bidirectional({.layer = layer}) : layer);
  }
  list.push_back(
      layers::Dense({.units = classes, .activation = classes == 1 ? "linear" : "softmax"}));
  return list;
}

Tensor NetworkShape::inputs() const {
  const Random random(1);
  Tensor x({batch, steps, features});
  std::uint64_t place = 0;
  for (float& value : x.span<float>()) value = static_cast<float>(random.normal(0, place++));
  return x;
}

Tensor NetworkShape::targets() const {
  const Random random(2);
  std::uint64_t place = 0;
  if (classes == 1) {
    Tensor y(sequences ? Shape{batch, steps, 1} : Shape{batch, 1});
    for (float& value : y.span<float>()) value = static_cast<float>(random.normal(0, place++));
    return y;
  }
  Tensor y(sequences ? Shape{batch, steps} : Shape{batch}, DType::int32);
  for (std::int32_t& label : y.span<std::int32_t>()) {
    label =
        static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(classes), 0, place++));
  }
  return y;
}

const std::vector<NetworkShape>& standard_shapes() {
  static const std::vector<NetworkShape> shapes{
      {"T01", "tutorial SimpleRNN 2x32, 10 steps", "simple_rnn", {32, 32}, false, 32, 10, 100, 10},
      {"T02", "tutorial LSTM 2x64, 10 steps", "lstm", {64, 64}, false, 32, 10, 100, 10},
      {"T03", "tutorial LSTM 2x64, 100 steps", "lstm", {64, 64}, false, 32, 100, 100, 10},
      {"T04",
       "tutorial SimpleRNN 2x32, 100 steps",
       "simple_rnn",
       {32, 32},
       false,
       32,
       100,
       100,
       10},
      {"T05", "forecast LSTM 32", "lstm", {32}, false, 256, 120, 7, 1},
      {"T06", "sentiment BiLSTM 2x64", "lstm", {64, 64}, true, 32, 200, 128, 2},
      {"T07", "GRU 128", "gru", {128}, false, 64, 100, 64, 10},
      {"T08", "character LSTM 2x128", "lstm", {128, 128}, false, 50, 50, 65, 65, true},
      {"T09", "character LSTM 2x512", "lstm", {512, 512}, false, 50, 50, 65, 65, true},
      {"T10", "speech BiLSTM 3x256", "lstm", {256, 256, 256}, true, 16, 300, 80, 32, true},
      {"T11", "long LSTM 128, 2000 steps", "lstm", {128}, false, 8, 2000, 32, 10},
      {"T12", "large LSTM 1024", "lstm", {1024}, false, 64, 50, 1024, 10},
      {"T13", "language LSTM 2x650", "lstm", {650, 650}, false, 20, 35, 650, 650, true},
  };
  return shapes;
}

std::vector<NetworkShape> read_shapes(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw Error(fmt::format("cannot read {}", path.string()));
  try {
    std::vector<NetworkShape> shapes;
    for (const nlohmann::json& json : nlohmann::json::parse(file))
      shapes.push_back(from_json(json));
    return shapes;
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("{}: {}", path.string(), error.what()),
                "a list of objects with id, cell, units, batch, steps, features, classes");
  }
}

void write_shapes(std::ostream& out, const std::vector<NetworkShape>& shapes) {
  const char* before = "[\n ";
  for (const NetworkShape& shape : shapes) {
    out << before << to_json(shape).dump();
    before = ",\n ";
  }
  out << "\n]\n";
}

}  // namespace chronicler::cli::bench
