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
#include "chronicler/formats/model_file.h"
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
};

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
      "convert", "a model in another format, which follows from the names; weights with a model",
      "  chronicler convert digits.keras digits.chronicler\n"
      "  chronicler convert digits.keras digits.safetensors --names pytorch\n"
      "  chronicler convert digits.weights.h5 trained.keras --like digits.keras\n"
      "  chronicler convert weights.h5 trained.keras --architecture architecture.json\n",
      [](CLI::App& app) -> Job {
        const auto options = std::make_shared<Options>();
        const std::string written = fmt::format("{}", fmt::join(model_file_extensions(), ", "));
        app.add_option("IN", options->from,
                       fmt::format("a model: {}, .h5; or weights alone: .weights.h5, .h5, {}",
                                   written, safetensors))
            ->required();
        app.add_option("OUT", options->to,
                       fmt::format("the new file: {}; or weights alone: .weights.h5, {}", written,
                                   safetensors))
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
        return [options] { convert(*options); };
      }};
}

}  // namespace chronicler::cli
