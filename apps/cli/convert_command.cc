#include "cli/convert_command.h"

#include <algorithm>
#include <initializer_list>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "chronicler/base/error.h"
#include "chronicler/data/csv_to_npy.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/formats/npy.h"
#include "chronicler/formats/safetensors_file.h"
#include "cli/command.h"
#include "cli/common_options.h"
#include "cli/output_file.h"

namespace chronicler::cli {

namespace {

constexpr const char* safetensors = ".safetensors";

struct Options {
  std::string from;
  std::string to;
  std::string like;
  std::string architecture;
  std::string names;
  // Of data.
  std::vector<std::string> columns;
  std::string missing = "error";
  std::string dtype = "float32";
  bool sequence = false;
};

bool is_data(const Options& options) {
  return options.to.ends_with(".npy") || options.from.ends_with(".csv") ||
         options.from.ends_with(".npy");
}

// A table, row by row; or an array of another type or order.
void convert_data(const Options& options) {
  if (!options.to.ends_with(".npy")) {
    throw UsageError(fmt::format("data are converted to a .npy file, OUT is \"{}\"", options.to),
                     "chronicler convert data.csv data.npy");
  }
  check_output_file(options.to);
  check_other_file(options.to, {options.from});
  const DType dtype = dtype_from_name(options.dtype);
  if (options.from.ends_with(".npy")) {
    if (!options.columns.empty() || options.sequence) {
      throw UsageError("--columns and --sequence are for .csv files", "leave them out");
    }
    save_npy(options.to, load_npy(options.from).to(dtype));
    return;
  }
  const data::CsvToNpyOptions how{
      .columns = options.columns,
      .missing = options.missing == "nan" ? data::Missing::nan : data::Missing::error,
      .dtype = dtype,
      .as_sequence = options.sequence};
  data::csv_to_npy(options.from, options.to, how);
}

bool ends_with_any(const std::string& path, std::initializer_list<const char*> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](const char* ending) { return path.ends_with(ending); });
}
bool is_for_weights(const std::string& path) {
  return ends_with_any(path, {safetensors, ".weights.h5", ".weights.chronicler"});
}

[[noreturn]] void refuse_alone(const std::string& path, ModelFileContent content) {
  if (content == ModelFileContent::architecture) {
    throw Error(fmt::format("\"{}\" is the architecture of a model, without weights", path),
                fmt::format("chronicler convert WEIGHTS OUT.keras --architecture {}", path));
  }
  throw Error(fmt::format("\"{}\" holds weights without a model", path),
              "give a model with the same layers by --like, or its architecture.json by "
              "--architecture");
}

// Says which weights went to a layer that is called otherwise: they went by their order.
void tell_renamed(const std::vector<std::pair<std::string, std::string>>& renamed) {
  if (renamed.empty()) return;
  constexpr std::size_t most = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(renamed.size(), most); ++i) {
    text +=
        fmt::format("{}\"{}\" to \"{}\"", i == 0 ? "" : ", ", renamed[i].first, renamed[i].second);
  }
  std::cerr << fmt::format(
      "note: {} of the file's layers are called otherwise in the model, their weights went by the "
      "order of the layers, as in Keras: {}{}\n",
      renamed.size(), text, renamed.size() > most ? ", ..." : "");
}

std::unique_ptr<Model> model_of(const Options& options) {
  const std::string& like = options.like.empty() ? options.architecture : options.like;
  const ModelFileContent content = content_of(options.from);
  if (like.empty()) {
    if (content != ModelFileContent::model) refuse_alone(options.from, content);
    return load_model(options.from);
  }
  if (content == ModelFileContent::architecture) refuse_alone(options.from, content);
  if (content == ModelFileContent::model) {
    throw Error(fmt::format("--like and --architecture are for weights without a model, \"{}\" "
                            "holds a model of its own",
                            options.from),
                "leave them out");
  }
  FilledModel filled = load_model_with_weights(like, options.from);
  tell_renamed(filled.renamed);
  return std::move(filled.model);
}

void convert(const Options& options) {
  if (is_data(options)) return convert_data(options);
  if (!options.like.empty() && !options.architecture.empty())
    throw UsageError("--like and --architecture cannot be given together", "give one of them");
  if (!options.names.empty() && !options.to.ends_with(safetensors)) {
    throw UsageError(fmt::format("--names is for {} files, OUT is \"{}\"", safetensors, options.to),
                     "leave it out");
  }
  if (is_for_weights(options.to)) {
    check_output_file(options.to);
  } else {
    check_model_output(options.to);
  }
  const std::unique_ptr<Model> model = model_of(options);
  if (options.to.ends_with(safetensors)) {
    save_safetensors(*model, options.to,
                     {.names = options.names.empty() ? "keras" : options.names});
  } else if (is_for_weights(options.to)) {
    model->save_weights(options.to);
  } else {
    model->save(options.to);
  }
}

}  // namespace

Command convert_command() {
  return {
      "convert",
      "a model in another format, which follows from the names; weights with a model; a table as "
      "an "
      "array",
      "  chronicler convert digits.keras digits.chronicler\n"
      "  chronicler convert digits.keras digits.safetensors --names pytorch\n"
      "  chronicler convert digits.weights.h5 trained.keras --like digits.keras\n"
      "  chronicler convert weights.h5 trained.keras --architecture architecture.json\n"
      "  chronicler convert data.csv x.npy --columns load,temperature --sequence\n",
      [](CLI::App& app) -> Job {
        const auto options = std::make_shared<Options>();
        const std::string written = fmt::format("{}", fmt::join(model_file_extensions(), ", "));
        app.add_option(
               "IN", options->from,
               fmt::format("a model: {}, .h5; weights alone: .weights.h5, .h5, {}; or data: "
                           ".csv, .npy",
                           written, safetensors))
            ->required();
        app.add_option(
               "OUT", options->to,
               fmt::format("the new file: {}; weights alone: .weights.h5, {}; or data: .npy",
                           written, safetensors))
            ->required();
        app.add_option("--like", options->like, "for weights alone: a model with the same layers")
            ->type_name("MODEL");
        app.add_option("--architecture", options->architecture,
                       "for weights alone: what Keras's model.to_json() gave")
            ->type_name("FILE.JSON");
        app.add_option("--names", options->names,
                       "of the weights in a .safetensors file: keras or pytorch (keras)")
            ->type_name("WORD")
            ->check(one_word({"keras", "pytorch"}));
        app.add_option("--columns", options->columns,
                       "of a .csv file: the columns, in this order (all)")
            ->type_name("NAME,...")
            ->delimiter(',');
        app.add_option("--missing", options->missing, "what an empty cell is: error or nan (error)")
            ->type_name("WORD")
            ->check(one_word({"error", "nan"}));
        app.add_option("--dtype", options->dtype, "of the .npy file (float32)")
            ->type_name("WORD")
            ->check(one_word({"float32", "float64", "int32"}));
        app.add_flag("--sequence", options->sequence,
                     "the rows are the steps of one sequence: shape (1, rows, columns)")
            ->disable_flag_override();
        return [options] { convert(*options); };
      }};
}

}  // namespace chronicler::cli
