#include "tasks/sentiment/choices.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chronicler/base/option_error.h"
#include "tasks/sentiment/text_reader.h"

namespace chronicler::tasks {

std::size_t bytes_of(const Texts& texts) {
  std::size_t bytes = 0;
  for (const std::string_view text : texts) bytes += text.size();
  return bytes;
}

namespace {

bool are_single_words(const Texts& texts) {
  std::size_t spaces = 0;
  for (const std::string_view text : texts)
    spaces += static_cast<std::size_t>(std::count(text.begin(), text.end(), ' '));
  return spaces < texts.size();
}

// Few texts are soon read, and the mean of several networks knows more than one of them; many teach
// one network enough.
std::int64_t networks_for(const Texts& texts) {
  const std::size_t bytes = bytes_of(texts);
  constexpr std::size_t few = 2'000'000;
  constexpr std::size_t many = 10'000'000;
  return bytes < few ? 4 : bytes < many ? 2 : 1;
}

}  // namespace

void choose(TextClassifierOptions& options, const Texts& texts) {
  if (options.level.empty()) options.level = are_single_words(texts) ? "char" : "word";
  if (!options.vectors.empty() && options.level != "word")
    throw Error(fmt::format("word vectors are of no use for level \"{}\"", options.level),
                "leave them out, or read words");
  const bool characters = options.level == "char";
  if (options.vocabulary == 0)
    options.vocabulary = options.level == "word" ? 20'000 : options.level == "char" ? 2'000 : 4'000;
  if (options.embedding == 0) options.embedding = characters ? 32 : 64;
  if (options.units == 0) options.units = characters ? 96 : 64;
  if (options.networks == 0) options.networks = networks_for(texts);
  if (options.ngrams == 0) options.ngrams = characters ? 4 : 2;
  if (!options.spelling) options.spelling = options.level == "word" ? 6 : 0;
  if (options.batch_size == 0) options.batch_size = 32;
  if (options.longest == 0) options.longest = 600;
  if (options.epochs == 0) {
    // So many steps are enough; few texts are read often.
    const double steps = characters ? 6'000.0 : 2'000.0;
    const double batches =
        static_cast<double>(texts.size()) / static_cast<double>(options.batch_size);
    options.epochs = std::clamp<std::int64_t>(std::llround(steps / batches), 3, 12);
  }
  // Words are many and texts few: much has to be left out, or they are learnt by heart.
  if (!options.dropout) options.dropout = characters ? 0.3 : 0.6;
  if (!options.word_dropout) options.word_dropout = characters ? 0.05 : 0.4;
  if (!options.label_smoothing) options.label_smoothing = characters ? 0.0 : 0.1;
  if (options.learning_rate == 0.0) options.learning_rate = characters ? 2e-3 : 1.5e-3;
}

void check(const TextClassifierOptions& options) {
  check_fields("TextClassifier", options);
  if (const std::int64_t longest = options.spelling.value_or(0);
      longest > 0 && longest < TextReader::shortest_spelling) {
    throw OptionError(fmt::format("{{spelling}} must be 0 or at least {}, got {}",
                                  TextReader::shortest_spelling, longest));
  }
  if (options.validation_texts.size() != options.validation_labels.size()) {
    throw Error(fmt::format("{} validation texts have {} labels", options.validation_texts.size(),
                            options.validation_labels.size()));
  }
  if (options.resume && options.checkpoint.empty())
    throw Error("a run can only be resumed from a checkpoint", "give the checkpoint's file");
}

}  // namespace chronicler::tasks
