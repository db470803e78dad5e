// Writes like a text that it has read. An LSTM reads the Apache License and then continues it, a
// character at a time; it must foretell the unseen last tenth better than 2.6 nats a character (all
// characters alike: 4.3). The program ends with status 1 if it does not.
//
//   example_write_text [FILE]      FILE: a text in UTF-8, by default the project's licence
#include <cstdio>
#include <string>
#include <string_view>

#include <chronicler/chronicler.h>

using namespace chronicler;

int main(int argc, char** argv) {
  const std::string text = data::read_text(argc > 1 ? argv[1] : "LICENSE");
  const auto writer =
      tasks::TextGenerator::train(text, {.units = 96, .layers = 1, .epochs = 25.0, .seed = 1});
  writer.save("writer.chronicler");

  const auto again = tasks::TextGenerator::load("writer.chronicler");
  again.run({.prompt = "The License",
             .length = 200,
             .sampling = {.temperature = 0.5, .seed = 1},
             .on_text = [](std::string_view piece) {
               std::printf("%.*s", static_cast<int>(piece.size()), piece.data());
               return true;
             }});
  const double nats = writer.report().validation->nats;
  std::printf("\n\nnats a character  %.2f\nn-grams           %.2f\n", nats,
              writer.report().ngram_nats);
  return nats < 2.6 ? 0 : 1;
}
