// The loops of predict.
#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/training/fit.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "training/callbacks/callback_list.h"
#include "training/callbacks/progress_bar.h"
#include "training/data_check.h"
#include "training/dataset/batch_rows.h"
#include "training/dataset/place_of_error.h"
#include "training/fit_plan.h"

namespace chronicler {
namespace {

std::int64_t batch_count(std::int64_t size, std::int64_t batch_size,
                         const std::optional<std::int64_t>& limit) {
  const std::int64_t all = (size + batch_size - 1) / batch_size;
  return limit ? std::min(all, *limit) : all;
}

// What the model gives for one batch: a tensor for each output.
std::vector<Tensor> forward(Model& model, const Batch& batch) {
  const std::vector<Tensor> x = ModelInternals::prepare_inputs(model, batch.x);
  std::vector<Value> inputs;
  for (std::size_t i = 0; i < x.size(); ++i)
    inputs.push_back({x[i], i < batch.masks.size() ? batch.masks[i].view() : TensorView()});
  ModelInternals::execution(model).forward(inputs, {});
  std::vector<Tensor> outputs;
  for (std::size_t i = 0; i < ModelInternals::network(model).outputs().size(); ++i)
    outputs.push_back(own(ModelInternals::execution(model).output(i).data));
  return outputs;
}

// The outputs of all batches, one below the other.
std::vector<Tensor> joined_outputs(const std::vector<std::vector<Tensor>>& parts) {
  std::vector<Batch> batches;
  for (const std::vector<Tensor>& outputs : parts) batches.push_back({outputs});
  try {
    Batch all = join_rows(batches);
    return {all.x.begin(), all.x.end()};
  } catch (const Error&) {
    throw Error("the outputs of the batches have different shapes, so they are no one tensor",
                "predict batch by batch, or a SequenceList, which gives an answer for each");
  }
}

// What belongs to one row of a batch: with a mask, the steps that are the sequence's.
Tensor answer_of(const Value& output, std::int64_t row, std::int64_t length) {
  const TensorView whole = output.data.rows(row, row + 1);
  const TensorView answer = whole.reshaped(whole.shape().without_front());
  return own(output.mask ? answer.rows(0, length) : answer);
}

}  // namespace

std::vector<Tensor> Model::predict(const SequenceList& x) { return predict(x, PredictOptions{}); }

std::vector<Tensor> Model::predict(const SequenceList& x, const PredictOptions& options) {
  check_positive("batch_size", options.batch_size);
  const SequenceData data{x};
  check_sequences(data);
  check_takes_sequences(*this, x);
  std::vector<Bucket> buckets =
      sequence_buckets(data, bucket_options(*this, options.batch_size), false, {});
  const auto all = static_cast<std::int64_t>(buckets.size());
  const std::int64_t steps = std::min(all, options.steps.value_or(all));
  const CallbackList callbacks(*this, options.callbacks, {options.verbose, 1, steps});
  ProgressBar bar(options.verbose, steps);
  std::vector<Tensor> answers(static_cast<std::size_t>(x.size()));
  Logs logs;
  callbacks.call(&Callback::on_predict_begin, logs);
  Batch rows;
  for (std::int64_t batch = 0; batch < steps; ++batch) {
    callbacks.call(&Callback::on_predict_batch_begin, batch, logs);
    const Bucket& bucket = buckets[static_cast<std::size_t>(batch)];
    fill_sequence_batch(data, bucket, rows);
    const Tensor inputs = prepare_inputs(TensorList({rows.x.front()})).front();
    const Value input{inputs, rows.masks.empty() ? TensorView() : rows.masks[0].view()};
    execution().forward(std::span(&input, 1), {});
    for (std::size_t row = 0; row < bucket.size(); ++row) {
      answers[static_cast<std::size_t>(bucket[row])] =
          answer_of(execution().output(), static_cast<std::int64_t>(row), x.length(bucket[row]));
    }
    callbacks.call(&Callback::on_predict_batch_end, batch, logs);
    bar.update(batch + 1, logs);
  }
  callbacks.call(&Callback::on_predict_end, logs);
  bar.finish(logs);
  return answers;
}

std::vector<Tensor> Model::predict(const Dataset& data, const PredictOptions& options) {
  Dataset some = options.steps ? data.take(*options.steps) : data;
  const std::optional<std::int64_t> steps = some.size();
  const CallbackList callbacks(*this, options.callbacks, {options.verbose, 1, steps.value_or(0)});
  ProgressBar bar(options.verbose, steps);
  std::vector<std::vector<Tensor>> parts;
  Logs logs;
  callbacks.call(&Callback::on_predict_begin, logs);
  std::int64_t index = 0;
  Batches batches =
      at_place([] { return "the data set"; }, "could not begin", [&] { return some.batches(); });
  const auto at_batch = [&](const auto& work) {
    const auto place = [&] { return fmt::format("batch {}", index + 1); };
    return at_place(place, "could not be made", work);
  };
  const auto next = [&] { return at_batch([&] { return batches.next(); }); };
  for (const Batch* batch = next(); batch != nullptr; batch = next()) {
    callbacks.call(&Callback::on_predict_batch_begin, index, logs);
    parts.push_back(at_batch([&] {
      for (std::size_t i = 0; i < batch->x.size(); ++i)
        check_finite(batch->x[i], title_of("", "x", batch->x, i));
      return forward(*this, *batch);
    }));
    callbacks.call(&Callback::on_predict_batch_end, index, logs);
    bar.update(++index, logs);
  }
  if (parts.empty()) throw Error("the data set has no batches");
  callbacks.call(&Callback::on_predict_end, logs);
  bar.finish(logs);
  return joined_outputs(parts);
}

Tensor Model::predict(const Tensor& x) { return predict(x, PredictOptions{}); }

Tensor Model::predict(const Tensor& x, const PredictOptions& options) {
  return predict(std::vector<Tensor>{x}, options).front();
}

std::vector<Tensor> Model::predict(const std::vector<Tensor>& x) {
  return predict(x, PredictOptions{});
}

std::vector<Tensor> Model::predict(const std::vector<Tensor>& x, const PredictOptions& options) {
  check_positive("batch_size", options.batch_size);
  const Batch data{prepare_inputs(x)};
  for (std::size_t i = 0; i < data.x.size(); ++i)
    check_finite(data.x[i], title_of("", "x", data.x, i));
  const std::int64_t steps = batch_count(data.size(), options.batch_size, options.steps);
  const std::int64_t size = std::min(data.size(), steps * options.batch_size);
  const CallbackList callbacks(*this, options.callbacks, {options.verbose, 1, steps});
  ProgressBar bar(options.verbose, steps);

  std::vector<Tensor> results(network_->outputs().size());
  Logs logs;
  callbacks.call(&Callback::on_predict_begin, logs);
  for (std::int64_t batch = 0; batch < steps; ++batch) {
    callbacks.call(&Callback::on_predict_batch_begin, batch, logs);
    const std::int64_t begin = batch * options.batch_size;
    const std::int64_t end = std::min(size, begin + options.batch_size);
    const Batch rows = data.rows(begin, end);
    std::vector<Value> inputs;
    for (const Tensor& input : rows.x) inputs.push_back({input, {}});
    execution().forward(inputs, {});
    for (std::size_t i = 0; i < results.size(); ++i) {
      const TensorView output = execution().output(i).data;
      Tensor& result = results[i];
      if (!result) result = Tensor(output.shape().without_front().with_front(size), output.dtype());
      copy(output, result.rows(begin, end));
    }
    callbacks.call(&Callback::on_predict_batch_end, batch, logs);
    bar.update(batch + 1, logs);
  }
  callbacks.call(&Callback::on_predict_end, logs);
  bar.finish(logs);
  return results;
}

Tensor Model::predict_on_batch(const Tensor& x) { return (*this)(x); }

}  // namespace chronicler
