#include "chronicler/tasks/translator.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "chronicler/base/option_error.h"
#include "chronicler/base/random.h"
#include "chronicler/data/bleu.h"
#include "chronicler/data/chrf.h"
#include "chronicler/data/error_rate.h"
#include "chronicler/data/plain_text.h"
#include "chronicler/data/sentence_pairs.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/tasks/translation_memory.h"
#include "tasks/shared/folds.h"
#include "tasks/translate/network.h"
#include "tasks/translate/training.h"
#include "tasks/translate/vocabulary.h"
#include "tasks/translate/writing.h"

namespace chronicler::tasks {
namespace {

// Names of the assets.
constexpr const char* settings_asset = "translator.json";
constexpr const char* source_asset = "source_pieces.bin";
constexpr const char* target_asset = "target_pieces.bin";

constexpr std::size_t least_pairs = 10;

using Texts = std::span<const std::string>;

// ---- what is chosen from the pairs

bool are_single_words(Texts texts) {
  std::size_t with_spaces = 0;
  for (const std::string& text : texts) with_spaces += text.find(' ') != std::string::npos ? 1 : 0;
  return with_spaces * 20 < texts.size();
}

// As with sounds: few different words, each of which occurs often.
bool has_few_words(Texts texts) {
  constexpr std::size_t few = 300;
  std::set<std::string_view> different;
  std::size_t count = 0;
  for (const std::string& text : texts) {
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      different.insert(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      ++count;
    }
    if (different.size() > few) return false;
  }
  return count > 20 * different.size();
}

void choose_levels(TranslatorOptions& options, Texts sources, Texts targets) {
  const auto choose = [&](std::string& level, const char* usual) {
    if (level.empty()) level = usual;
  };
  const bool single = are_single_words(sources);
  choose(options.source_level, single ? "char" : "subword");
  choose(options.target_level, has_few_words(targets)                ? "word"
                               : single && are_single_words(targets) ? "char"
                                                                     : "subword");
}

void choose_sizes(TranslatorOptions& options, double pieces) {
  const bool symbols = options.source_level != "subword" && options.target_level != "subword";
  if (options.embedding == 0) options.embedding = symbols ? 64 : pieces < 1e5 ? 128 : 256;
  if (options.units == 0) options.units = pieces < 1e5 ? 96 : 256;
  if (options.layers == 0) options.layers = symbols ? 2 : 1;
  if (!options.dropout) options.dropout = symbols ? 0.3 : 0.4;
  if (options.batch_pieces == 0) options.batch_pieces = pieces < 1e5 ? 500 : 2'000;
  if (options.learning_rate == 0.0) options.learning_rate = 2e-3;
  if (options.epochs == 0.0 && options.max_seconds == 0.0)
    options.epochs = std::clamp(20e6 / std::max(pieces, 1.0), 8.0, 60.0);
}

std::int64_t chosen_vocabulary(Texts sources) {
  // Some thousand; few texts do not have as many.
  std::size_t bytes = 0;
  for (const std::string& text : sources) bytes += text.size();
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(bytes) / 60, 400, 5'000);
}

void check(const TranslatorOptions& options) {
  check_fields("Translator", options);
  if (options.validation_sources.size() != options.validation_targets.size()) {
    throw Error(fmt::format("{} validation sources have {} targets",
                            options.validation_sources.size(), options.validation_targets.size()));
  }
  if (options.resume && options.checkpoint.empty())
    throw Error("a run can only be resumed from a checkpoint", "give the checkpoint's file");
}

// Whether a source is held out to validate: all pairs of one source are, or none.
bool is_held_out(std::string_view source, double fraction) {
  const std::uint64_t hash = fnv_after(fnv_start, source);
  // Not its lowest bits, by which the user may have cut already.
  constexpr std::uint64_t parts = 10'000;
  return static_cast<double>((hash >> 20U) % parts) < fraction * static_cast<double>(parts);
}

std::vector<IdPair> id_pairs(const TranslationVocabulary& vocabulary, Texts sources, Texts targets,
                             std::size_t longest, std::int64_t& too_long) {
  std::vector<IdPair> pairs;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    IdPair pair{vocabulary.source_ids(sources[i]), vocabulary.target_ids(targets[i])};
    const std::size_t most = std::max(pair.source.size(), pair.target.size() + 1);
    if (most > longest) {
      ++too_long;
    } else {
      pairs.push_back(std::move(pair));
    }
  }
  return pairs;
}

}  // namespace

struct Translator::Parts {
  TranslationVocabulary vocabulary;
  std::shared_ptr<Model> model;  // the whole
  TranslationWriter writer;

  Parts(TranslationVocabulary words, std::shared_ptr<Model> whole)
      : vocabulary(std::move(words)),
        model(std::move(whole)),
        writer(TranslationLayers::of(*model)) {}

  Translation translation(std::string_view source, const WrittenIds& written) const {
    Translation result;
    result.log_probability = written.log_probability;
    result.ended = written.ended;
    for (const PieceId id : vocabulary.source_ids(source))
      result.unknown += vocabulary.is_unknown_source(id) ? 1 : 0;
    result.source_pieces = vocabulary.source_pieces(source);
    result.attention = written.attention;
    const std::size_t width = result.source_pieces.size();
    for (std::size_t i = 0; i < written.ids.size(); ++i) {
      if (!vocabulary.is_unknown_target(written.ids[i])) {
        result.target_pieces.push_back(vocabulary.target_piece(written.ids[i]));
        continue;
      }
      // What has no word is copied from where the network looked, the end left out.
      const auto row = written.attention.begin() + static_cast<std::ptrdiff_t>(i * width);
      const auto best =
          width < 2 ? row : std::max_element(row, row + static_cast<std::ptrdiff_t>(width) - 1);
      result.target_pieces.push_back(result.source_pieces[static_cast<std::size_t>(best - row)]);
    }
    result.text = TranslationVocabulary::text(result.target_pieces);
    return result;
  }
};

Translator::Translator(std::shared_ptr<const Parts> parts, TranslatorReport report)
    : parts_(std::move(parts)), report_(std::move(report)) {}

const Model& Translator::model() const { return *parts_->model; }

Translator Translator::train(Texts sources, Texts targets, TranslatorOptions options) {
  const auto start = std::chrono::steady_clock::now();
  check(options);
  set_random_seed(options.seed);
  if (sources.size() != targets.size())
    throw Error(fmt::format("{} sources have {} targets", sources.size(), targets.size()));
  std::vector<std::string> train_sources;
  std::vector<std::string> train_targets;
  std::vector<std::string> held_sources;
  std::vector<std::string> held_targets;
  const auto take = [](std::string_view source, std::string_view target, auto& to_sources,
                       auto& to_targets) {
    to_sources.push_back(data::plain_line(source));
    to_targets.push_back(data::plain_line(target));
  };
  for (std::size_t i = 0; i < options.validation_sources.size(); ++i)
    take(options.validation_sources[i], options.validation_targets[i], held_sources, held_targets);
  const double fraction = held_sources.empty() ? options.validation_fraction : 0.0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const bool is_held = is_held_out(data::plain_line(sources[i]), fraction);
    take(sources[i], targets[i], is_held ? held_sources : train_sources,
         is_held ? held_targets : train_targets);
  }
  if (train_sources.size() < least_pairs) {
    throw Error(fmt::format("too few pairs to learn from: {}", train_sources.size()),
                fmt::format("give at least {}; a translator needs some ten thousand", least_pairs));
  }
  choose_levels(options, train_sources, train_targets);
  if (options.vocabulary > 0 && options.source_level != "subword" &&
      options.target_level != "subword") {
    throw OptionError("{vocabulary} is how many sub-words there are, and neither side is read so",
                      "leave {vocabulary} out, or give {source_level} subword");
  }
  if (options.vocabulary == 0) options.vocabulary = chosen_vocabulary(train_sources);
  if (options.longest == 0) options.longest = 128;
  TranslationVocabulary vocabulary(options.source_level, options.target_level, train_sources,
                                   train_targets, options.vocabulary);
  TranslatorReport report;
  const auto longest = static_cast<std::size_t>(options.longest);
  const std::vector<IdPair> train =
      id_pairs(vocabulary, train_sources, train_targets, longest, report.too_long);
  std::int64_t left_out = 0;
  const std::vector<IdPair> held =
      id_pairs(vocabulary, held_sources, held_targets, longest, left_out);
  if (train.empty()) {
    throw Error(fmt::format("every pair has more than {} pieces on a side", options.longest),
                "allow longer ones");
  }
  double pieces = 0.0;
  for (const IdPair& pair : train)
    pieces += static_cast<double>(pair.source.size() + pair.target.size() + 1);
  choose_sizes(options, pieces);
  const TranslationLayers layers = TranslationLayers::make(vocabulary.size(), options);
  auto model = std::make_shared<Functional>(TranslationLayers::whole_model({&layers, 1}));
  report.options = options;
  report.pairs = static_cast<std::int64_t>(train.size());
  report.validation_pairs = static_cast<std::int64_t>(held.size());
  report.vocabulary = vocabulary.size();
  report.weights = model->count_params() * options.networks;
  if (options.on_start) options.on_start(report);
  const double before =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const TrainedTranslation trained =
      train_translation(model, vocabulary.size(), {train, held}, options);
  const TaskRunResult& run = trained.run;
  report.finished = run.is_finished;
  report.epochs = run.epochs;
  report.best_epoch = run.best_epoch;
  report.seconds = before + run.seconds;
  report.pieces_per_second = run.items_per_second;
  report.validation_nats = run.best_error;
  report.options.on_start = {};
  report.options.progress = {};
  report.options.validation_sources.clear();
  report.options.validation_targets.clear();
  return {std::make_shared<Parts>(std::move(vocabulary), trained.model), std::move(report)};
}

Translation Translator::run(std::string_view text, const TranslateOptions& options) const {
  const std::string own(text);
  return run(std::span(&own, 1), options).front();
}

std::vector<Translation> Translator::run(Texts texts, const TranslateOptions& options) const {
  check_fields("Translator", options);
  std::vector<Translation> results(texts.size());
  std::vector<std::string> lines;
  std::vector<std::size_t> places;  // of texts that say anything: nothing is translated to nothing
  std::vector<std::vector<PieceId>> ids;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!data::has_text(texts[i])) continue;
    places.push_back(i);
    lines.push_back(parts_->vocabulary.source_line(texts[i]));
    ids.push_back(parts_->vocabulary.source_ids(lines.back()));
  }
  if (ids.empty()) return results;
  const std::vector<WrittenIds> written = parts_->writer.write(ids, options);
  for (std::size_t i = 0; i < places.size(); ++i)
    results[places[i]] = parts_->translation(lines[i], written[i]);
  return results;
}

TranslatorScore Translator::evaluate(Texts sources,
                                     std::span<const std::vector<std::string>> references,
                                     const TranslateOptions& options) const {
  if (sources.size() != references.size() || sources.empty()) {
    throw Error(fmt::format("{} sources have references of {}", sources.size(), references.size()));
  }
  const auto start = std::chrono::steady_clock::now();
  const std::vector<Translation> translations = run(sources, options);
  TranslatorScore score;
  std::vector<std::vector<std::string>> plain_references(references.size());
  for (std::size_t i = 0; i < references.size(); ++i) {
    for (const std::string& text : references[i])
      plain_references[i].push_back(data::plain_line(text));
  }
  score.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  data::EditCounts errors;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::string text = data::plain_line(translations[i].text);
    score.translations.push_back(text);
    score.cut_off += translations[i].ended ? 0 : 1;
    score.unknown += translations[i].unknown;
    const std::vector<std::string>& right = plain_references[i];
    score.exact += std::find(right.begin(), right.end(), text) != right.end() ? 1.0 : 0.0;
    data::EditCounts nearest = data::word_errors(right.front(), text);
    for (const std::string& reference : right) {
      const data::EditCounts other = data::word_errors(reference, text);
      if (other.rate() < nearest.rate()) nearest = other;
    }
    errors += nearest;
  }
  const data::BleuScore bleu = data::corpus_bleu(score.translations, plain_references);
  score.bleu = bleu.score;
  score.bleu_signature = bleu.to_string();
  score.chrf = data::corpus_chrf(score.translations, plain_references);
  score.sentences = static_cast<std::int64_t>(sources.size());
  score.exact /= static_cast<double>(sources.size());
  score.word_error = errors.rate();
  score.copy_bleu = data::corpus_bleu(sources, plain_references).score;
  return score;
}

std::vector<TranslatorScore> Translator::cross_validate(Texts sources, Texts targets,
                                                        const TranslatorOptions& options,
                                                        std::int64_t folds) {
  check_folds(folds, options.resume, options.stop_after.has_value());
  if (sources.size() != targets.size())
    throw Error(fmt::format("{} sources have {} targets", sources.size(), targets.size()));
  std::vector<std::string> lines;
  for (const std::string& source : sources) lines.push_back(data::plain_line(source));
  const std::vector<std::int64_t> fold_of = folds_by_key(lines, folds, options.seed, "sources");
  const auto score = [&](const TranslatorOptions& own,
                         std::int64_t fold) -> std::optional<TranslatorScore> {
    data::SentencePairs learnt;
    data::SentencePairs tested;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      data::SentencePairs& to = fold_of[i] == fold ? tested : learnt;
      to.sources.push_back(sources[i]);
      to.targets.push_back(targets[i]);
    }
    const Translator translator = train(learnt.sources, learnt.targets, own);
    if (!translator.report().finished) return {};
    const auto [texts, references] = data::by_source(tested);
    TranslatorScore result = translator.evaluate(texts, references);
    const TranslationMemory memory(learnt.sources, learnt.targets);
    result.memory_bleu = data::corpus_bleu(memory.run(texts), references).score;
    return result;
  };
  return cross_validated<TranslatorScore>(options, folds, score);
}

void Translator::save(const std::string& path) const {
  const Json settings{{"task", "translate"},
                      {"version", 1},
                      {"source_level", report_.options.source_level},
                      {"target_level", report_.options.target_level},
                      {"pairs", report_.pairs},
                      {"seed", report_.options.seed}};
  Assets& assets = parts_->model->assets();
  assets[settings_asset] = to_text(settings);
  assets[source_asset] = parts_->vocabulary.source_bytes();
  assets[target_asset] = parts_->vocabulary.target_bytes();
  parts_->model->save(path);
}

Translator Translator::load(const std::string& path) {
  std::shared_ptr<Model> model = load_model(path);
  const Assets& assets = model->assets();
  for (const char* name : {settings_asset, source_asset, target_asset}) {
    if (assets.contains(name)) continue;
    throw Error(fmt::format("\"{}\" is not a model that translates", path),
                "make one with chronicler translate train, or Translator::train");
  }
  try {
    const Json json = parse_json(assets.at(settings_asset), "its settings");
    const JsonPlace place(json, "its settings");
    if (place["task"].text() != "translate") place["task"].refuse("\"translate\"");
    if (place["version"].whole() != 1)
      throw Error("it is of a newer Chronicler", "use a newer Chronicler");
    TranslationVocabulary vocabulary(assets.at(source_asset), assets.at(target_asset));
    if (model->output_shapes()[0][-1] != vocabulary.size()) {
      throw Error(fmt::format("its vocabulary has {} pieces, its network {}", vocabulary.size(),
                              model->output_shapes()[0][-1]),
                  "use another copy of the model");
    }
    TranslatorReport report;
    report.options.source_level = place["source_level"].text();
    report.options.target_level = place["target_level"].text();
    report.options.seed = static_cast<std::uint64_t>(place["seed"].whole());
    report.pairs = place["pairs"].whole();
    report.vocabulary = vocabulary.size();
    report.weights = model->count_params();
    return {std::make_shared<Parts>(std::move(vocabulary), std::move(model)), std::move(report)};
  } catch (const Error& error) {
    throw Error(fmt::format("cannot load \"{}\": {}", path, error.message()), error.hint());
  }
}

}  // namespace chronicler::tasks
