#include "cli/sentiment/run.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/runtime.h"
#include "chronicler/tasks/text_classifier.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/sentiment/texts.h"

namespace chronicler::cli::sentiment {
namespace {

using data::LabelledTexts;
using tasks::TextClassifier;
using tasks::TextLabel;
using OrderedJson = nlohmann::ordered_json;

struct LabelOptions {
  std::string model;
  std::string file = "-";
  Columns columns;
  int threads = 0;
  bool no_words = false;
  bool json = false;
};

// The words with most weight, at most so many.
std::vector<TextLabel::Word> weightiest(const TextLabel& label, std::size_t most) {
  std::vector<TextLabel::Word> words;
  for (const TextLabel::Word& word : label.words) {
    constexpr double least = 0.01;
    if (std::abs(word.weight) >= least) words.push_back(word);
  }
  std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) {
    return std::abs(a.weight) > std::abs(b.weight);
  });
  if (words.size() > most) words.resize(most);
  return words;
}

std::string_view word_in(std::string_view text, const TextLabel::Word& word) {
  return text.substr(static_cast<std::size_t>(word.begin),
                     static_cast<std::size_t>(word.end - word.begin));
}

// Words for the label in green, against it in red; in bold those of more than half the largest
// weight.
std::string colored(std::string_view text, const TextLabel& label) {
  double largest = 0.0;
  for (const TextLabel::Word& word : label.words)
    largest = std::max(largest, std::abs(word.weight));
  std::string result;
  std::size_t at = 0;
  for (const TextLabel::Word& word : label.words) {
    const double share = largest > 0.0 ? std::abs(word.weight) / largest : 0.0;
    if (share < 0.15) continue;
    const auto begin = static_cast<std::size_t>(word.begin);
    if (begin < at) continue;
    result += text.substr(at, begin - at);
    result += fmt::format("\x1b[{}{}m{}\x1b[0m", share >= 0.5 ? "1;" : "",
                          word.weight > 0.0 ? 32 : 31, word_in(text, word));
    at = static_cast<std::size_t>(word.end);
  }
  return result + std::string(text.substr(at));
}

// An empty line for a text without anything in it.
void print_label(const TextLabel& label) {
  if (label.label.empty()) {
    std::cout << '\n';
    return;
  }
  const std::string& text = label.text;
  std::cout << fmt::format("{}\t{:.3f}", label.label, label.probability);
  if (label.words.empty()) {
    std::cout << '\t' << text << '\n';
    return;
  }
  if (is_colored(std::cout)) {
    std::cout << '\t' << colored(text, label) << '\n';
    return;
  }
  std::cout << '\t' << text << '\t';
  constexpr std::size_t shown = 5;
  bool first = true;
  for (const TextLabel::Word& word : weightiest(label, shown)) {
    std::cout << fmt::format("{}{} {:+.2f}", first ? "" : ", ", word_in(text, word), word.weight);
    first = false;
  }
  std::cout << '\n';
}

OrderedJson json_of(const std::string& text, const TextLabel& label,
                    const std::vector<std::string>& labels) {
  if (label.label.empty())  // nothing to be said of nothing
    return {
        {"label", nullptr}, {"probability", nullptr}, {"probabilities", nullptr}, {"text", text}};
  OrderedJson json{{"label", label.label}, {"probability", label.probability}};
  OrderedJson probabilities;
  for (std::size_t i = 0; i < labels.size(); ++i) probabilities[labels[i]] = label.probabilities[i];
  json["probabilities"] = std::move(probabilities);
  OrderedJson words = OrderedJson::array();
  constexpr std::size_t shown = 10;
  for (const TextLabel::Word& word : weightiest(label, shown))
    words.push_back({{"word", word_in(label.text, word)}, {"weight", word.weight}});
  if (!label.words.empty()) json["words"] = std::move(words);
  json["text"] = text;
  return json;
}

void label(const LabelOptions& options) {
  if (options.threads != 0) set_threads(options.threads);
  const TextClassifier classifier = TextClassifier::load(options.model);
  const LabelledTexts texts = read(options.file, options.columns, {.needs_labels = false});
  const auto show = [&](const std::string& text, const TextLabel& label) {
    if (options.json) {
      std::cout << json_of(text, label, classifier.labels()).dump() << '\n';
    } else {
      print_label(label);
    }
  };
  if (options.no_words) {
    const std::vector<TextLabel> labels = classifier.run(texts.texts);
    for (std::size_t i = 0; i < labels.size(); ++i) show(texts.texts[i], labels[i]);
    return;
  }
  for (const std::string& text : texts.texts) {
    show(text, classifier.run(text, true));
    stop_if_interrupted();
  }
}

Job describe_run(CLI::App& app) {
  const auto options = std::make_shared<LabelOptions>();
  app.add_option("MODEL", options->model, "made by sentiment train")->required();
  app.add_option("FILE", options->file,
                 "a text on each line, or .csv, .tsv, .jsonl (\"-\": standard input)");
  add_columns(app, options->columns);
  app.add_flag("--no-words", options->no_words, "labels alone: many times faster")
      ->disable_flag_override();
  add_threads(app, options->threads);
  app.add_flag("--json", options->json, "an object of JSON for each text")->disable_flag_override();
  return [options] { label(*options); };
}

}  // namespace

Command run_command() {
  return {"run", "classifies texts, and shows the words with most weight",
          "  echo \"a delight\" | chronicler sentiment run reviews.keras\n"
          "  chronicler sentiment run reviews.keras new.csv --text review --no-words --json\n",
          describe_run};
}

}  // namespace chronicler::cli::sentiment
