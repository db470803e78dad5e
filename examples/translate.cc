// Learns to say what a word sounds like backwards: letters in, sounds out, in another order.
// Nothing of it can be written without looking at what was read. The program ends with status 1 if
// fewer than nine in ten unseen words come out right.
//
//   example_translate [PAIRS.tsv]      a text and its translation on each line, instead
#include <cstdio>
#include <string>

#include <chronicler/chronicler.h>

using namespace chronicler;

data::SentencePairs backwards(int count, std::uint64_t seed) {
  const Random random(seed);
  data::SentencePairs pairs;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(count); ++i) {
    std::string word;
    std::string sounds;
    for (std::uint64_t k = 0; k < 2 + random.below(3, 100, i); ++k) {
      const auto letter = static_cast<char>('a' + random.below(5, k, i));
      word += letter;
      sounds = std::string(1, letter) + "h" + (sounds.empty() ? "" : " ") + sounds;
    }
    pairs.sources.push_back(word);
    pairs.targets.push_back(sounds);
  }
  return pairs;
}

int main(int argc, char** argv) {
  const data::SentencePairs pairs =
      argc > 1 ? data::read_sentence_pairs(argv[1]) : backwards(800, 1);
  tasks::TranslatorOptions options;
  if (argc == 1) {
    options = {.embedding = 24,
               .units = 32,
               .layers = 1,
               .dropout = 0.0,
               .batch_pieces = 60,
               .learning_rate = 1e-2,
               .epochs = 15.0};
  }
  tasks::Translator::train(pairs.sources, pairs.targets, options).save("translator.keras");

  const auto translator = tasks::Translator::load("translator.keras");
  const data::ReferencedSentences unseen = data::by_source(argc > 1 ? pairs : backwards(200, 2));
  const tasks::TranslatorScore score = translator.evaluate(unseen.sources, unseen.references);
  std::printf("%s -> %s\nexactly right  %.1f %%\n", unseen.sources[0].c_str(),
              score.translations[0].c_str(), 100.0 * score.exact);
  return argc > 1 || score.exact > 0.9 ? 0 : 1;
}
