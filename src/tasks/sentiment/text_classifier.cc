#include "chronicler/tasks/text_classifier.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "base/json.h"
#include "base/shuffle.h"
#include "chronicler/base/error.h"
#include "chronicler/base/random.h"
#include "chronicler/data/labelled_texts.h"
#include "chronicler/data/plain_text.h"
#include "chronicler/data/word_vectors.h"
#include "chronicler/formats/model_file.h"
#include "tasks/sentiment/choices.h"
#include "tasks/sentiment/parts.h"
#include "tasks/sentiment/text_reader.h"
#include "tasks/sentiment/training.h"
#include "tasks/shared/folds.h"

namespace chronicler::tasks {
namespace {

// Names of the assets.
constexpr const char* settings_asset = "text_classifier.json";
constexpr const char* reader_asset = "vocabulary.txt";
constexpr const char* bag_asset = "bag_of_words.bin";
constexpr const char* spelling_asset = "bag_of_spellings.bin";

// ---- texts as samples

// N-grams take many times the memory of their texts: of very many texts some teach a bag, drawn
// at random since files may be in order of labels.
constexpr double enough_for_words = 50e6;      // bytes
constexpr double enough_for_spellings = 10e6;  // of which a word has many

std::vector<bool> drawn_for_bag(const Texts& texts, double enough, std::uint64_t seed) {
  constexpr std::uint64_t stream = 1ULL << 42U;
  const auto bytes = static_cast<double>(bytes_of(texts));
  std::vector<bool> drawn(texts.size(), true);
  if (bytes <= enough) return drawn;
  const Random random(seed);
  for (std::size_t i = 0; i < texts.size(); ++i)
    drawn[i] = random.uniform(stream, i) < static_cast<float>(enough / bytes);
  return drawn;
}

Sample sample_of(const TextReader& reader, std::span<const TextPiece> pieces) {
  return {reader.ids(pieces), reader.wide(pieces)};
}

// Learns from some of the texts, and returns how many.
template <class BagOf>
std::pair<BagOfWords, std::int64_t> learnt_bag(const Texts& texts, const Labels& labels,
                                               std::int64_t classes, const std::vector<bool>& drawn,
                                               const BagOfWordsOptions& options,
                                               const BagOf& bag_of_text) {
  std::vector<Bag> bags;
  Labels their_labels;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!drawn[i]) continue;
    bags.push_back(bag_of_text(texts[i]));
    their_labels.push_back(labels[i]);
  }
  return {BagOfWords(bags, their_labels, classes, options), static_cast<std::int64_t>(bags.size())};
}

void take_vectors(const data::WordVectors& vectors, const TextReader& reader, Functional& model) {
  for (const LayerPtr& layer : model.layers()) {
    if (layer->class_name() != "Embedding") continue;
    float* table = layer->parameters()[0].value.as<float>();
    for (std::size_t i = 0; i < reader.words().size(); ++i) {
      const auto found = vectors.vectors.find(reader.words()[i]);
      if (found == vectors.vectors.end()) continue;
      std::copy(found->second.begin(), found->second.end(),
                table + static_cast<std::int64_t>(i + 2) * vectors.length);
    }
  }
}

std::int32_t best_of(std::span<const float> scores) {
  return static_cast<std::int32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

double share_right(std::span<const std::int32_t> predicted, const Labels& truth) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) right += predicted[i] == truth[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(truth.size(), 1));
}

}  // namespace

struct TextClassifier::Reader {
  TextReader text;
  std::vector<std::string> labels;
  std::int32_t most_frequent = 0;

  template <class Strings>
  ClassifierScore score(const Model& model, const Strings& texts, const Labels& truth) const {
    std::vector<Sample> samples;
    Labels bayes;
    Labels logistic;
    for (const std::string_view content : texts) {
      const std::vector<TextPiece> pieces = text.pieces(content);
      const Bag bag = text.bag(pieces);
      bayes.push_back(best_of(text.bag_of_words().naive_bayes(bag)));
      logistic.push_back(best_of(text.bag_of_words().logistic(bag)));
      samples.push_back({text.ids(pieces), {}});
      if (has_wide(model)) samples.back().wide = text.wide(pieces);
    }
    const auto predicted = log_probabilities(model, samples);
    ClassifierScore score;
    score.labels = labels;
    score.texts = static_cast<std::int64_t>(texts.size());
    score.confusion = data::ConfusionMatrix(static_cast<std::int64_t>(labels.size()));
    constexpr std::size_t bins = 10;
    std::array<double, bins> confidence{};
    std::array<double, bins> right{};
    for (std::size_t i = 0; i < predicted.size(); ++i) {
      const std::int32_t best = best_of(predicted[i]);
      score.confusion.add(truth[i], best);
      score.log_loss -= static_cast<double>(predicted[i][static_cast<std::size_t>(truth[i])]);
      const double sure =
          std::exp(static_cast<double>(predicted[i][static_cast<std::size_t>(best)]));
      const auto bin = std::min(static_cast<std::size_t>(sure * bins), bins - 1);
      confidence[bin] += sure;
      right[bin] += best == truth[i] ? 1.0 : 0.0;
    }
    const auto count = static_cast<double>(std::max<std::size_t>(predicted.size(), 1));
    for (std::size_t bin = 0; bin < bins; ++bin)
      score.calibration_error += std::abs(confidence[bin] - right[bin]) / count;
    score.log_loss /= count;
    score.accuracy = score.confusion.accuracy();
    score.macro_f1 = score.confusion.macro_f1();
    score.naive_bayes_accuracy = share_right(bayes, truth);
    score.logistic_accuracy = share_right(logistic, truth);
    score.majority_accuracy = share_right(Labels(truth.size(), most_frequent), truth);
    return score;
  }

  static bool has_wide(const Model& model) { return model.input_shapes().size() > 1; }

  Sample sample(const Model& model, std::span<const TextPiece> pieces) const {
    return has_wide(model) ? sample_of(text, pieces) : Sample{text.ids(pieces), {}};
  }

  void fill(TextLabel& result, const std::vector<float>& predicted) const {
    for (const float each : predicted) result.probabilities.push_back(std::exp(double{each}));
    const auto best = static_cast<std::size_t>(best_of(predicted));
    result.label = labels[best];
    result.probability = result.probabilities[best];
  }

  // Each word is made unknown in turn, wherever it occurs; characters one by one.
  std::vector<TextLabel::Word> words_of(const Model& model, const std::vector<TextPiece>& pieces,
                                        std::size_t label, double full) const {
    constexpr std::size_t most = 256;
    const bool by_place = text.level() == "char";
    std::map<std::string, std::size_t> rows;
    std::vector<std::size_t> row_of(pieces.size(), 0);
    std::vector<Sample> samples;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const std::string key = by_place ? fmt::format("{}", i) : pieces[i].text;
      const auto [found, is_new] = rows.emplace(key, rows.size());
      row_of[i] = found->second;
      if (!is_new || found->second >= most || pieces[i].begin == pieces[i].end) {
        if (is_new) samples.push_back(samples.empty() ? sample(model, pieces) : samples.front());
        continue;
      }
      std::vector<TextPiece> without = pieces;
      for (std::size_t j = 0; j < pieces.size(); ++j) {
        if (by_place ? j == i : pieces[j].text == pieces[i].text) without[j].text = "\xFF";
      }
      samples.push_back(sample(model, without));
    }
    const auto predicted = log_probabilities(model, samples);
    std::vector<TextLabel::Word> words;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (pieces[i].begin == pieces[i].end) continue;
      const double without = row_of[i] < most ? double{predicted[row_of[i]][label]} : full;
      words.push_back({pieces[i].begin, pieces[i].end, full - without});
    }
    return words;
  }
};

TextClassifier::TextClassifier(std::shared_ptr<const Reader> reader, std::shared_ptr<Model> model,
                               ClassifierReport report)
    : reader_(std::move(reader)), model_(std::move(model)), report_(std::move(report)) {}

const std::vector<std::string>& TextClassifier::labels() const { return reader_->labels; }

TextClassifier TextClassifier::train(std::span<const std::string> texts,
                                     std::span<const std::string> labels,
                                     TextClassifierOptions options) {
  const auto start = std::chrono::steady_clock::now();
  check(options);
  set_random_seed(options.seed);
  const LabelledParts parts = labelled_parts(texts, labels, options);
  const auto class_count = static_cast<std::int64_t>(parts.classes.size());
  choose(options, parts.train);
  auto reader =
      std::make_shared<Reader>(Reader{TextReader(parts.train, options), parts.classes, 0});
  std::vector<Sample> samples;
  for (const std::string_view text : parts.train)
    samples.push_back({reader->text.ids(reader->text.pieces(text)), {}});
  auto [bag, bag_texts] = learnt_bag(
      parts.train, parts.train_labels, class_count,
      drawn_for_bag(parts.train, enough_for_words, options.seed), {},
      [&](std::string_view text) { return reader->text.bag(reader->text.pieces(text)); });
  reader->text.set_bag_of_words(std::move(bag));
  if (reader->text.has_spellings()) {
    reader->text.set_bag_of_spellings(
        learnt_bag(parts.train, parts.train_labels, class_count,
                   drawn_for_bag(parts.train, enough_for_spellings, options.seed), {.min_count = 2},
                   [&](std::string_view text) {
                     return reader->text.spellings(reader->text.pieces(text));
                   })
            .first);
  }
  std::vector<Sample> validation;
  for (const std::string_view text : parts.validation)
    validation.push_back(sample_of(reader->text, reader->text.pieces(text)));

  ClassifierReport report;
  report.labels = parts.classes;
  report.label_counts = parts.label_counts();
  reader->most_frequent = static_cast<std::int32_t>(
      std::max_element(report.label_counts.begin(), report.label_counts.end()) -
      report.label_counts.begin());
  data::WordVectors vectors;
  if (!options.vectors.empty()) {
    vectors = data::read_word_vectors(options.vectors, reader->text.words());
    options.embedding = vectors.length;
    report.vectors_found = static_cast<std::int64_t>(vectors.vectors.size());
  }
  auto model = std::make_shared<Functional>(
      classifier_network(reader->text.vocabulary_size(), class_count, options, Scoring::each));
  if (report.vectors_found > 0) take_vectors(vectors, reader->text, *model);
  report.texts = static_cast<std::int64_t>(parts.train.size());
  report.bag_texts = bag_texts;
  report.validation_texts = static_cast<std::int64_t>(parts.validation.size());
  report.vocabulary = reader->text.vocabulary_size();
  report.weights = model->count_params();
  report.options = options;
  if (options.on_start) options.on_start(report);

  const ClassifierData data{samples, parts.train_labels, validation, parts.validation_labels,
                            parts.identity()};
  const double before =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const TaskRunResult run = train_classifier(*model, data, options);
  model = std::make_shared<Functional>(finished_network(
      *model, reader->text.vocabulary_size(), options, validation, parts.validation_labels));
  report.finished = run.is_finished;
  report.epochs = run.epochs;
  report.best_epoch = run.best_epoch;
  report.seconds = before + run.seconds;
  if (!validation.empty())
    report.validation = reader->score(*model, parts.validation, parts.validation_labels);
  report.options.on_start = {};
  report.options.progress = {};
  report.options.validation_texts.clear();
  report.options.validation_labels.clear();
  return {std::move(reader), std::move(model), std::move(report)};
}

TextLabel TextClassifier::run(std::string_view text, bool with_words) const {
  TextLabel result;
  result.text = reader_->text.plain(text);
  if (!data::has_text(text)) return result;
  const std::vector<TextPiece> pieces = reader_->text.pieces(result.text);
  const Sample sample = reader_->sample(*model_, pieces);
  const std::vector<float> predicted = log_probabilities(*model_, std::span(&sample, 1)).front();
  reader_->fill(result, predicted);
  if (!with_words) return result;
  const auto label = static_cast<std::size_t>(best_of(predicted));
  result.words = reader_->words_of(*model_, pieces, label, double{predicted[label]});
  return result;
}

std::vector<TextLabel> TextClassifier::run(std::span<const std::string> texts) const {
  std::vector<Sample> samples;
  std::vector<TextLabel> results(texts.size());
  std::vector<std::size_t> places;  // of texts that say anything
  for (std::size_t i = 0; i < texts.size(); ++i) {
    results[i].text = reader_->text.plain(texts[i]);
    if (!data::has_text(texts[i])) continue;
    places.push_back(i);
    samples.push_back(reader_->sample(*model_, reader_->text.pieces(results[i].text)));
  }
  if (samples.empty()) return results;
  const auto predicted = log_probabilities(*model_, samples);
  for (std::size_t i = 0; i < places.size(); ++i) reader_->fill(results[places[i]], predicted[i]);
  return results;
}

ClassifierScore TextClassifier::evaluate(std::span<const std::string> texts,
                                         std::span<const std::string> labels) const {
  if (texts.size() != labels.size() || texts.empty())
    throw Error(fmt::format("{} texts have {} labels", texts.size(), labels.size()));
  return reader_->score(*model_, texts, ids_of(plain_names(labels), reader_->labels));
}

std::vector<ClassifierScore> TextClassifier::cross_validate(std::span<const std::string> texts,
                                                            std::span<const std::string> labels,
                                                            const TextClassifierOptions& options,
                                                            std::int64_t folds) {
  check_folds(folds, options.resume, options.stop_after.has_value());
  if (texts.size() != labels.size())
    throw Error(fmt::format("{} texts have {} labels", texts.size(), labels.size()));
  const std::vector<std::int64_t> fold_of = folds_of_texts(labels, folds, options.seed);
  const auto score = [&](const TextClassifierOptions& own,
                         std::int64_t fold) -> std::optional<ClassifierScore> {
    data::LabelledTexts learnt;
    data::LabelledTexts tested;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      data::LabelledTexts& to = fold_of[i] == fold ? tested : learnt;
      to.texts.push_back(texts[i]);
      to.labels.push_back(labels[i]);
    }
    const TextClassifier classifier = train(learnt.texts, learnt.labels, own);
    if (!classifier.report().finished) return {};
    return classifier.evaluate(tested.texts, tested.labels);
  };
  return cross_validated<ClassifierScore>(options, folds, score);
}

void TextClassifier::save(const std::string& path) const {
  const Json settings{{"task", "sentiment"},       {"version", 1},
                      {"labels", reader_->labels}, {"most_frequent", reader_->most_frequent},
                      {"texts", report_.texts},    {"seed", report_.options.seed}};
  model_->assets()[settings_asset] = to_text(settings);
  model_->assets()[reader_asset] = reader_->text.bytes();
  model_->assets()[bag_asset] = reader_->text.bag_of_words().bytes();
  if (reader_->text.has_spellings())
    model_->assets()[spelling_asset] = reader_->text.bag_of_spellings().bytes();
  model_->save(path);
}

TextClassifier TextClassifier::load(const std::string& path) {
  std::shared_ptr<Model> model = load_model(path);
  const Assets& assets = model->assets();
  for (const char* name : {settings_asset, reader_asset, bag_asset}) {
    if (assets.contains(name)) continue;
    throw Error(fmt::format("\"{}\" is not a model that labels texts", path),
                "make one with chronicler sentiment train, or TextClassifier::train");
  }
  try {
    const Json json = parse_json(assets.at(settings_asset), "its settings");
    const JsonPlace place(json, "its settings");
    if (place["task"].text() != "sentiment") place["task"].refuse("\"sentiment\"");
    if (place["version"].whole() != 1)
      throw Error("it is of a newer Chronicler", "use a newer Chronicler");
    auto reader = std::make_shared<Reader>(Reader{TextReader(assets.at(reader_asset)), {}, 0});
    for (const JsonPlace& label : place["labels"].items()) reader->labels.push_back(label.text());
    reader->most_frequent = static_cast<std::int32_t>(place["most_frequent"].whole());
    reader->text.set_bag_of_words(BagOfWords::from_bytes(assets.at(bag_asset)));
    const auto classes = static_cast<std::int64_t>(reader->labels.size());
    bool fits =
        model->output_shape()[-1] == classes && reader->text.bag_of_words().classes() == classes;
    if (reader->text.has_spellings()) {
      const auto found = assets.find(spelling_asset);
      if (found == assets.end())
        throw Error("its bag of spellings is missing", "use another copy of the model");
      reader->text.set_bag_of_spellings(BagOfWords::from_bytes(found->second));
      fits = fits && reader->text.bag_of_spellings().classes() == classes;
    }
    if (fits && Reader::has_wide(*model)) {
      const auto width = static_cast<std::int64_t>(reader->text.wide({}).size());
      fits = model->input_shapes()[1] == Shape{None, width};
    }
    if (!fits) {
      throw Error(fmt::format("its network and its bags are not all of {} labels", classes),
                  "use another copy of the model");
    }
    ClassifierReport report;
    report.labels = reader->labels;
    report.texts = place["texts"].whole();
    report.vocabulary = reader->text.vocabulary_size();
    report.weights = model->count_params();
    return {std::move(reader), std::move(model), std::move(report)};
  } catch (const Error& error) {
    throw Error(fmt::format("cannot load \"{}\": {}", path, error.message()), error.hint());
  }
}

}  // namespace chronicler::tasks
