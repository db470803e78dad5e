#include "chronicler/tasks/text_generator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "chronicler/base/option_error.h"
#include "chronicler/base/runtime.h"
#include "chronicler/data/plain_text.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/model/stream.h"
#include "data/utf8.h"
#include "tasks/generate/baselines.h"
#include "tasks/generate/text_folds.h"
#include "tasks/generate/training.h"
#include "tasks/shared/folds.h"

namespace chronicler::tasks {
namespace {

using Id = data::Pieces::Id;

// Names of the assets.
constexpr const char* settings_asset = "text_generator.json";
constexpr const char* pieces_asset = "pieces.txt";

constexpr std::int64_t cold_steps = 256;
constexpr std::int64_t least_characters = 200;

// ---- what is chosen from the text

// Characters a second that one core trains of a model with a million weights; half the speed of the
// slowest machine that it was measured on, so that what is chosen for a time fits into it.
constexpr double characters_of_a_million_weights = 12'000.0;

// Of the LSTMs, one above the other.
double weights_of(const TextGeneratorOptions& options, double units) {
  const auto embedding = static_cast<double>(options.embedding);
  const auto more_layers = static_cast<double>(options.layers - 1);
  return 4.0 * units * (units + embedding) + more_layers * 8.0 * units * units;
}

double epochs_within(const TextGeneratorOptions& options, double characters, double units) {
  const double millions = weights_of(options, units) / 1e6;
  const double speed = characters_of_a_million_weights * Runtime::global().threads() / millions;
  return options.max_seconds / static_cast<double>(options.networks) * speed / characters;
}

std::int64_t chosen_units(const TextGeneratorOptions& options, double characters) {
  if (characters < 20'000.0) return 64;
  if (characters < 300'000.0) return 128;
  // Twice the units need four times the work: only where there is time for many rounds.
  constexpr double many_rounds = 10.0;
  return epochs_within(options, characters, 512.0) >= many_rounds ? 512 : 256;
}

double chosen_epochs(double characters) { return std::clamp(8e6 / characters, 1.0, 60.0); }

// The oftener a text is read, the more has to be left out to learn what holds beyond it; but a
// network with far fewer weights than the text has characters cannot learn it by heart.
double chosen_dropout(double epochs, double units, double characters_of_a_weight) {
  if (epochs < 2.5 || characters_of_a_weight > 8.0) return 0.0;
  if (epochs < 12.0) return units > 300.0 ? 0.3 : 0.25;
  return units > 300.0 ? 0.5 : 0.35;
}

void choose(TextGeneratorOptions& options, double characters) {
  if (options.layers == 0) options.layers = 2;
  if (options.embedding == 0) options.embedding = options.level == "char" ? 64 : 256;
  if (options.units == 0) options.units = chosen_units(options, characters);
  // Many small steps learn more from the same text than few large ones.
  if (options.batch_size == 0) options.batch_size = characters < 20'000.0 ? 8 : 12;
  if (options.steps == 0) options.steps = 64;
  if (options.learning_rate == 0.0) options.learning_rate = options.units > 300 ? 4e-3 : 8e-3;
  const bool timed = options.max_seconds > 0.0;
  if (options.epochs == 0.0 && !timed) options.epochs = chosen_epochs(characters);
  if (!options.dropout) {
    const auto units = static_cast<double>(options.units);
    const double epochs = timed ? epochs_within(options, characters, units) : options.epochs;
    options.dropout = chosen_dropout(epochs, units, characters / weights_of(options, units));
  }
}

// Bytes and characters are sub-words too, and some must be left for more than one character.
std::int64_t chosen_vocabulary(std::string_view text, double characters) {
  constexpr std::int64_t bytes_and_merges = 258 + 100;
  const std::int64_t least = data::Pieces::characters(text).size() + bytes_and_merges;
  return std::max(
      std::clamp<std::int64_t>(static_cast<std::int64_t>(std::sqrt(characters)), 256, 8000), least);
}

void check(const TextGeneratorOptions& options) {
  check_fields("TextGenerator", options);
  if (options.vocabulary > 0 && options.level == "char") {
    throw OptionError("{vocabulary} is how many sub-words there are, and characters are read",
                      "leave {vocabulary} out, or give {level} subword");
  }
  if (options.resume && options.checkpoint.empty())
    throw Error("a run can only be resumed from a checkpoint", "give the checkpoint's file");
}

// ---- parts of the text

struct Parts {
  std::string_view train;
  std::string_view validation;
};

// Cuts after the given share of the characters, never inside of one.
Parts parts_of(std::string_view text, const TextGeneratorOptions& options) {
  if (!options.validation_text.empty()) return {text, options.validation_text};
  const auto size = static_cast<double>(text.size());
  constexpr double enough = 1e6;
  const double validation = options.validation_fraction ? size * *options.validation_fraction
                                                        : std::min(0.1 * size, enough);
  auto border = static_cast<std::size_t>(size - validation);
  while (border > 0 && border < text.size() &&
         (static_cast<unsigned char>(text[border]) & 0xC0U) == 0x80)
    --border;
  return {text.substr(0, border), text.substr(border)};
}

TextScore score(const Model& model, const data::Pieces& pieces, std::string_view text,
                const TextScoreOptions& options = {}) {
  const std::vector<Id> ids = pieces.ids(text);
  TextScore result;
  result.characters = data::count_characters(text);
  result.pieces = static_cast<std::int64_t>(ids.size());
  result.unknown = std::count(ids.begin(), ids.end(), Id{0});
  if (ids.size() < 2) {
    throw Error(fmt::format("a text of {} is too short to be scored",
                            ids.empty() ? "no characters" : "one piece"),
                "give a longer text");
  }
  // The first piece has nothing before it, and is not predicted.
  const double predicted = static_cast<double>(result.characters) *
                           static_cast<double>(ids.size() - 1) / static_cast<double>(ids.size());
  result.nats = contiguous_nats(model, ids) / predicted;
  result.cold_nats = cold_nats(model, ids, cold_steps) / predicted;
  result.bits = result.nats / std::numbers::ln2;
  result.perplexity = std::exp(result.nats);
  if (options.adapt) {
    const AdaptOptions how{options.learning_rate, options.decay, options.steps};
    result.adapted_nats = adapted_nats(model, ids, how) / predicted;
  }
  return result;
}

// ---- assets

Json score_to_json(const TextScore& score) {
  return {{"nats", score.nats},
          {"cold_nats", score.cold_nats},
          {"characters", score.characters},
          {"pieces", score.pieces},
          {"unknown", score.unknown}};
}

std::string settings_text(const GeneratorReport& report) {
  Json json{{"task", "generate"},
            {"version", 1},
            {"level", report.options.level},
            {"seed", report.options.seed},
            {"epochs", report.epochs},
            {"seconds", report.seconds},
            {"characters", report.characters},
            {"ngram_nats", report.ngram_nats},
            {"ngram_order", report.ngram_order},
            {"uniform_nats", report.uniform_nats}};
  if (report.validation) json["validation"] = score_to_json(*report.validation);
  return to_text(json);
}

GeneratorReport report_from(const std::string& text, const Model& model,
                            const data::Pieces& pieces) {
  const Json json = parse_json(text, "its settings");
  const JsonPlace place(json, "its settings");
  if (place["task"].text() != "generate") place["task"].refuse("\"generate\"");
  if (place["version"].whole() != 1)
    throw Error("it is of a newer Chronicler", "use a newer Chronicler");
  GeneratorReport report;
  report.options.level = place["level"].text();
  report.options.seed = static_cast<std::uint64_t>(place["seed"].whole());
  report.epochs = place["epochs"].number();
  report.seconds = place["seconds"].number();
  report.characters = place["characters"].whole();
  report.ngram_nats = place["ngram_nats"].number();
  report.ngram_order = static_cast<int>(place["ngram_order"].whole());
  report.uniform_nats = place["uniform_nats"].number();
  if (const auto validation = place.find("validation")) {
    TextScore score;
    score.nats = (*validation)["nats"].number();
    score.cold_nats = (*validation)["cold_nats"].number();
    score.characters = (*validation)["characters"].whole();
    score.pieces = (*validation)["pieces"].whole();
    score.unknown = (*validation)["unknown"].whole();
    score.bits = score.nats / std::numbers::ln2;
    score.perplexity = std::exp(score.nats);
    report.validation = score;
  }
  report.weights = model.count_params();
  report.vocabulary = pieces.size();
  return report;
}

// Shows what is written as whole characters, and nothing from a stop text on.
class Writer {
 public:
  explicit Writer(const RunOptions& options) : options_(options) {}

  // False: the text has come to its end.
  bool add(std::string_view piece) {
    const std::size_t searched =
        text_.size() - std::min(text_.size(), options_.stop.empty() ? 0 : options_.stop.size() - 1);
    text_ += piece;
    if (!options_.stop.empty()) {
      const std::size_t at = text_.find(options_.stop, searched);
      if (at != std::string::npos) {
        text_.resize(at);
        show(at);
        return false;
      }
    }
    const std::size_t held = options_.stop.empty() ? 0 : options_.stop.size() - 1;
    return show(text_.size() - std::min(text_.size(), held)) && characters_ < options_.length;
  }
  std::string take() {
    show(text_.size());
    text_.resize(shown_);
    return std::move(text_);
  }

 private:
  // Shows up to `end`, but not the first part of a character whose rest is yet to come.
  bool show(std::size_t end) {
    const std::size_t begin = shown_;
    while (shown_ < end && characters_ < options_.length) {
      const std::size_t length = data::utf8_length(std::string_view(text_).substr(shown_));
      if (length == 0) {
        if (text_.size() - shown_ < 4) break;
        text_.erase(shown_, 1);  // a byte that no character has
        end = std::min(end, text_.size());
        continue;
      }
      shown_ += length;
      ++characters_;
    }
    if (shown_ == begin || !options_.on_text) return true;
    return options_.on_text(std::string_view(text_).substr(begin, shown_ - begin));
  }

  const RunOptions& options_;
  std::string text_;
  std::size_t shown_ = 0;
  std::int64_t characters_ = 0;
};

}  // namespace

TextGenerator::TextGenerator(data::Pieces pieces, std::shared_ptr<Model> model,
                             GeneratorReport report)
    : pieces_(std::move(pieces)), model_(std::move(model)), report_(std::move(report)) {}

TextGenerator TextGenerator::train(std::string_view written, TextGeneratorOptions options) {
  check(options);
  set_random_seed(options.seed);
  // Held twice only if it has to be.
  std::string plain = data::plain_text(written);
  std::string_view text = written;
  if (plain == written) {
    plain = {};
  } else {
    text = plain;
  }
  data::make_plain(options.validation_text);
  const Parts parts = parts_of(text, options);
  if (!data::has_text(parts.train))
    throw Error("the text holds nothing but spaces", "give a text with words in it");
  GeneratorReport report;
  report.characters = data::count_characters(parts.train);
  if (report.characters < least_characters) {
    throw Error(fmt::format("{} characters to learn from are too few, at least {} are needed",
                            report.characters, least_characters),
                "give a longer text; some hundred thousand characters make a good model");
  }
  const auto characters = static_cast<double>(report.characters);
  choose(options, characters);
  if (options.level == "subword" && options.vocabulary == 0) {
    options.vocabulary = chosen_vocabulary(parts.train, characters);
  }
  const data::Pieces pieces = options.level == "char"
                                  ? data::Pieces::characters(parts.train)
                                  : data::Pieces::subwords(parts.train, options.vocabulary);
  const std::vector<Id> train = pieces.ids(parts.train);
  const std::vector<Id> validation = pieces.ids(parts.validation);
  // A short text is read in fewer and shorter passages, so that each is longer than a batch.
  const auto size = static_cast<std::int64_t>(train.size());
  while (options.batch_size > 1 && size / options.batch_size < 4 * options.steps)
    options.batch_size /= 2;
  options.steps = std::min(options.steps, std::max<std::int64_t>(size / 4, 1));

  const TextBaselines baselines = baselines_of(parts.train, parts.validation);
  report.ngram_nats = baselines.ngram_nats;
  report.ngram_order = baselines.ngram_order;
  report.uniform_nats = baselines.uniform_nats;
  auto model = std::make_shared<Functional>(language_model(pieces.size(), options, 0));
  const LanguageData data{train, validation, static_cast<double>(size) / characters,
                          validation.empty()
                              ? 1.0
                              : static_cast<double>(data::count_characters(parts.validation)) /
                                    static_cast<double>(validation.size())};
  report.weights = model->count_params() * options.networks;
  report.vocabulary = pieces.size();
  report.validation_characters = data::count_characters(parts.validation);
  report.options = options;
  if (options.on_start) options.on_start(report);
  const TrainedLanguageModel trained = train_language_model(model, data, options);
  model = trained.model;
  const TaskRunResult& run = trained.run;
  report.finished = run.is_finished;
  report.epochs = run.epochs;
  report.best_epoch = run.best_epoch;
  report.seconds = run.seconds;
  report.characters_per_second = run.items_per_second;
  if (run.is_finished && validation.size() > 1)
    report.validation = score(*model, pieces, parts.validation);
  report.options.validation_text.clear();
  report.options.on_start = {};
  report.options.progress = {};
  return {pieces, std::move(model), std::move(report)};
}

TextScore TextGenerator::evaluate(std::string_view text, const TextScoreOptions& options) const {
  check_fields("TextGenerator", options);
  return score(*model_, pieces_, data::plain_text(text, pieces_.unplain()), options);
}

std::vector<GeneratorFold> TextGenerator::cross_validate(std::string_view text,
                                                         const TextGeneratorOptions& options,
                                                         std::int64_t folds) {
  check_folds(folds, options.resume, options.stop_after.has_value());
  const TextFolds parts(text, folds, options.seed);
  return cross_validated<GeneratorFold>(
      options, folds,
      [&](const TextGeneratorOptions& own, std::int64_t fold) -> std::optional<GeneratorFold> {
        const TextFold part = parts.fold(fold);
        const TextGenerator writer = train(part.learnt, own);
        if (!writer.report().finished) return {};
        const TextBaselines baselines = baselines_of(part.learnt, part.tested);
        return GeneratorFold{writer.evaluate(part.tested), baselines.ngram_nats,
                             baselines.uniform_nats};
      });
}

std::string TextGenerator::run(const RunOptions& given) const {
  RunOptions options = given;
  options.prompt = data::plain_text(given.prompt, pieces_.unplain());
  options.stop = data::plain_text(given.stop, pieces_.unplain());
  check_fields("TextGenerator", options);
  decoding::Sampler sampler(options.sampling);
  Stream live = model_->stream({.weights = options.weights});
  std::vector<float> scores(static_cast<std::size_t>(live.outputs()));
  const auto step = [&](Id id) {
    const float number = id;
    live.step(std::span(&number, 1), scores);
  };
  // Unknown characters of the prompt are passed over; without any other a line begins.
  bool warm = false;
  const std::string start = options.prompt.empty() ? "\n" : options.prompt;
  for (const Id id : pieces_.ids(start)) {
    if (id == 0) continue;
    step(id);
    warm = true;
  }
  if (!warm) step(1);
  Writer writer(options);
  while (options.length > 0) {
    scores[0] = -std::numeric_limits<float>::infinity();
    const auto id = static_cast<Id>(sampler.choose(scores));
    if (!writer.add(pieces_.text(id))) break;
    step(id);
  }
  return writer.take();
}

void TextGenerator::save(const std::string& path) const {
  model_->assets()[settings_asset] = settings_text(report_);
  model_->assets()[pieces_asset] = pieces_.bytes();
  model_->save(path);
}

TextGenerator TextGenerator::load(const std::string& path) {
  std::shared_ptr<Model> model = load_model(path);
  const Assets& assets = model->assets();
  const auto settings = assets.find(settings_asset);
  const auto vocabulary = assets.find(pieces_asset);
  if (settings == assets.end() || vocabulary == assets.end()) {
    throw Error(fmt::format("\"{}\" is not a model that writes text", path),
                "make one with chronicler generate train, or TextGenerator::train");
  }
  try {
    data::Pieces pieces = data::Pieces::from_bytes(vocabulary->second);
    const std::int64_t scores = model->output_shape()[-1];
    if (scores != pieces.size()) {
      throw Error(
          fmt::format("its vocabulary has {} pieces, its network {}", pieces.size(), scores),
          "use another copy of the model");
    }
    GeneratorReport report = report_from(settings->second, *model, pieces);
    return {std::move(pieces), std::move(model), std::move(report)};
  } catch (const Error& error) {
    throw Error(fmt::format("cannot load \"{}\": {}", path, error.message()), error.hint());
  }
}

std::string_view longest_copy(std::string_view text, std::string_view original) {
  // Suffix automaton of the text (Blumer et al. 1985), through which the original runs once.
  struct State {
    std::unordered_map<char, std::size_t> next;
    std::size_t link = std::string_view::npos;
    std::size_t length = 0;
    std::size_t end = 0;
  };
  constexpr std::size_t none = std::string_view::npos;
  std::vector<State> states(1);
  std::size_t last = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t current = states.size();
    states.push_back({{}, none, states[last].length + 1, i + 1});
    std::size_t p = last;
    for (; p != none && !states[p].next.contains(text[i]); p = states[p].link)
      states[p].next[text[i]] = current;
    if (p == none) {
      states[current].link = 0;
    } else {
      const std::size_t q = states[p].next[text[i]];
      if (states[p].length + 1 == states[q].length) {
        states[current].link = q;
      } else {
        const std::size_t copy = states.size();
        State split = states[q];
        split.length = states[p].length + 1;
        states.push_back(std::move(split));
        for (; p != none && states[p].next[text[i]] == q; p = states[p].link)
          states[p].next[text[i]] = copy;
        states[q].link = copy;
        states[current].link = copy;
      }
    }
    last = current;
  }
  std::size_t at = 0;
  std::size_t length = 0;
  std::size_t best = 0;
  std::size_t best_end = 0;
  for (const char c : original) {
    while (at != 0 && !states[at].next.contains(c)) {
      at = states[at].link;
      length = states[at].length;
    }
    if (const auto found = states[at].next.find(c); found != states[at].next.end()) {
      at = found->second;
      ++length;
    } else {
      length = 0;
    }
    if (length > best) {
      best = length;
      best_end = states[at].end;
    }
  }
  return text.substr(best_end - best, best);
}

}  // namespace chronicler::tasks
