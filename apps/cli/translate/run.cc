#include "cli/translate/run.h"

#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/runtime.h"
#include "chronicler/data/plain_text.h"
#include "chronicler/data/text_lines.h"
#include "chronicler/insight/report.h"
#include "chronicler/tasks/translator.h"
#include "cli/common_options.h"
#include "cli/field_options.h"
#include "cli/interrupt.h"
#include "cli/output_file.h"
#include "cli/table.h"

namespace chronicler::cli::translate {
namespace {

struct Options {
  std::string model;
  std::string file = "-";
  std::string attention;
  tasks::TranslateOptions task;
  int threads = 0;
  bool json = false;
};

std::string_view without_space(std::string_view piece) {
  while (piece.starts_with(' ')) piece.remove_prefix(1);
  return piece;
}

// A piece as a label: one that goes on a word says so.
std::string label_of(const std::string& piece, bool has_spaces) {
  if (piece.empty()) return "(end)";
  const bool goes_on = has_spaces && !piece.starts_with(' ');
  return (goes_on ? "-" : "") + std::string(without_space(piece));
}

std::vector<std::string> labels_of(const std::vector<std::string>& pieces) {
  bool has_spaces = false;
  for (const std::string& piece : pieces) has_spaces = has_spaces || piece.starts_with(' ');
  std::vector<std::string> labels;
  for (const std::string& piece : pieces) labels.push_back(label_of(piece, has_spaces));
  return labels;
}

void draw(insight::Report& page, const std::string& source, const tasks::Translation& result) {
  page.heading(source);
  if (result.target_pieces.empty()) {
    page.paragraph("The translation is empty.");
    return;
  }
  page.alignment({.title = result.text,
                  .columns = labels_of(result.source_pieces),
                  .rows = labels_of(result.target_pieces),
                  .values = {result.attention.begin(), result.attention.end()}});
}

// More than any sentence has: what is longer is no text of lines.
constexpr std::size_t longest_line = 16'384;

// Lines are taken as they come: one at a time from a terminal or a pipe, many from a file.
void run(const Options& options) {
  if (options.threads != 0) set_threads(options.threads);
  if (!options.attention.empty()) check_output_file(options.attention);
  const auto translator = tasks::Translator::load(options.model);
  insight::Report page("Attention of each translation");
  page.paragraph(
      "Each row is a piece of the translation, each column one of the source; the darker, the "
      "larger "
      "the attention weight. A hyphen continues a word.");
  data::TextLines lines(options.file, longest_line);
  const std::size_t most = options.file == "-" ? 1 : 64;
  std::vector<std::string> batch;
  std::int64_t unknown = 0;
  const auto flush = [&] {
    if (batch.empty()) return;
    const std::vector<tasks::Translation> results = translator.run(batch, options.task);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      unknown += results[i].unknown;
      if (!options.attention.empty() && data::has_text(batch[i])) draw(page, batch[i], results[i]);
      if (options.json) {
        const nlohmann::ordered_json json{{"source", batch[i]},
                                          {"translation", results[i].text},
                                          {"log_probability", results[i].log_probability}};
        std::cout << json.dump() << '\n';
      } else {
        // A model that learnt texts of several lines may write some: there is one for each source.
        std::cout << data::plain_line(results[i].text, U"\u00A0\u202F") << '\n';
      }
    }
    std::cout.flush();
    batch.clear();
    stop_if_interrupted();
  };
  try {
    while (lines.next()) {
      lines.check();
      batch.push_back(lines.line());
      if (batch.size() == most) flush();
    }
  } catch (const Error&) {
    flush();  // what came before the bad line
    throw;
  }
  flush();
  if (!options.attention.empty()) page.write(options.attention);
  if (unknown > 0) {
    std::cerr << fmt::format(
        "note: {} pieces of the texts do not occur in what the model learnt from (another "
        "alphabet, or capital letters?)\n",
        with_commas(unknown));
  }
}

Job describe(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "made by translate train")->required();
  app.add_option("FILE", options->file, "a text on each line (\"-\": standard input)");
  add_fields(app, options->task);
  app.add_option("--attention", options->attention, "a page (HTML) with the attention weights")
      ->type_name("FILE");
  add_threads(app, options->threads);
  app.add_flag("--json", options->json, "an object of JSON for each line")->disable_flag_override();
  return [options, &app] {
    refuse_beside(app, "--length-penalty", "--beam", "1");
    run(*options);
  };
}

}  // namespace

Command run_command() {
  return {"run", "translates, line by line as it reads",
          "  echo \"I am here.\" | chronicler translate run eng-fra.keras\n"
          "  chronicler translate run eng-fra.keras in.txt --beam 1 > out.txt\n"
          "  chronicler translate run eng-fra.keras in.txt --attention page.html\n",
          describe};
}

}  // namespace chronicler::cli::translate
