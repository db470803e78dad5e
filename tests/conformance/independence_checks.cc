// What results must not depend on: threads, neighbours in the batch, padding, and how a sequence
// was cut into calls. All of it to the bit.
#include <algorithm>
#include <array>
#include <barrier>
#include <cmath>
#include <thread>

#include <fmt/format.h>

#include "chronicler/base/random.h"
#include "chronicler/model/stream.h"
#include "chronicler/training/fit.h"
#include "conformance/checks.h"
#include "conformance/differences.h"
#include "conformance/fields.h"
#include "kernels/isa.h"
#include "model/model_internals.h"
#include "model/network.h"

namespace chronicler::test {
namespace {

template <class Function>
void for_each_isa(const Function& function) {
  for (const std::string& isa : kernels::available_isas()) {
    SCOPED_TRACE(isa);
    const IsaForNow guard(isa);
    function();
  }
}

LayerInput row_of(const LayerInput& input, std::int64_t row) {
  LayerInput one;
  one.x = input.x.rows(row, row + 1);
  if (input.mask) one.mask = input.mask.rows(row, row + 1);
  for (const Tensor& state : input.states) one.states.push_back(state.rows(row, row + 1));
  for (const LayerInput::More& more : input.more) {
    one.more.push_back(
        {more.x.rows(row, row + 1), more.mask ? more.mask.rows(row, row + 1) : Tensor()});
  }
  return one;
}

// The steps of a row that count, in time order.
std::vector<std::int64_t> counted_steps(const Tensor& mask, std::int64_t row) {
  std::vector<std::int64_t> steps;
  const std::int64_t length = mask.shape()[1];
  const auto* counts = mask.as<std::uint8_t>() + row * length;
  for (std::int64_t step = 0; step < length; ++step) {
    if (counts[step] != 0) steps.push_back(step);
  }
  return steps;
}

Tensor chosen_steps(const Tensor& row, const std::vector<std::int64_t>& steps) {
  Shape shape = row.shape();
  const std::int64_t width = row.size() / shape[1];
  shape.set(1, static_cast<std::int64_t>(steps.size()));
  Tensor chosen(shape, row.dtype());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::copy_n(row.as<float>() + steps[i] * width, width,
                chosen.as<float>() + static_cast<std::int64_t>(i) * width);
  }
  return chosen;
}

Tensor zeros_like(const Tensor& tensor) { return Tensor(tensor.shape(), tensor.dtype()); }

// While it lives, arenas hand out memory full of this byte.
class PoisonForNow {
 public:
  explicit PoisonForNow(std::uint8_t byte) { Arena::poison(byte); }
  ~PoisonForNow() { Arena::poison({}); }
  PoisonForNow(const PoisonForNow&) = delete;
  PoisonForNow& operator=(const PoisonForNow&) = delete;
};

void append(std::vector<Tensor>& all, const std::vector<Tensor>& more) {
  for (const Tensor& tensor : more) {
    if (tensor) all.push_back(tensor.clone());
  }
}

// All that a layer can be made to say: outputs, states, gradients of all outputs together and of
// each alone, by all inputs and weights.
void run_all(const LayerCase& c, std::vector<Tensor>& results) {
  const LayerPtr layer = built_layer(c, DType::float32);
  const LayerInput input = made_input(c, *layer);
  State state = layer->initial_state(c.input[0]);
  const LayerOutput output =
      run_layer(*layer, input, mode_of(c), state.empty() || c.initial_state ? nullptr : &state);
  append(results, output.values);
  append(results, {output.mask});
  append(results, state);
  const std::size_t outputs = output.values.size();
  for (std::size_t only = 0; only <= outputs; ++only) {
    std::vector<Tensor> flowing(outputs);
    for (std::size_t i = 0; i < outputs; ++i) {
      if (i == only || only == outputs) flowing[i] = noise(output.values[i].shape(), 5 + i);
    }
    if (outputs == 1 && only == outputs) break;
    LayerMode mode = mode_of(c);
    mode.training = true;
    mode.observe = only == 0;
    const LayerGradient gradient = differentiate(*layer, input, flowing, mode);
    append(results, gradient.inputs);
    append(results, gradient.weights);
    append(results, {gradient.observed});
  }
}

// The same of a model: what it learns in two steps, and what a stream says.
void run_all_in_model(const LayerCase& c, std::vector<Tensor>& results) {
  Sequential model = model_of(c, true);
  const Tensor x = model_batch(c);
  const Shape target = ModelInternals::network(model).output_shapes({c.input}).front();
  model.compile({.optimizer = "adam", .loss = "mse"});
  const FitOptions options{.batch_size = c.input[0], .epochs = 2, .verbose = 0};
  model.fit(x, noise(target, 6), options);
  append(results, model.get_weights());
  append(results, {model.predict(x)});
  if (!layer_streams(c)) return;
  Sequential alone = model_of(c, false);
  Stream stream = alone.stream();
  const Tensor numbers = x.to(DType::float32);
  const std::int64_t width = stream.features();
  for (std::int64_t step = 0; step < c.input[1]; ++step) {
    const float* at = numbers.as<float>() + step * width;
    const std::span<const float> y = stream.step({at, static_cast<std::size_t>(width)});
    append(results, {Tensor::of<float>({stream.outputs()}, y)});
  }
}

}  // namespace

void check_fresh_memory(const LayerCase& c) {
  const auto compute = [&](std::uint8_t byte) {
    const PoisonForNow guard(byte);
    set_random_seed(5);
    std::vector<Tensor> results;
    run_all(c, results);
    if (fits_sequential(c)) run_all_in_model(c, results);
    return results;
  };
  constexpr std::uint8_t nan = 0xff;    // of floats; -1 as a whole number
  constexpr std::uint8_t large = 0x4b;  // about 1e7
  const std::vector<Tensor> results = compute(nan);
  const std::vector<Tensor> again = compute(large);
  ASSERT_EQ(results.size(), again.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_TRUE(same_bits(results[i], again[i])) << "result " << i;
    for (const double number : numbers(results[i])) {
      if (std::isnan(number)) ADD_FAILURE() << "NaN in result " << i;
      if (std::isnan(number)) break;
    }
  }
}

// Nobody trains, so nothing of the model may change; ThreadSanitizer watches (preset tsan).
void check_two_at_once(const LayerCase& c) {
  Sequential model = model_of(c, false);
  const Network& network = ModelInternals::network(model);
  const Tensor x = model_batch(c);
  // Only BatchNormalization learns from looking: its moving averages are a training's.
  const Execution::Mode mode{.training = c.layer != "BatchNormalization", .step = 3};
  const auto run = [&] {
    Execution execution(network);
    const Value input{x, {}};
    execution.forward(std::span(&input, 1), mode);
    return own(execution.output().data);
  };
  const Tensor alone = run();
  std::array<Tensor, 2> results;
  std::barrier start(2);
  const auto run_beside = [&](std::size_t which) {
    start.arrive_and_wait();
    results[which] = run();
  };
  std::thread other([&] { run_beside(1); });
  run_beside(0);
  other.join();
  for (const Tensor& result : results) EXPECT_TRUE(same_bits(result, alone));
}

void check_rows_alone(const LayerCase& c) {
  const LayerPtr layer = built_layer(c, DType::float32);
  const LayerInput input = made_input(c, *layer);
  for_each_isa([&] {
    const LayerOutput together = run_layer(*layer, input, mode_of(c));
    for (std::int64_t row = 0; row < c.input[0]; ++row) {
      const LayerOutput alone = run_layer(*layer, row_of(input, row), mode_of(c));
      for (std::size_t i = 0; i < alone.values.size(); ++i) {
        EXPECT_TRUE(same_bits(alone.values[i], together.values[i].rows(row, row + 1)))
            << "output " << i << " of row " << row;
      }
      if (alone.mask) {
        EXPECT_TRUE(same_bits(alone.mask, together.mask.rows(row, row + 1)));
      }
    }
  });
}

void check_masked_steps_absent(const LayerCase& c) {
  const LayerPtr layer = built_layer(c, DType::float32);
  const LayerInput input = made_input(c, *layer);
  const bool zero_masked = flag(*layer, "zero_output_for_mask");
  const bool sequences = flag(*layer, "return_sequences");
  const bool backwards = flag(*layer, "go_backwards");
  const std::int64_t steps = c.input[1];
  for_each_isa([&] {
    State last_states = layer->initial_state(c.input[0]);
    const LayerOutput together = run_layer(*layer, input, mode_of(c), &last_states);
    for (std::int64_t row = 0; row < c.input[0]; ++row) {
      SCOPED_TRACE(fmt::format("row {}", row));
      const std::vector<std::int64_t> counted = counted_steps(input.mask, row);
      LayerInput alone = row_of(input, row);
      alone.mask = {};
      State state = layer->initial_state(1);
      Tensor output;
      if (!counted.empty()) {
        alone.x = chosen_steps(alone.x, counted);
        output = run_layer(*layer, alone, mode_of(c), &state).values[0];
      } else if (c.initial_state) {
        state = clone_state(alone.states);  // nothing happened to it
      }
      for (std::size_t i = 0; i < state.size(); ++i) {
        EXPECT_TRUE(same_bits(last_states[i].rows(row, row + 1), state[i])) << "state " << i;
      }

      const Tensor got = together.values[0].rows(row, row + 1);
      const auto counts = [&](std::int64_t step) {
        return std::find(counted.begin(), counted.end(), step) != counted.end();
      };
      if (!sequences) {
        const bool last_counts = counts(backwards ? 0 : steps - 1);
        const bool zero = counted.empty() || (zero_masked && !last_counts);
        EXPECT_TRUE(same_bits(got, zero ? zeros_like(got) : output));
        continue;
      }
      Tensor before = zeros_like(steps_between(got, 0, 1));  // zero until a step counts
      std::int64_t taken = 0;
      for (std::int64_t place = 0; place < steps; ++place) {
        Tensor expected = zero_masked ? zeros_like(before) : before;
        if (counts(backwards ? steps - 1 - place : place)) {
          expected = before = steps_between(output, taken, taken + 1);
          ++taken;
        }
        EXPECT_TRUE(same_bits(steps_between(got, place, place + 1), expected))
            << "output at place " << place;
      }
    }
  });
}

void check_pieces(const LayerCase& c) {
  const LayerPtr layer = built_layer(c, DType::float32);
  const LayerInput input = made_input(c, *layer);
  const bool backwards = flag(*layer, "go_backwards");
  const bool sequences = flag(*layer, "return_sequences");
  const std::int64_t steps = c.input[1];
  const auto piece = [&](std::int64_t begin, std::int64_t end) {
    if (backwards) {
      std::swap(begin, end);
      begin = steps - begin;
      end = steps - end;
    }
    LayerInput part{steps_between(input.x, begin, end)};
    if (input.mask) part.mask = steps_between(input.mask, begin, end);
    return part;
  };
  for_each_isa([&] {
    State whole_state = layer->initial_state(c.input[0]);
    const Tensor whole = run_layer(*layer, input, mode_of(c), &whole_state).values[0];
    for (std::int64_t cut = 1; cut < steps; ++cut) {
      SCOPED_TRACE(fmt::format("cut after {} steps", cut));
      State state = layer->initial_state(c.input[0]);
      const Tensor first = run_layer(*layer, piece(0, cut), mode_of(c), &state).values[0];
      const Tensor second = run_layer(*layer, piece(cut, steps), mode_of(c), &state).values[0];
      for (std::size_t i = 0; i < state.size(); ++i) {
        EXPECT_TRUE(same_bits(state[i], whole_state[i])) << "state " << i;
      }
      // Under a mask a call starts without a last output to repeat, as in Keras.
      if (c.mask != Mask::none) continue;
      if (sequences) {
        EXPECT_TRUE(same_bits(first, steps_between(whole, 0, cut)));
        EXPECT_TRUE(same_bits(second, steps_between(whole, cut, steps)));
      } else {
        EXPECT_TRUE(same_bits(second, whole));
      }
    }
  });
}

void check_step_by_step(const LayerCase& c) {
  Sequential model = model_of(c, false);
  const Tensor x = model_batch(c);
  const Tensor as_numbers = x.to(DType::float32);  // a stream takes ids as numbers
  const std::int64_t steps = c.input[1];
  for_each_isa([&] {
    model.reset_states();
    const Tensor whole = model(x);
    for (std::int64_t row = 0; row < c.input[0]; ++row) {
      Stream stream = model.stream();
      const std::int64_t width = stream.features();
      for (std::int64_t step = 0; step < steps; ++step) {
        SCOPED_TRACE(fmt::format("row {}, step {}", row, step));
        const float* at = as_numbers.as<float>() + (row * steps + step) * width;
        const std::span<const float> y = stream.step({at, static_cast<std::size_t>(width)});
        const Tensor got = Tensor::of<float>({1, 1, stream.outputs()}, y);
        if (whole.shape().rank() == 3) {
          EXPECT_TRUE(same_bits(got, steps_between(whole.rows(row, row + 1), step, step + 1)));
        } else {
          model.reset_states();
          const Tensor prefix = steps_between(x.rows(row, row + 1), 0, step + 1);
          EXPECT_TRUE(same_bits(got.reshaped({1, stream.outputs()}), model(prefix)));
        }
      }
    }
  });
}

void check_threads(const LayerCase& c) {
  const LayerCase large = enlarged(c);
  const LayerPtr layer = built_layer(large, DType::float32, large.input);
  const LayerInput input = made_input(large, *layer);
  struct Result {
    LayerOutput output;
    LayerGradient gradient;
  };
  const auto compute = [&](int threads) {
    Runtime runtime(threads);
    LayerMode mode = mode_of(c);
    mode.runtime = &runtime;
    Result result;
    result.output = run_layer(*layer, input, mode);
    std::vector<Tensor> flowing;
    for (const Tensor& value : result.output.values) flowing.push_back(noise(value.shape(), 5));
    result.gradient = differentiate(*layer, input, flowing, mode);
    return result;
  };
  const Result alone = compute(1);
  for (const int threads : {2, 5}) {
    SCOPED_TRACE(fmt::format("{} threads", threads));
    const Result shared = compute(threads);
    const auto compare = [](const std::vector<Tensor>& a, const std::vector<Tensor>& b,
                            const char* what) {
      ASSERT_EQ(a.size(), b.size());
      for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i]) {
          EXPECT_TRUE(same_bits(a[i], b[i])) << what << " " << i;
        }
      }
    };
    compare(alone.output.values, shared.output.values, "output");
    compare(alone.gradient.inputs, shared.gradient.inputs, "gradient of input");
    compare(alone.gradient.weights, shared.gradient.weights, "gradient of weight");
  }
}

void check_threads_in_fit(const LayerCase& c) {
  const LayerCase large = enlarged(c);
  LayerCase data = large;
  data.input.set(0, 2 * large.input[0]);
  const Tensor x = model_batch(data);
  const auto trained = [&](int threads) {
    const ThreadsForNow guard(threads);
    set_random_seed(17);
    Sequential model = model_of(large, true);
    const Shape target = ModelInternals::network(model).output_shapes({data.input}).front();
    model.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
    model.fit(x, noise(target, 6), {.batch_size = large.input[0], .epochs = 3, .verbose = 0});
    return model.get_weights();
  };
  const std::vector<Tensor> alone = trained(1);
  for (const int threads : {2, 5}) {
    const std::vector<Tensor> shared = trained(threads);
    ASSERT_EQ(shared.size(), alone.size());
    for (std::size_t i = 0; i < alone.size(); ++i) {
      EXPECT_TRUE(same_bits(alone[i], shared[i]))
          << "weight " << i << ", " << threads << " threads";
    }
  }
}

}  // namespace chronicler::test
