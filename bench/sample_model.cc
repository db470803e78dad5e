// Writes the tutorial's LSTM, untrained, and one input for it: sample_model FOLDER makes
// FOLDER/model.keras and FOLDER/x.npy, for bench/footprint.
#include <cstdio>
#include <string>

#include <chronicler/chronicler.h>

using namespace chronicler;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: sample_model FOLDER\n");
    return 2;
  }
  const std::string folder = argv[1];
  Sequential model({
      layers::LSTM({.units = 64, .return_sequences = true, .input_shape = {10, 100}}),
      layers::LSTM({.units = 64}),
      layers::Dense({.units = 10, .activation = "softmax"}),
  });
  model.save(folder + "/model.keras");
  save_npy(folder + "/x.npy", Tensor({1, 10, 100}));
  return 0;
}
