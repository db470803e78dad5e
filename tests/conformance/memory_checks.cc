// What layers keep of their steps for the way back: less of it, and the same bits.
#include <fmt/format.h>

#include "conformance/checks.h"
#include "layers/recurrent/keep_plan.h"

namespace chronicler::test {
namespace {

// The case with so many steps that they are summed in several parts.
LayerCase lengthened(const LayerCase& c) {
  LayerCase longer = c;
  longer.input.set(0, 7);
  longer.input.set(c.layer == "TimeDistributed" ? 2 : 1, 120);
  return longer;
}

struct Result {
  std::vector<Tensor> outputs;
  LayerGradient gradient;
};

Result result_of(Layer& layer, const LayerInput& input, const LayerMode& mode) {
  Result result;
  result.outputs = run_layer(layer, input, mode).values;
  std::vector<Tensor> flowing;
  for (const Tensor& value : result.outputs)
    flowing.push_back(noise(value.shape(), 5 + flowing.size(), layer.dtype()));
  result.gradient = differentiate(layer, input, flowing, mode);
  return result;
}

void expect_same(const std::vector<Tensor>& a, const std::vector<Tensor>& b, const char* what) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    EXPECT_TRUE(!a[i] || same_bits(a[i], b[i])) << what << " " << i;
}

}  // namespace

void check_keeping_less(const LayerCase& c) {
  const LayerCase longer = lengthened(c);
  for (const DType dtype : {DType::float32, DType::float64}) {
    const LayerPtr layer = built_layer(longer, dtype, longer.input);
    const LayerInput input = made_input(longer, *layer);
    LayerMode mode = mode_of(c);
    const Result whole = result_of(*layer, input, mode);
    const std::int64_t together = steps_together(*layer, longer.input[0]);
    const Layer::KeptSteps kept = *layer->kept_steps(std::span(&longer.input, 1));
    const std::int64_t most = most_bytes(kept);
    for (const int threads : {1, 2}) {
      Runtime runtime(threads);
      mode.runtime = &runtime;
      for (const std::int64_t bytes : {least_bytes(kept, together), most / 3, most - 1}) {
        SCOPED_TRACE(fmt::format("{} threads, {} bytes of {}", threads, bytes, most));
        mode.keep_bytes = bytes;
        const Result some = result_of(*layer, input, mode);
        expect_same(whole.outputs, some.outputs, "output");
        expect_same(whole.gradient.inputs, some.gradient.inputs, "gradient of input");
        expect_same(whole.gradient.weights, some.gradient.weights, "gradient of weight");
      }
    }
  }
}

}  // namespace chronicler::test
