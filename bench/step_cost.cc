// One training step, or a few steps of a stream, for a tool to look at: scripts/count-instructions
// counts the instructions of counted_work() and nothing else.
//
//   step_cost CASE        simple_rnn, lstm, gru or stream
//   step_cost --built-by  what the number of instructions depends on besides the source
#include <cstdint>
#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <hwy/highway.h>

#include <chronicler/chronicler.h>

using namespace chronicler;

namespace {

constexpr std::int64_t batch = 16;
constexpr std::int64_t steps = 20;
constexpr std::int64_t features = 20;
constexpr std::int64_t units = 32;
constexpr std::int64_t classes = 10;
constexpr int stream_steps = 100;

}  // namespace

// A symbol that no compiler inlines or renames: callgrind finds it by its name.
extern "C" [[gnu::noinline]] void counted_work(const std::function<void()>& work) { work(); }

namespace {

// What is first done and not counted is done often in a life: only the steps after it are counted.
void warm_up_and_count(const std::function<void()>& work) {
  for (int i = 0; i < 2; ++i) work();
  counted_work(work);
}

template <class Options>
Sequential classifier(LayerPtr (*make)(const Options&)) {
  Options lower;
  lower.units = units;
  lower.return_sequences = true;
  Options upper;
  upper.units = units;
  return Sequential({layers::Input(Shape{steps, features}), make(lower), make(upper),
                     layers::Dense({.units = classes, .activation = "softmax"})});
}

Tensor numbers(const Shape& shape) {
  const Random random(1);
  Tensor tensor(shape);
  std::uint64_t place = 0;
  for (float& value : tensor.span<float>()) value = static_cast<float>(random.normal(0, place++));
  return tensor;
}

void train(Sequential model) {
  model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy"});
  const Tensor x = numbers({batch, steps, features});
  Tensor y({batch}, DType::int32);
  std::int32_t label = 0;
  for (std::int32_t& value : y.span<std::int32_t>()) value = label++ % std::int32_t{classes};
  warm_up_and_count([&] { model.train_on_batch(x, y); });
}

void stream() {
  const Sequential model(
      {layers::Input(Shape{None, 1}), layers::LSTM({.units = units}), layers::Dense({.units = 1})});
  Stream live = model.stream();
  const float x = 0.5F;
  float y = 0.0F;
  warm_up_and_count([&] {
    for (int i = 0; i < stream_steps; ++i) live.step({&x, 1}, {&y, 1});
  });
}

int run(const std::string& what) {
  set_threads(1);
  if (what == "simple_rnn") {
    train(classifier(layers::SimpleRNN));
  } else if (what == "lstm") {
    train(classifier(layers::LSTM));
  } else if (what == "gru") {
    train(classifier(layers::GRU));
  } else if (what == "stream") {
    stream();
  } else if (what == "--built-by") {
    std::printf("%s, Highway %d.%d.%d\n", CHRONICLER_BUILT_BY, HWY_MAJOR, HWY_MINOR, HWY_PATCH);
  } else {
    std::fprintf(stderr, "usage: step_cost simple_rnn|lstm|gru|stream|--built-by\n");
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc == 2 ? argv[1] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
