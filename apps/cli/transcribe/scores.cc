#include "cli/transcribe/scores.h"

#include <iostream>

#include <fmt/format.h>

#include "chronicler/data/text_file.h"
#include "cli/common_options.h"
#include "cli/field_options.h"
#include "cli/table.h"

namespace chronicler::cli::transcribe {

nlohmann::ordered_json json_of(const tasks::TranscriberScore& score) {
  nlohmann::ordered_json json{{"wer", score.words.rate()},
                              {"cer", score.characters.rate()},
                              {"accuracy", score.accuracy()},
                              {"recordings", score.recordings},
                              {"words", score.words.reference},
                              {"substitutions", score.words.substitutions},
                              {"deletions", score.words.deletions},
                              {"insertions", score.words.insertions},
                              {"usual_text_wer", score.usual_word_error},
                              {"unknown_labels", score.unknown},
                              {"audio_seconds", score.audio_seconds},
                              {"seconds", score.seconds},
                              {"real_time_factor", score.real_time_factor()}};
  if (score.linear_word_error) json["linear_wer"] = *score.linear_word_error;
  return json;
}

void print_score(const tasks::TranscriberScore& score, std::string_view title) {
  const auto row = [](std::string name, const data::EditCounts& edits) {
    return std::vector<std::string>{std::move(name),
                                    fmt::format("{:.2f} %", 100.0 * edits.rate()),
                                    with_commas(edits.reference),
                                    with_commas(edits.substitutions),
                                    with_commas(edits.deletions),
                                    with_commas(edits.insertions)};
  };
  insight::ReportTable table;
  table.header = {std::string(title), "error rate", "of",
                  "substitutions",    "deletions",  "insertions"};
  table.rows = {row("words", score.words),
                row("characters", score.characters),
                {"words, always the most frequent text",
                 fmt::format("{:.2f} %", 100.0 * score.usual_word_error), "", "", "", ""}};
  if (score.linear_word_error) {
    table.rows.push_back({"words, a linear map of the sound",
                          fmt::format("{:.2f} %", 100.0 * *score.linear_word_error), "", "", "",
                          ""});
  }
  std::cout << to_text(table) << '\n'
            << fmt::format(
                   "{} of {} recordings without an error ({:.2f} %); {:.1f} s of sound in {:.2f} s "
                   "(real-time factor {:.4f})\n",
                   with_commas(score.right), with_commas(score.recordings),
                   100.0 * score.accuracy(), score.audio_seconds, score.seconds,
                   score.real_time_factor());
  if (score.unknown > 0) {
    std::cerr << fmt::format(
        "note: {} words or characters of the texts do not occur in the training texts\n",
        with_commas(score.unknown));
  }
}

void add_search(CLI::App& app, SearchOptions& options) {
  auto* language = app.add_option("--language-model", options.language_file,
                                  "a text for an n-gram language model, a sentence on each line");
  language->type_name("FILE");
  app.add_option("--language-order", options.orders,
                 "its order, at most 12 (3 for words, 8 for characters)")
      ->type_name("N")
      ->check(whole_number(1, 12))
      ->needs(language);
  add_fields(app, options.task);
  for (const char* of_language : {"--language-weight", "--label-bonus"})
    app.get_option(of_language)->needs(language);
}

void take_search(tasks::Transcriber& typist, const SearchOptions& options) {
  if (options.language_file.empty()) return;
  typist.read_language(data::read_text(options.language_file), options.orders);
}

}  // namespace chronicler::cli::transcribe
