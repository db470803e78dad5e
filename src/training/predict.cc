// The loops of predict.
#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/mapped_npy.h"
#include "chronicler/training/fit.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "training/callbacks/callback_list.h"
#include "training/callbacks/progress_bar.h"
#include "training/data_check.h"
#include "training/dataset/batch_rows.h"
#include "training/dataset/place_of_error.h"
#include "training/fit_plan.h"
#include "training/part_length.h"
#include "training/prediction.h"

namespace chronicler {
namespace {

std::int64_t batch_count(std::int64_t size, std::int64_t batch_size,
                         const std::optional<std::int64_t>& limit) {
  const std::int64_t all = (size + batch_size - 1) / batch_size;
  return limit ? std::min(all, *limit) : all;
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

// The outputs of batches whose number is not known: kept to be joined, or added to a file.
class Collected {
 public:
  explicit Collected(std::string file) : path_(std::move(file)) {}

  void add(std::vector<Tensor> outputs) {
    if (path_.empty()) return parts_.push_back(std::move(outputs));
    const Tensor& rows = outputs.front();
    if (!file_) file_.emplace(path_, rows.shape().without_front(), rows.dtype());
    file_->append(rows);
  }
  std::vector<Tensor> finish() {
    if (!file_ && parts_.empty()) throw Error("the data set has no batches");
    if (!file_) return joined_outputs(parts_);
    file_->finish();
    return {map_npy(path_)};
  }

 private:
  std::string path_;
  std::vector<std::vector<Tensor>> parts_;
  std::optional<NpyRows> file_;
};

// What belongs to one row of a batch, (1, ...): of padded steps those that are the sequence's.
Tensor one_answer(const TensorView& row, bool has_steps, std::int64_t length) {
  const TensorView answer = row.reshaped(row.shape().without_front());
  return own(has_steps ? answer.rows(0, length) : answer);
}

}  // namespace

std::vector<Tensor> Model::predict(const SequenceList& x) { return predict(x, PredictOptions{}); }

std::vector<Tensor> Model::predict(const SequenceList& x, const PredictOptions& options) {
  check_positive("batch_size", options.batch_size);
  check_steps_at_a_time(options.steps_at_a_time);
  if (!options.output.empty()) {
    throw Error("results for sequences of different lengths are no one array for a .npy file",
                "predict one sequence after the other, or leave the output file out");
  }
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
  Prediction prediction(*this, options);
  Logs logs;
  callbacks.call(&Callback::on_predict_begin, logs);
  Batch rows;
  for (std::int64_t batch = 0; batch < steps; ++batch) {
    callbacks.call(&Callback::on_predict_batch_begin, batch, logs);
    const Bucket& bucket = buckets[static_cast<std::size_t>(batch)];
    fill_sequence_batch(data, bucket, rows);
    rows.x = prepare_inputs(TensorList({rows.x.front()}));
    if (part_length(*this, rows, options.steps_at_a_time) > 0) {
      JoinedOutputs outputs(1, rows.size(), "");
      prediction.run(rows, outputs);
      const Tensor joined = outputs.finish().front();
      for (std::size_t row = 0; row < bucket.size(); ++row) {
        const auto place = static_cast<std::int64_t>(row);
        answers[static_cast<std::size_t>(bucket[row])] =
            one_answer(joined.rows(place, place + 1), outputs.has_steps(), x.length(bucket[row]));
      }
    } else {
      const Value input{rows.x[0], rows.masks.empty() ? TensorView() : rows.masks[0].view()};
      execution().forward(std::span(&input, 1), {});
      const Value& output = execution().output();
      for (std::size_t row = 0; row < bucket.size(); ++row) {
        const auto place = static_cast<std::int64_t>(row);
        answers[static_cast<std::size_t>(bucket[row])] =
            one_answer(output.data.rows(place, place + 1), static_cast<bool>(output.mask),
                       x.length(bucket[row]));
      }
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
  check_output_file(*this, options);
  Collected collected(options.output);
  Prediction prediction(*this, options);
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
    at_batch([&] {
      for (std::size_t i = 0; i < batch->x.size(); ++i)
        check_finite(batch->x[i], title_of("", "x", batch->x, i));
      Batch inputs{ModelInternals::prepare_inputs(*this, batch->x)};
      inputs.masks = batch->masks;
      check_output_file(*this, options);
      JoinedOutputs outputs(network_->outputs().size(), inputs.size(), "");
      prediction.run(inputs, outputs);
      collected.add(outputs.finish());
    });
    callbacks.call(&Callback::on_predict_batch_end, index, logs);
    bar.update(++index, logs);
  }
  std::vector<Tensor> results = collected.finish();
  callbacks.call(&Callback::on_predict_end, logs);
  bar.finish(logs);
  return results;
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

  check_output_file(*this, options);
  JoinedOutputs results(network_->outputs().size(), size, options.output);
  Prediction prediction(*this, options);
  Logs logs;
  callbacks.call(&Callback::on_predict_begin, logs);
  for (std::int64_t batch = 0; batch < steps; ++batch) {
    callbacks.call(&Callback::on_predict_batch_begin, batch, logs);
    const std::int64_t begin = batch * options.batch_size;
    const std::int64_t end = std::min(size, begin + options.batch_size);
    results.begin(begin);
    prediction.run(data.rows(begin, end), results);
    callbacks.call(&Callback::on_predict_batch_end, batch, logs);
    bar.update(batch + 1, logs);
  }
  std::vector<Tensor> outputs = results.finish();
  callbacks.call(&Callback::on_predict_end, logs);
  bar.finish(logs);
  return outputs;
}

Tensor Model::predict_on_batch(const Tensor& x) { return (*this)(x); }

}  // namespace chronicler
