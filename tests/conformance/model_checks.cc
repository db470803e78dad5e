// What a layer owes to the models it stands in: options, weights, memory, files, copies.
#include <algorithm>
#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <fmt/format.h>

#include "chronicler/formats/model_file.h"
#include "chronicler/layers/catalog.h"
#include "chronicler/model/stream.h"
#include "chronicler/training/fit.h"
#include "conformance/checks.h"
#include "conformance/fields.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "support/allocation_count.h"
#include "support/temporary_folder.h"
#include "training/trainer.h"

namespace chronicler::test {
namespace {

std::string listing(const Fields& fields) {
  std::string names;
  for (const Field& field : fields) names += field.name + " ";
  return names;
}

void expect_equal_fields(const Fields& a, const Fields& b) {
  ASSERT_EQ(listing(a), listing(b));
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i] == b[i]) << a[i].name;
}

Tensor target_for(Model& model, const LayerCase& c) {
  return noise(ModelInternals::network(model).output_shapes({c.input}).front(), 6);
}

// The control word of the processor's floating-point unit.
class ProcessorMode {
 public:
#if defined(__x86_64__)
  static std::uint64_t read() { return _mm_getcsr(); }
  static void write(std::uint64_t mode) { _mm_setcsr(static_cast<unsigned>(mode)); }
  static constexpr std::uint64_t flush = 0x8040;   // flush to zero, denormals are zero
  static constexpr std::uint64_t status = 0x3f;    // sticky flags: what happened, not a mode
  static constexpr std::uint64_t upward = 0x4000;  // round up
#elif defined(__aarch64__)
  static std::uint64_t read() {
    std::uint64_t mode = 0;
    asm volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
  }
  static void write(std::uint64_t mode) { asm volatile("msr fpcr, %0" ::"r"(mode)); }
  static constexpr std::uint64_t flush = 1ULL << 24;
  static constexpr std::uint64_t status = 0;
  static constexpr std::uint64_t upward = 1ULL << 22;
#else
  static std::uint64_t read() { return 0; }
  static void write(std::uint64_t) {}
  static constexpr std::uint64_t flush = 0;
  static constexpr std::uint64_t status = 0;
  static constexpr std::uint64_t upward = 0;
#endif

  explicit ProcessorMode(std::uint64_t mode) : before_(read()) { write(mode); }
  ~ProcessorMode() { write(before_); }
  ProcessorMode(const ProcessorMode&) = delete;
  ProcessorMode& operator=(const ProcessorMode&) = delete;

 private:
  std::uint64_t before_;
};

}  // namespace

void check_config_round_trip(const LayerCase& c) {
  const LayerPtr layer = c.make();
  const Fields fields = fields_of(*layer);
  const LayerPtr read = make_layer(c.layer);
  set_fields(*read, fields);
  read->validate();
  expect_equal_fields(fields, fields_of(*read));
  EXPECT_EQ(layer->class_name(), read->class_name());
  EXPECT_EQ(layer->name(), read->name());
  EXPECT_EQ(layer->trainable(), read->trainable());
  EXPECT_EQ(layer->dtype(), read->dtype());
  EXPECT_EQ(layer->stateful(), read->stateful());
  EXPECT_EQ(layer->causal(), read->causal());
  EXPECT_TRUE(layer->activity_regularizer() == read->activity_regularizer());

  // Equal options, equal behaviour.
  const std::vector<Shape> shapes = shapes_of(c, c.input);
  layer->build(shapes);
  read->build(shapes);
  ASSERT_EQ(layer->parameters().size(), read->parameters().size());
  for (std::size_t i = 0; i < layer->parameters().size(); ++i) {
    const Parameter& a = layer->parameters()[i];
    const Parameter& b = read->parameters()[i];
    EXPECT_EQ(a.name, b.name);
    EXPECT_TRUE(a.initializer == b.initializer) << a.name;
    EXPECT_TRUE(a.regularizer == b.regularizer) << a.name;
    EXPECT_TRUE(a.constraint == b.constraint) << a.name;
  }
  randomize_weights(*layer, 31);
  randomize_weights(*read, 31);
  const LayerInput input = made_input(c, *layer);
  const LayerOutput expected = run_layer(*layer, input, mode_of(c));
  const LayerOutput got = run_layer(*read, input, mode_of(c));
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    EXPECT_TRUE(same_bits(expected.values[i], got.values[i]));
  }
}

void check_weights(const LayerCase& c) {
  const LayerPtr layer = c.make();
  const std::vector<Shape> shapes = shapes_of(c, c.input);
  layer->build(shapes);
  std::string weights;
  std::int64_t count = 0;
  for (const Parameter& parameter : layer->parameters()) {
    if (!weights.empty()) weights += ", ";
    weights += fmt::format("{} {}", parameter.name, parameter.value.shape().to_string());
    count += parameter.value.size();
    EXPECT_EQ(parameter.value.dtype(), layer->dtype()) << parameter.name;
    const bool is_measured = parameter.name.starts_with("moving_") || c.layer == "Normalization";
    EXPECT_EQ(parameter.trainable, !is_measured) << parameter.name;
  }
  EXPECT_EQ(weights, c.weights);
  EXPECT_EQ(layer->count_params(), count);
  EXPECT_TRUE(layer->built());
  ASSERT_EQ(layer->build_shapes().size(), shapes.size());
  EXPECT_EQ(layer->build_shapes()[0].to_string(), c.input.to_string());

  // Shapes as promised are shapes as computed.
  const LayerInput input = made_input(c, *layer);
  const LayerOutput output = run_layer(*layer, input, mode_of(c));
  const std::vector<Shape> promised = layer->call_shapes(shapes, c.flags);
  ASSERT_EQ(promised.size(), output.values.size());
  for (std::size_t i = 0; i < promised.size(); ++i)
    EXPECT_EQ(promised[i].to_string(), output.values[i].shape().to_string());
}

void check_no_allocation_in_training(const LayerCase& c) {
  const LayerCase large = enlarged(c);
  for (const int threads : {1, 2}) {
    SCOPED_TRACE(fmt::format("{} threads", threads));
    const ThreadsForNow guard(threads);
    Sequential model = model_of(large, true);
    model.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
    const Tensor x = ModelInternals::prepare_input(model, model_batch(large));
    const Batch batch{x, target_for(model, large), {}};
    Trainer& trainer = *ModelInternals::trainer(model);
    trainer.prepare(model, batch);
    for (int warm = 0; warm < 3; ++warm) trainer.train_batch(model, batch);
    const AllocationCount count;
    trainer.train_batch(model, batch);
    trainer.test_batch(model, batch);
    trainer.train_batch(model, batch);
    EXPECT_EQ(count.value(), 0);
  }
}

void check_no_allocation_in_a_step(const LayerCase& c) {
  const Sequential model = model_of(c, true);
  Stream stream = model.stream();
  const Tensor x = model_batch(c).to(DType::float32);
  const auto width = static_cast<std::size_t>(stream.features());
  std::vector<float> y(static_cast<std::size_t>(stream.outputs()));
  const AllocationCount count;
  for (std::size_t step = 0; step < 5; ++step)
    stream.step({x.as<float>() + step * width, width}, y);
  stream.reset();
  stream.step({x.as<float>(), width});
  EXPECT_EQ(count.value(), 0);
}

void check_save_and_load(const LayerCase& c) {
  Sequential model = model_of(c, true);
  const Tensor x = model_batch(c);
  const Tensor expected = model(x);
  const TemporaryFolder folder;
  for (const std::string_view extension : model_file_extensions()) {
    SCOPED_TRACE(extension);
    const std::string path = folder.path("model" + std::string(extension));
    model.save(path);
    const std::unique_ptr<Model> loaded = load_model(path);
    loaded->reset_states();
    EXPECT_TRUE(same_bits((*loaded)(x), expected));
    EXPECT_EQ(loaded->summary_text(), model.summary_text());
    const std::vector<Tensor> weights = model.get_weights();
    const std::vector<Tensor> read = loaded->get_weights();
    ASSERT_EQ(weights.size(), read.size());
    for (std::size_t i = 0; i < weights.size(); ++i) EXPECT_TRUE(same_bits(weights[i], read[i]));
  }
}

void check_copy_and_move(const LayerCase& c) {
  const LayerPtr layer = built_layer(c, DType::float32);
  const LayerInput input = made_input(c, *layer);
  const LayerOutput before = run_layer(*layer, input, mode_of(c));
  const LayerPtr copy = layer->clone();
  expect_equal_fields(fields_of(*layer), fields_of(*copy));
  EXPECT_TRUE(copy->built());
  EXPECT_TRUE(same_bits(run_layer(*copy, input, mode_of(c)).values[0], before.values[0]));
  for (Parameter& parameter : copy->parameters()) parameter.value.fill(0.125);
  EXPECT_TRUE(same_bits(run_layer(*layer, input, mode_of(c)).values[0], before.values[0]));

  if (!fits_sequential(c)) return;
  Sequential model = model_of(c, true);
  const Tensor x = model_batch(c);
  const Tensor predicted = model(x);
  Sequential twin = model.clone();
  EXPECT_TRUE(same_bits(twin(x), predicted));
  twin.compile({.optimizer = "sgd", .loss = "mse"});
  twin.train_on_batch(x, target_for(twin, c));
  model.reset_states();
  EXPECT_TRUE(same_bits(model(x), predicted)) << "training the copy changed the model";

  model.compile({.optimizer = "sgd", .loss = "mse"});
  Sequential moved = std::move(model);
  moved.reset_states();
  EXPECT_TRUE(same_bits(moved(x), predicted));
  Sequential target = model_of(c, true);
  target = std::move(moved);
  target.reset_states();
  EXPECT_TRUE(same_bits(target(x), predicted));
  target.train_on_batch(x, target_for(target, c));  // and it is still compiled
}

void check_processor_mode(const LayerCase& c) {
  const auto compute = [&] {
    set_random_seed(5);  // the order of fit's samples
    Sequential model = model_of(c, true);
    const Tensor x = c.ids > 0 ? model_batch(c) : scaled(model_batch(c), 1e-37);
    model.compile({.optimizer = "adam", .loss = "mse"});
    const Tensor y = target_for(model, c);
    std::vector<Tensor> results{model.predict(x)};
    model.reset_states();
    model.fit(x, y, {.batch_size = c.input[0], .epochs = 2, .verbose = 0});
    model.evaluate(x, y, {.verbose = 0});
    if (c.input.rank() == 3 && c.make()->causal()) {
      Stream stream = model.stream();
      const std::vector<float> step(static_cast<std::size_t>(stream.features()));
      stream.step(step);
    }
    for (const Tensor& weight : model.get_weights()) results.push_back(weight);
    return results;
  };
  const std::vector<Tensor> expected = compute();
  const std::uint64_t usual = ProcessorMode::read() & ~ProcessorMode::status;
  for (const std::uint64_t mode : {usual, usual | ProcessorMode::flush}) {
    const ProcessorMode guard(mode);
    const std::vector<Tensor> results = compute();
    EXPECT_EQ(ProcessorMode::read() & ~ProcessorMode::status, mode);
    for (std::size_t i = 0; i < results.size(); ++i) {
      EXPECT_TRUE(same_bits(results[i], expected[i])) << i;
    }
  }
}

}  // namespace chronicler::test
