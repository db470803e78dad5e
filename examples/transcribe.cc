// Hears three words, each a tone of its own: a recogniser learns them from sentences without being
// shown where each word is, transcribes new ones, and then follows live sound. The program ends
// with status 1 if it gets more than one word of twenty wrong.
#include <cmath>
#include <cstdio>
#include <span>

#include <chronicler/chronicler.h>

using namespace chronicler;

constexpr int rate = 8000;

// A sentence of one to four words, with gaps.
data::Recording spoken(std::uint64_t number) {
  const Random random(number);
  const char* names[] = {"low", "middle", "high"};
  data::Recording recording{"sentence", {{}, rate}, ""};
  const std::uint64_t words = 1 + random.below(4, 0, 0);
  for (std::uint64_t w = 1; w <= words; ++w) {
    const std::uint64_t word = random.below(3, 1, w);
    const double hertz = 300.0 * std::pow(3.0, word) * (0.95 + 0.1 * random.uniform(2, w));
    recording.audio.samples.resize(recording.audio.samples.size() + 400 + random.below(1600, 3, w));
    for (int i = 0; i < rate / 5; ++i)
      recording.audio.samples.push_back(
          static_cast<float>(0.3 * std::sin(2.0 * 3.14159265 * hertz * i / rate)));
    recording.text += (w > 1 ? " " : "") + std::string(names[word]);
  }
  recording.audio.samples.resize(recording.audio.samples.size() + 800);
  return recording;
}

int main() {
  std::vector<data::Recording> lesson;
  std::vector<data::Recording> test;
  for (std::uint64_t i = 0; i < 120; ++i) (i < 90 ? lesson : test).push_back(spoken(i));
  const auto typist = tasks::Transcriber::train(lesson, {.streaming = true,
                                                         .filters = 16,
                                                         .units = 24,
                                                         .layers = 1,
                                                         .dropout = 0.0,
                                                         .augmentation = data::no_augmentation(),
                                                         .batch_size = 4,
                                                         .learning_rate = 1e-2,
                                                         .epochs = 30});
  typist.save("words.chronicler");
  const auto again = tasks::Transcriber::load("words.chronicler");
  for (const auto& word : again.run(test[0].audio).words)
    std::printf("%5.2f s  %s\n", word.begin, word.text.c_str());

  tasks::TranscriptStream live = again.stream(rate);  // as from a microphone, 20 ms at a time
  const std::span<const float> sound = test[1].audio.samples;
  for (std::size_t at = 0; at + 160 <= sound.size(); at += 160)
    std::printf("%s", live.push(sound.subspan(at, 160)).c_str());
  std::printf("%s\n", live.finish().c_str());
  const auto score = again.evaluate(test);
  std::printf("%.1f %% of the words are wrong\n", 100.0 * score.words.rate());
  return score.words.rate() <= 0.05 ? 0 : 1;
}
