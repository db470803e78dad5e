#include "cli/bench/xlstm.h"

#include <memory>

#include "chronicler/base/random.h"
#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/model/xlstm.h"
#include "chronicler/training/compile.h"
#include "chronicler/training/fit.h"

namespace chronicler::cli::bench {
namespace {

Tensor noise(const Shape& shape) {
  const Random random(1);
  Tensor x(shape);
  for (std::int64_t i = 0; i < x.size(); ++i)
    x.as<float>()[i] = static_cast<float>(random.normal(0, static_cast<std::uint64_t>(i)));
  return x;
}

XlstmRun forecast_run(std::int64_t series) {
  const auto model = std::make_shared<Functional>(models::xlstm({}));
  model->compile({.optimizer = "adam", .loss = "mse"});
  const Tensor x = noise({series, 512, 1});
  return {{}, [model, x] { model->predict_on_batch(x); }};
}

XlstmRun mlstm_run(std::int64_t chunk_size) {
  constexpr std::int64_t steps = 4096;
  constexpr std::int64_t units = 256;
  const auto model = std::make_shared<Sequential>(Sequential(
      {layers::Input(Shape{None, units}),
       layers::MLSTM(
           {.units = units, .heads = 4, .chunk_size = chunk_size, .return_sequences = true})}));
  model->compile({.optimizer = "adam", .loss = "mse"});
  const Tensor x = noise({1, steps, units});
  const Tensor y = noise({1, steps, units});
  return {[model, x, y] { model->train_on_batch(x, y); },
          [model, x] { model->predict_on_batch(x); }};
}

}  // namespace

const std::vector<XlstmShape>& xlstm_shapes() {
  static const std::vector<XlstmShape> shapes{
      {"xLSTM-35M-1", "one series, 512 steps to 128"},
      {"xLSTM-35M-64", "64 series"},
      {"MLSTM-256-T4096-B1", "4 heads, in chunks of 64", true},
      {"MLSTM-256-T4096-B1-steps", "the same, step by step", true}};
  return shapes;
}

XlstmRun xlstm_run(const XlstmShape& shape) {
  if (shape.id == "xLSTM-35M-1") return forecast_run(1);
  if (shape.id == "xLSTM-35M-64") return forecast_run(64);
  return mlstm_run(shape.id == "MLSTM-256-T4096-B1" ? 64 : 1);
}

}  // namespace chronicler::cli::bench
