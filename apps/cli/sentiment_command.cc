#include "cli/sentiment_command.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/base/runtime.h"
#include "chronicler/data/labelled_texts.h"
#include "chronicler/data/plain_text.h"
#include "chronicler/tasks/text_classifier.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/field_options.h"
#include "cli/interrupt.h"
#include "cli/output_file.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/training_options.h"

namespace chronicler::cli {
namespace {

using data::LabelledTexts;
using tasks::ClassifierReport;
using tasks::ClassifierScore;
using tasks::TextClassifier;
using tasks::TextLabel;
using OrderedJson = nlohmann::ordered_json;

std::string percent(double share) { return fmt::format("{:.1f} %", 100.0 * share); }

struct Columns {
  std::string text;
  std::string label;
};

void add_columns(CLI::App& app, Columns& columns) {
  app.add_option("--text", columns.text, "the column of the texts (by its name or content)")
      ->type_name("COL");
  app.add_option("--label", columns.label, "the column of the labels (likewise)")->type_name("COL");
}

LabelledTexts read(const std::string& path, const Columns& columns, bool needs_labels = true,
                   bool may_lack_labels = false) {
  LabelledTexts texts = data::read_labelled_texts(path, {.text = columns.text,
                                                         .label = columns.label,
                                                         .needs_labels = needs_labels,
                                                         .may_lack_labels = may_lack_labels});
  if (texts.skipped > 0) {
    std::cerr << fmt::format("note: {} rows of \"{}\" have no text and are left out\n",
                             with_commas(texts.skipped), path);
  }
  return texts;
}

std::string first_of(const std::vector<std::string>& labels) {
  constexpr std::ptrdiff_t most = 20;
  std::vector<std::string> shown(labels.begin(),
                                 labels.begin() + std::min(std::ssize(labels), most));
  if (shown.size() < labels.size()) shown.emplace_back("...");
  return fmt::format("{}", fmt::join(shown, ", "));
}

// Labels that were not learnt, by how many texts have them.
using UnknownLabels = std::map<std::string, std::int64_t>;

// Gives each label the way it was learnt to be written, and tells which were not learnt at all;
// where they may not be, says where the first one is.
UnknownLabels match_labels(LabelledTexts& texts, const std::string& path,
                           const std::vector<std::string>& known, bool strict) {
  std::map<std::string, std::vector<std::string>> by_folded;
  for (const std::string& label : known) by_folded[data::folded_name(label)].push_back(label);
  UnknownLabels unknown;
  std::map<std::string, std::string> renamed;
  for (std::size_t i = 0; i < texts.labels.size(); ++i) {
    std::string& label = texts.labels[i];
    if (std::find(known.begin(), known.end(), label) != known.end()) continue;
    const auto found = by_folded.find(data::folded_name(label));
    if (found != by_folded.end() && found->second.size() == 1) {
      renamed[label] = found->second.front();
      label = found->second.front();
      continue;
    }
    if (strict) {
      throw Error(fmt::format("{}:{}: label \"{}\" is none of those that are learnt", path,
                              texts.lines[i], label),
                  fmt::format("those are {}", first_of(known)));
    }
    ++unknown[label];
  }
  for (const auto& [written, learnt] : renamed)
    std::cerr << fmt::format("note: label \"{}\" is taken for \"{}\"\n", written, learnt);
  return unknown;
}

std::int64_t texts_of(const UnknownLabels& unknown) {
  std::int64_t all = 0;
  for (const auto& [label, count] : unknown) all += count;
  return all;
}

// Leaves their texts out, and says so.
void leave_out(LabelledTexts& texts, const std::string& path, const UnknownLabels& unknown,
               const std::vector<std::string>& known) {
  if (unknown.empty()) return;
  LabelledTexts kept;
  for (std::size_t i = 0; i < texts.texts.size(); ++i) {
    if (unknown.contains(texts.labels[i])) continue;
    kept.texts.push_back(std::move(texts.texts[i]));
    kept.labels.push_back(std::move(texts.labels[i]));
  }
  texts.texts = std::move(kept.texts);
  texts.labels = std::move(kept.labels);
  std::vector<std::string> names;
  for (const auto& [label, count] : unknown)
    names.push_back(fmt::format("\"{}\" {}", label, with_commas(count)));
  const std::string what =
      fmt::format("{} of its texts have labels that the model never learnt: {}",
                  with_commas(texts_of(unknown)), first_of(names));
  if (texts.texts.empty())
    throw Error(fmt::format("\"{}\" cannot be scored, all {}", path, what),
                fmt::format("it learnt {}", first_of(known)));
  std::cerr << fmt::format("note: \"{}\": {}; left out (--strict refuses them)\n", path, what);
}

// What training looks at has no other labels than what it learns from.
void check_labels(LabelledTexts& texts, const std::string& path,
                  const std::vector<std::string>& known) {
  match_labels(texts, path, known, true);
}

void note_similar_labels(const std::vector<std::string>& labels) {
  std::map<std::string, std::string> by_folded;
  for (const std::string& label : labels) {
    const auto [other, is_new] = by_folded.emplace(data::folded_name(label), label);
    if (is_new) continue;
    std::cerr << fmt::format(
        "note: labels \"{}\" and \"{}\" differ by capital letters alone and are learnt as two\n",
        other->second, label);
  }
}

std::vector<std::string> different(const std::vector<std::string>& labels) {
  const std::set<std::string> each(labels.begin(), labels.end());
  return {each.begin(), each.end()};
}

// ---- how well it does

constexpr std::string_view network_name = "this model";

// The best of what needs no network, and how it is called.
std::pair<std::string, double> best_baseline(const ClassifierScore& score) {
  std::pair<std::string, double> best{"always the most frequent label", score.majority_accuracy};
  if (score.naive_bayes_accuracy > best.second) best = {"naive Bayes", score.naive_bayes_accuracy};
  if (score.logistic_accuracy > best.second)
    best = {"logistic regression", score.logistic_accuracy};
  return best;
}

std::string verdict(const ClassifierScore& score) {
  const auto [name, accuracy] = best_baseline(score);
  const auto texts = static_cast<double>(std::max<std::int64_t>(score.texts, 1));
  const double error = std::sqrt(score.accuracy * (1.0 - score.accuracy) / texts);
  std::string sentence = fmt::format("The model {} {} ({} against {}).",
                                     score.accuracy > accuracy ? "beats" : "does not beat", name,
                                     percent(score.accuracy), percent(accuracy));
  if (std::abs(score.accuracy - accuracy) < 2.0 * error) {
    sentence += fmt::format(" On {} texts that is less than chance can do (+-{:.1f}).",
                            with_commas(score.texts), 200.0 * error);
  }
  return sentence;
}

std::string shortened(const std::string& label) {
  constexpr std::size_t longest = 24;
  return label.size() <= longest ? label : label.substr(0, longest - 3) + "...";
}

void print_score(const ClassifierScore& score, std::string_view of) {
  std::cout << bold(verdict(score), std::cout) << "\n\n";
  insight::ReportTable table;
  table.header = {fmt::format("{}, {} texts", of, with_commas(score.texts)), "accuracy"};
  table.rows = {{std::string(network_name), percent(score.accuracy)},
                {"logistic regression on n-grams", percent(score.logistic_accuracy)},
                {"naive Bayes on n-grams", percent(score.naive_bayes_accuracy)},
                {"always the most frequent label", percent(score.majority_accuracy)}};
  std::cout << to_text(table) << '\n';

  insight::ReportTable labels;
  labels.header = {"label", "texts", "precision", "recall", "F1"};
  const std::int64_t classes = score.confusion.classes();
  for (std::int64_t c = 0; c < classes; ++c) {
    std::int64_t texts = 0;
    for (std::int64_t told = 0; told < classes; ++told) texts += score.confusion.count(c, told);
    labels.rows.push_back({shortened(score.labels[static_cast<std::size_t>(c)]), with_commas(texts),
                           percent(score.confusion.precision(c)),
                           percent(score.confusion.recall(c)), percent(score.confusion.f1(c))});
  }
  std::cout << to_text(labels);
  std::cout << fmt::format(
      "  macro F1 {}; mean -ln p {:.3f}; its probabilities are {:.1f} points off on average\n\n",
      percent(score.macro_f1), score.log_loss, 100.0 * score.calibration_error);

  constexpr std::int64_t most_shown = 20;
  if (classes > most_shown) return;
  insight::ReportTable matrix;
  matrix.header = {"is (rows), was told (columns)"};
  for (const std::string& label : score.labels) matrix.header.push_back(shortened(label));
  for (std::int64_t c = 0; c < classes; ++c) {
    std::vector<std::string> row{shortened(score.labels[static_cast<std::size_t>(c)])};
    for (std::int64_t told = 0; told < classes; ++told)
      row.push_back(with_commas(score.confusion.count(c, told)));
    matrix.rows.push_back(std::move(row));
  }
  std::cout << to_text(matrix);
}

void add_score(OrderedJson& json, const ClassifierScore& score, const std::string& of) {
  json[of + "_accuracy"] = score.accuracy;
  json["naive_bayes_accuracy"] = score.naive_bayes_accuracy;
  json["logistic_accuracy"] = score.logistic_accuracy;
  json["majority_accuracy"] = score.majority_accuracy;
  json["macro_f1"] = score.macro_f1;
  json["log_loss"] = score.log_loss;
  json["calibration_error"] = score.calibration_error;
  json[of + "_texts"] = score.texts;
  json["labels"] = score.labels;
  OrderedJson f1;
  OrderedJson matrix = OrderedJson::array();
  for (std::int64_t c = 0; c < score.confusion.classes(); ++c) {
    f1[score.labels[static_cast<std::size_t>(c)]] = score.confusion.f1(c);
    OrderedJson row = OrderedJson::array();
    for (std::int64_t told = 0; told < score.confusion.classes(); ++told)
      row.push_back(score.confusion.count(c, told));
    matrix.push_back(std::move(row));
  }
  json["f1"] = std::move(f1);
  json["confusion"] = std::move(matrix);
}

// ---- train

struct TrainOptions : TrainingOptions {
  std::string file;
  std::string test_file;
  std::string validation_file;
  double test_fraction = 0.1;
  Columns columns;
  tasks::TextClassifierOptions task;
};

void print_choices(const ClassifierReport& report) {
  const tasks::TextClassifierOptions& options = report.options;
  std::string labels;
  constexpr std::size_t most_shown = 6;
  for (std::size_t i = 0; i < std::min(report.labels.size(), most_shown); ++i) {
    labels += fmt::format("{}{} {}", i == 0 ? "" : ", ", shortened(report.labels[i]),
                          with_commas(report.label_counts[i]));
  }
  if (report.labels.size() > most_shown) labels += ", ...";
  std::cerr << fmt::format("{} texts to learn from, {} to choose the epoch; {} labels: {}\n",
                           with_commas(report.texts), with_commas(report.validation_texts),
                           report.labels.size(), labels);
  std::cerr << fmt::format(
      "reads {}s, {} of them known; {} network{}, embedding {}, LSTM {} units in each direction, "
      "{} weights; n-grams up to {}{}; {} epochs, batches of {}\n",
      options.level == "char" ? "character" : options.level, with_commas(report.vocabulary - 2),
      options.networks, options.networks == 1 ? "" : "s", options.embedding, options.units,
      with_commas(report.weights), options.ngrams,
      *options.spelling > 0 ? fmt::format(", {} characters of words", *options.spelling) : "",
      options.epochs, options.batch_size);
  if (report.bag_texts < report.texts) {
    std::cerr << fmt::format("n-grams are learnt from {} of the texts, drawn at random\n",
                             with_commas(report.bag_texts));
  }
  if (!options.vectors.empty()) {
    std::cerr << fmt::format("{} of the words have vectors in \"{}\"\n",
                             with_commas(report.vectors_found), options.vectors);
  }
}

// Takes a share of the texts, at random, out of the first and into the second.
LabelledTexts take_share(LabelledTexts& texts, double share, std::uint64_t seed) {
  const Random random(seed);
  LabelledTexts rest;
  LabelledTexts taken;
  for (std::size_t i = 0; i < texts.texts.size(); ++i) {
    constexpr std::uint64_t stream = 1ULL << 41U;
    const bool takes = random.uniform(stream, i) < static_cast<float>(share);
    LabelledTexts& to = takes ? taken : rest;
    to.texts.push_back(std::move(texts.texts[i]));
    to.labels.push_back(std::move(texts.labels[i]));
  }
  texts.texts = std::move(rest.texts);
  texts.labels = std::move(rest.labels);
  return taken;
}

void train(TrainOptions& options) {
  tasks::TextClassifierOptions& task = options.task;
  begin_training(options, task);
  LabelledTexts texts = read(options.file, options.columns);
  LabelledTexts test;
  if (!options.test_file.empty()) {
    test = read(options.test_file, options.columns);
    check_labels(test, options.test_file, different(texts.labels));
  } else if (options.test_fraction > 0.0) {
    test = take_share(texts, options.test_fraction, task.seed);
  }
  if (!options.validation_file.empty()) {
    LabelledTexts validation = read(options.validation_file, options.columns);
    check_labels(validation, options.validation_file, different(texts.labels));
    task.validation_texts = std::move(validation.texts);
    task.validation_labels = std::move(validation.labels);
  }
  if (!options.quiet) {
    std::cerr << fmt::format("texts from column \"{}\", labels from \"{}\"\n", texts.text_column,
                             texts.label_column);
    task.on_start = print_choices;
  }
  note_similar_labels(different(texts.labels));
  TrainingDisplay display(options, percent);
  task.progress = display.progress();
  const TextClassifier classifier = TextClassifier::train(texts.texts, texts.labels, task);
  display.line().finish();
  classifier.save(options.output);
  const ClassifierReport& report = classifier.report();
  if (!report.finished) end_stopped_training(options, report.epochs);
  const bool is_tested = !test.texts.empty();
  ClassifierScore score;
  if (is_tested) score = classifier.evaluate(test.texts, test.labels);
  if (options.json) {
    OrderedJson json;
    if (is_tested) {
      add_score(json, score, "test");
    } else {
      for (const char* key : {"test_accuracy", "naive_bayes_accuracy"}) json[key] = nullptr;
    }
    if (report.validation) json["validation_accuracy"] = report.validation->accuracy;
    json["seconds"] = report.seconds;
    json["epochs"] = report.epochs;
    json["best_epoch"] = report.best_epoch;
    json["texts"] = report.texts;
    json["vocabulary"] = report.vocabulary;
    json["weights"] = report.weights;
    add_fields(json, report.options);
    json["model"] = options.output;
    std::cout << json.dump() << '\n';
    return;
  }
  if (is_tested) {
    print_score(score, "test");
  } else if (report.validation) {
    print_score(*report.validation, "validation (it chose the epoch)");
  } else {
    std::cout << "No test texts: nothing is known of how good the model is.\n";
  }
  std::cout << fmt::format("\n{:.1f} s, best after epoch {:.3g} of {}\n", report.seconds,
                           report.best_epoch, report.options.epochs);
}

Job describe_train(CLI::App& app) {
  const auto options = std::make_shared<TrainOptions>();
  tasks::TextClassifierOptions& task = options->task;
  app.add_option("FILE", options->file, ".csv, .tsv or .jsonl with texts and labels")->required();
  add_output(app, *options);
  add_columns(app, options->columns);
  auto* test = app.add_option("--test", options->test_file, "texts that test the model");
  test->type_name("FILE");
  app.add_option("--test-fraction", options->test_fraction,
                 "share of the texts, at random, that tests it instead (0.1)")
      ->type_name("F")
      ->check(number_from(0.0, 0.9))
      ->excludes(test);
  app.add_option("--validation", options->validation_file,
                 "texts that choose the epoch (a tenth of the others, at most 20,000)")
      ->type_name("FILE");
  add_fields(app, task);
  add_program_options(app, *options);
  return [options] { train(*options); };
}

// ---- run

struct LabelOptions {
  std::string model;
  std::string file = "-";
  Columns columns;
  std::int64_t seed = 0;
  int threads = 0;
  bool no_words = false;
  bool json = false;
};

// The words that weighed most, at most so many.
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

// What speaks for the label in green, what against it in red; in bold what weighs more than half as
// much as the weightiest word.
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
  const LabelledTexts texts = read(options.file, options.columns, false);
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
  add_seed(app, options->seed);
  add_threads(app, options->threads);
  app.add_flag("--json", options->json, "an object of JSON for each text")->disable_flag_override();
  return [options] { label(*options); };
}

// ---- evaluate

struct EvaluateOptions {
  std::string model;
  std::string file;
  Columns columns;
  std::int64_t seed = 0;
  int threads = 0;
  bool strict = false;
  bool json = false;
};

void evaluate(const EvaluateOptions& options) {
  if (options.threads != 0) set_threads(options.threads);
  const TextClassifier classifier = TextClassifier::load(options.model);
  LabelledTexts texts = read(options.file, options.columns, true, !options.strict);
  if (texts.unlabelled > 0) {
    std::cerr << fmt::format(
        "note: {} rows of \"{}\" have no label and are left out (--strict refuses them)\n",
        with_commas(texts.unlabelled), options.file);
  }
  const UnknownLabels unknown =
      match_labels(texts, options.file, classifier.labels(), options.strict);
  leave_out(texts, options.file, unknown, classifier.labels());
  const ClassifierScore score = classifier.evaluate(texts.texts, texts.labels);
  if (options.json) {
    OrderedJson json;
    add_score(json, score, "test");
    json["left_out"] = texts_of(unknown) + texts.unlabelled;
    json["unknown_labels"] = unknown;
    std::cout << json.dump() << '\n';
    return;
  }
  print_score(score, "test");
}

Job describe_evaluate(CLI::App& app) {
  const auto options = std::make_shared<EvaluateOptions>();
  app.add_option("MODEL", options->model, "made by sentiment train")->required();
  app.add_option("FILE", options->file, ".csv, .tsv or .jsonl with texts and labels")->required();
  add_columns(app, options->columns);
  app.add_flag("--strict", options->strict,
               "refuses labels that were never learnt, and rows without one")
      ->disable_flag_override();
  add_seed(app, options->seed);
  add_threads(app, options->threads);
  app.add_flag("--json", options->json, "the figures as JSON")->disable_flag_override();
  return [options] { evaluate(*options); };
}

}  // namespace

Command sentiment_command() {
  constexpr std::string_view train_examples =
      "  chronicler sentiment train reviews.tsv -o reviews.keras\n"
      "  chronicler sentiment train reviews.csv --text review --label stars -o r.keras --json\n"
      "  chronicler sentiment train train.jsonl --test test.jsonl --vectors glove.6B.100d.txt -o "
      "r.keras\n";
  constexpr std::string_view run_examples =
      "  echo \"a delight\" | chronicler sentiment run reviews.keras\n"
      "  chronicler sentiment run reviews.keras new.csv --text review --no-words --json\n";
  constexpr std::string_view evaluate_examples =
      "  chronicler sentiment evaluate reviews.keras test.tsv\n";
  return {"sentiment",
          "a model that labels texts as you do",
          "  chronicler sentiment train reviews.tsv -o reviews.keras\n"
          "  echo \"a delight\" | chronicler sentiment run reviews.keras\n",
          nullptr,
          {{"train", "learns from labelled texts", train_examples, describe_train},
           {"run", "labels texts, and shows which words weighed most", run_examples, describe_run},
           {"evaluate", "how well the model labels other texts", evaluate_examples,
            describe_evaluate}}};
}

}  // namespace chronicler::cli
