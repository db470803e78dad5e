#include "cli/inspect_command.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "chronicler/formats/model_file.h"
#include "chronicler/model/compilation.h"
#include "cli/model_options.h"
#include "cli/table.h"

namespace chronicler::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options : ModelOptions {
  bool json = false;
};

// Numbers that distinguish a healthy weight from a dead or an exploded one.
struct Spread {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
  double mean = 0.0;
  double deviation = 0.0;
  std::int64_t not_finite = 0;
};

Spread spread_of(const Tensor& tensor) {
  const Tensor numbers = tensor.to(DType::float64);
  Spread spread;
  double squares = 0.0;
  std::int64_t count = 0;
  for (const double value : numbers.span<double>()) {
    if (!std::isfinite(value)) {
      ++spread.not_finite;
      continue;
    }
    spread.least = std::min(spread.least, value);
    spread.most = std::max(spread.most, value);
    ++count;
    const double distance = value - spread.mean;
    spread.mean += distance / static_cast<double>(count);
    squares += distance * (value - spread.mean);
  }
  if (count > 0) spread.deviation = std::sqrt(squares / static_cast<double>(count));
  return spread;
}

Json shape_json(const Shape& shape) {
  Json json = Json::array();
  for (const std::int64_t extent : shape) json.push_back(extent == None ? Json() : Json(extent));
  return json;
}

Json places_json(const std::vector<std::string>& names, const std::vector<Shape>& shapes) {
  Json places = Json::array();
  for (std::size_t i = 0; i < names.size(); ++i) {
    Json place{{"name", names[i]}};
    if (i < shapes.size()) place["shape"] = shape_json(shapes[i]);
    places.push_back(std::move(place));
  }
  return places;
}

Json weight_json(const std::string& name, const Tensor& value) {
  const Spread spread = spread_of(value);
  return {{"name", name},
          {"shape", shape_json(value.shape())},
          {"min", spread.least},
          {"max", spread.most},
          {"mean", spread.mean},
          {"std", spread.deviation},
          {"not_finite", spread.not_finite}};
}

Json layer_json(const Layer& layer) {
  Json weights = Json::array();
  for (const Parameter& parameter : layer.parameters())
    weights.push_back(weight_json(parameter.name, parameter.value));
  return {{"name", layer.name()},
          {"class", layer.class_name()},
          {"trainable", layer.trainable()},
          {"weights", weights}};
}

Json model_json(const Model& model, const std::string& path) {
  const bool built = model.built();
  Json json{{"file", path},
            {"bytes", std::filesystem::file_size(path)},
            {"class", model.class_name()},
            {"name", model.name()},
            {"built", built},
            {"inputs",
             places_json(model.input_names(), built ? model.input_shapes() : std::vector<Shape>())},
            {"outputs", places_json(model.output_names(),
                                    built ? model.output_shapes() : std::vector<Shape>())}};
  if (built) {
    json["parameters"] = model.count_params();
    json["trainable_parameters"] = model.count_trainable_params();
  }
  json["layers"] = Json::array();
  for (const LayerPtr& layer : model.layers()) json["layers"].push_back(layer_json(*layer));
  if (const auto compilation = model.compilation()) {
    json["compiled"] = Json::parse(compilation->config);
    if (!compilation->optimizer_variables.empty())
      json["iterations"] =
          compilation->optimizer_variables.front().to(DType::float64).as<double>()[0];
  }
  return json;
}

std::string shape_text(const Json& shape) {
  std::string text;
  for (const Json& extent : shape)
    text +=
        fmt::format("{}{}", text.empty() ? "" : ", ", extent.is_null() ? "None" : extent.dump());
  return "(" + text + (shape.size() == 1 ? ",)" : ")");
}

std::string places_text(const Json& places) {
  std::string text;
  for (const Json& place : places) {
    text += text.empty() ? "" : ", ";
    text += place["name"].get<std::string>();
    if (place.contains("shape")) text += " " + shape_text(place["shape"]);
  }
  return text;
}

std::string number_text(const Json& number) {
  return number.is_null() ? "-" : fmt::format("{:.4g}", number.get<double>());
}

void add_row(const std::string& folder, const Json& weight, insight::ReportTable& table) {
  table.rows.push_back({folder + weight["name"].get<std::string>(), shape_text(weight["shape"]),
                        number_text(weight["min"]), number_text(weight["max"]),
                        number_text(weight["mean"]), number_text(weight["std"])});
  if (weight["not_finite"] != 0) table.rows.back().front() += " (has NaN or infinity)";
}

insight::ReportTable weights_table() {
  return {.caption = {}, .header = {"weight", "shape", "min", "max", "mean", "std"}, .rows = {}};
}

void print(const Json& model) {
  std::cout << fmt::format("{}: {} \"{}\", {} bytes\n", model["file"].get<std::string>(),
                           model["class"].get<std::string>(), model["name"].get<std::string>(),
                           with_commas(model["bytes"].get<std::int64_t>()))
            << "inputs: " << places_text(model["inputs"]) << "\n"
            << "outputs: " << places_text(model["outputs"]) << "\n";
  if (model.contains("compiled")) {
    std::cout << "compiled: " << model["compiled"].dump() << "\n";
    if (model.contains("iterations"))
      std::cout << fmt::format("trained: {:.0f} batches\n", model["iterations"].get<double>());
  } else {
    std::cout << "compiled: no\n";
  }
  insight::ReportTable table = weights_table();
  for (const Json& layer : model["layers"]) {
    for (const Json& weight : layer["weights"])
      add_row(layer["name"].get<std::string>() + "/", weight, table);
  }
  if (!table.rows.empty()) std::cout << '\n' << to_text(table);
}

// ---- what is no whole model

Json arrays_json(const std::string& path) {
  Json json{{"file", path},
            {"bytes", std::filesystem::file_size(path)},
            {"content", "weights"},
            {"numbers", 0},
            {"weights", Json::array()}};
  std::int64_t numbers = 0;
  for (const auto& [name, value] : load_arrays(path)) {
    json["weights"].push_back(weight_json(name, value));
    numbers += value.size();
  }
  json["numbers"] = numbers;
  return json;
}

void print_arrays(const Json& json) {
  const std::string file = json["file"];
  std::cout << fmt::format("{}: weights without a model, {} arrays of {} numbers, {} bytes\n", file,
                           json["weights"].size(), with_commas(json["numbers"].get<std::int64_t>()),
                           with_commas(json["bytes"].get<std::int64_t>()))
            << fmt::format(
                   "to use them: chronicler convert {} OUT.keras --like MODEL, or --architecture "
                   "FILE.json\n",
                   file);
  insight::ReportTable table = weights_table();
  for (const Json& weight : json["weights"]) add_row("", weight, table);
  std::cout << '\n' << to_text(table);
}

// The weights of an architecture are not there: nothing is said of them but their shapes.
Json architecture_json(const std::string& path) {
  Json json = model_json(*load_architecture(path), path);
  json["content"] = "architecture";
  for (Json& layer : json["layers"]) {
    for (Json& weight : layer["weights"]) {
      for (const char* name : {"min", "max", "mean", "std"}) weight[name] = nullptr;
    }
  }
  return json;
}

void print_architecture(const Json& json) {
  print(json);
  std::cout << fmt::format(
      "\nan architecture without weights; to fill it: chronicler convert WEIGHTS OUT.keras "
      "--architecture {}\n",
      json["file"].get<std::string>());
}

void run(const Options& options) {
  const ModelFileContent content = content_of(options.model);
  Json json;
  if (content == ModelFileContent::weights) json = arrays_json(options.model);
  if (content == ModelFileContent::architecture) json = architecture_json(options.model);
  if (content == ModelFileContent::model) json = model_json(*open_model(options), options.model);
  if (options.json) {
    std::cout << json.dump(2) << '\n';
  } else if (content == ModelFileContent::weights) {
    print_arrays(json);
  } else if (content == ModelFileContent::architecture) {
    print_architecture(json);
  } else {
    print(json);
  }
}

}  // namespace

Command inspect_command() {
  return {"inspect", "what is in a model file: shapes, weights and their spread, compilation",
          "  chronicler inspect digits.keras\n"
          "  chronicler inspect digits.weights.h5\n"
          "  chronicler inspect architecture.json\n"
          "  chronicler inspect digits.keras --json\n",
          [](CLI::App& app) -> Job {
            const auto options = std::make_shared<Options>();
            app.add_option(
                   "MODEL", options->model,
                   fmt::format("a file: {}, .h5; weights alone or an architecture.json, too",
                               fmt::join(model_file_extensions(), ", ")))
                ->required();
            app.add_flag("--json", options->json, "one JSON object")->disable_flag_override();
            return [options] { run(*options); };
          }};
}

}  // namespace chronicler::cli
