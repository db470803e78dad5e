#include "training/fit_data.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/each_field.h"
#include "model/model_internals.h"
#include "model/network.h"
#include "training/data_check.h"
#include "training/dataset/place_of_error.h"
#include "training/dataset/tensor_rows.h"
#include "training/sequence_parts.h"

namespace chronicler {
namespace {

void check_data(const Batch& data, std::string_view prefix) {
  const TensorList none({Tensor()});
  const TensorList& xs = data.x.empty() ? none : data.x;
  const TensorList& ys = data.y.empty() ? none : data.y;
  for (std::size_t i = 0; i < ys.size(); ++i) check_lengths(xs.front(), ys[i], Tensor(), prefix);
  for (const Tensor& weight : data.sample_weight)
    check_lengths(xs.front(), ys.front(), weight, prefix);
  for (std::size_t i = 1; i < xs.size(); ++i) {
    check_lengths(xs[i], xs[i], Tensor(), prefix);
    if (xs[i].shape()[0] == data.size()) continue;
    throw Error(fmt::format("{} has {} samples, but {} has {}", title_of(prefix, "x", xs, i),
                            xs[i].shape()[0], title_of(prefix, "x", xs, 0), data.size()));
  }
  for (std::size_t i = 0; i < xs.size(); ++i) check_finite(xs[i], title_of(prefix, "x", xs, i));
  for (std::size_t i = 0; i < ys.size(); ++i) check_finite(ys[i], title_of(prefix, "y", ys, i));
  for (const Tensor& weight : data.sample_weight)
    check_finite(weight, fmt::format("{}sample_weight", prefix));
}

bool knows_masks(Layer& layer) {
  if (!layer.supports_masking() || layer.is_operation()) return false;
  return std::all_of(layer.sublayers().begin(), layer.sublayers().end(),
                     [](const Layer::Sublayer& held) { return knows_masks(*held.layer); });
}

// Its output begins with the last step: padding would come first.
bool turns_round(Layer& layer) {
  return flag_of(layer, "go_backwards") && flag_of(layer, "return_sequences");
}

}  // namespace

void check_takes_sequences(Model& model, const SequenceList& x) {
  if (!model.built()) {
    model.build(x[0].shape().without_front().with_front(None).with_front(None));
  }
  if (model.input_shapes().size() != 1 || ModelInternals::network(model).outputs().size() != 1) {
    throw Error(fmt::format("model \"{}\" has {} inputs and {} outputs, sequences of different "
                            "lengths need one of each",
                            model.name(), model.input_shapes().size(),
                            ModelInternals::network(model).outputs().size()),
                "pad them with pad_sequences");
  }
  for (const Network::Node& node : ModelInternals::network(model).nodes()) {
    if (!node.layer->stateful()) continue;
    throw Error(fmt::format("layer \"{}\" is stateful: it goes on with row i of the batch before, "
                            "but sequences are put in an order of their own",
                            node.layer->name()),
                "set stateful=false");
  }
}

namespace {

// The data set, or its first batches, and how many there are.
FitData limited(Dataset batches, const std::optional<std::int64_t>& limit) {
  if (batches.size() == 0) {
    throw Error("the data set has no batches",
                "a smaller batch_size, or keep the last rows: drop_remainder = false");
  }
  FitData data{limit ? batches.take(*limit) : batches, {}};
  data.steps = data.batches.size();
  if (limit && !data.steps) data.steps = limit;
  data.updates = data.steps;
  return data;
}

std::vector<std::int64_t> steps_of_batches(const SequenceData& data, const BucketOptions& options) {
  std::vector<std::int64_t> steps;
  for (const Bucket& bucket : sequence_buckets(data, options, false, {})) {
    std::int64_t longest = 0;
    for (const std::int64_t index : bucket) longest = std::max(longest, data.x.length(index));
    steps.push_back(longest);
  }
  return steps;
}

}  // namespace

bool knows_masks(const Model& model) {
  for (const Network::Node& node : ModelInternals::network(model).nodes()) {
    if (!knows_masks(*node.layer) || turns_round(*node.layer)) return false;
  }
  return true;
}

BucketOptions bucket_options(const Model& model, std::int64_t batch_size) {
  BucketOptions options;
  options.batch_size = batch_size;
  if (!knows_masks(model)) options.max_padding = 0.0;
  return options;
}

TensorList as_float32(const TensorList& weights) {
  std::vector<Tensor> converted;
  for (const Tensor& weight : weights) converted.push_back(weight.to(DType::float32));
  return converted;
}

Batch tensors_for(Model& model, const TensorList& x, const TensorList& y,
                  const TensorList& sample_weight, std::string_view prefix) {
  Batch data{x, y, as_float32(sample_weight)};
  if (data.sample_weight.size() > 1 && data.sample_weight.size() != y.size()) {
    throw Error(fmt::format("{}sample_weight has {} tensors, y has {}", prefix,
                            data.sample_weight.size(), y.size()),
                "give one for all outputs, or one for each");
  }
  check_data(data, prefix);
  data.x = ModelInternals::prepare_inputs(model, x);
  return data;
}

FitData fit_data(Batch tensors, const BatchCut& cut) {
  FitData data = limited(Dataset(tensor_batches(tensors, cut.batch_size, cut.shuffle)), cut.limit);
  data.samples = tensors.size();
  data.all = std::move(tensors);
  return data;
}

FitData fit_data(Model& model, SequenceData sequences, const BatchCut& cut) {
  check_sequences(sequences);
  check_takes_sequences(model, sequences.x);
  const std::int64_t samples = sequences.x.size();
  const BucketOptions options = bucket_options(model, cut.batch_size);
  std::vector<std::int64_t> batch_steps = steps_of_batches(sequences, options);
  FitData data =
      limited(Dataset(sequence_batches(std::move(sequences), options, cut.shuffle)), cut.limit);
  data.samples = samples;
  data.batch_steps = std::move(batch_steps);
  data.kind = FitData::Kind::sequences;
  return data;
}

FitData fit_data(Dataset given, const std::optional<std::int64_t>& limit, std::string_view prefix) {
  FitData data = limited(std::move(given), limit);
  data.kind = FitData::Kind::given;
  data.prefix = prefix;
  return data;
}

namespace {

[[noreturn]] void nothing_is_cut(const Bptt& bptt, std::int64_t steps, const char* whose) {
  throw Error(fmt::format("bptt steps must be at most the {} steps of {}, got {}", steps, whose,
                          bptt.steps),
              "leave bptt out: whole sequences are learnt then");
}

}  // namespace

void cut_into_parts(FitData& data, const Bptt& bptt, Model& model) {
  const BatchParts parts(step_axes(ModelInternals::network(model), "bptt"));
  const auto learning = [&](std::int64_t steps) {
    return PartPlan(steps, bptt, parts.targets_of_steps()).learning();
  };
  data.parts = bptt;
  data.updates = {};
  if (data.kind == FitData::Kind::tensors) {
    const std::int64_t steps = parts.steps_of(data.all);
    if (bptt.steps > steps) nothing_is_cut(bptt, steps, "x");
    if (data.steps) data.updates = *data.steps * learning(steps);
  } else if (data.kind == FitData::Kind::sequences) {
    const auto longest = std::max_element(data.batch_steps.begin(), data.batch_steps.end());
    if (bptt.steps > *longest) nothing_is_cut(bptt, *longest, "the longest sequence");
    // Fewer batches than there are: nobody knows which.
    if (data.steps != static_cast<std::int64_t>(data.batch_steps.size())) return;
    data.updates = 0;
    for (const std::int64_t steps : data.batch_steps) *data.updates += learning(steps);
  }
}

void prepare(const FitData& data, Trainer& trainer, Model& model) {
  if (data.kind == FitData::Kind::tensors) return trainer.prepare(model, data.all);
  FitBatches batches(data, {}, 0, trainer, model);
  for (const Batch* batch = batches.next(); batch != nullptr; batch = batches.next()) {
    trainer.prepare(model, *batch);
    if (data.kind == FitData::Kind::given) return;  // the others have their turn
  }
}

namespace {

// The batches of an epoch after the first ones.
Batches begun(const FitData& data, const Epoch& epoch, std::int64_t first) {
  const auto place = [&] { return fmt::format("{}epoch {}", data.prefix, epoch.number + 1); };
  return at_place(place, "could not begin", [&] {
    Batches batches = data.batches.batches(epoch);
    if (first > 0) batches.skip(first);
    return batches;
  });
}

}  // namespace

FitBatches::FitBatches(const FitData& data, const Epoch& epoch, std::int64_t first,
                       Trainer& trainer, Model& model)
    : data_(data),
      trainer_(trainer),
      model_(model),
      epoch_(epoch),
      batches_(begun(data, epoch, first)),
      index_(first) {}

const Batch* FitBatches::next() {
  if (data_.steps && index_ >= *data_.steps) return nullptr;
  if (data_.kind == FitData::Kind::tensors) return ++index_, batches_.next();
  if (data_.kind == FitData::Kind::sequences) return next_checked();
  const auto place = [&] {
    return fmt::format("{}batch {} of epoch {}", data_.prefix, index_ + 1, epoch_.number + 1);
  };
  return at_place(place, "could not be made", [&] { return next_checked(); });
}

const Batch* FitBatches::next_checked() {
  const Batch* batch = batches_.next();
  if (batch == nullptr && (data_.steps || index_ == 0)) {
    throw Error(data_.steps
                    ? fmt::format("the data set ended after {} of {} batches", index_, *data_.steps)
                    : "the data set has no batches",
                "every epoch must have as many; leave the number out if it is not known");
  }
  if (batch == nullptr) return nullptr;
  batch = checked(*batch);
  ++index_;
  return batch;
}

const Batch* FitBatches::checked(const Batch& batch) {
  prepared_ = batch;
  if (data_.kind == FitData::Kind::sequences) {
    prepared_.x = TensorList({ModelInternals::prepare_input(model_, batch.x.front())});
    return &prepared_;
  }
  check_data(batch, "");
  if (!model_.built() && !batch.masks.empty())  // of any number of steps
    model_.build(
        batch.x.front().shape().without_front().without_front().with_front(None).with_front(None));
  prepared_.x = ModelInternals::prepare_inputs(model_, batch.x);
  prepared_.sample_weight = as_float32(batch.sample_weight);
  trainer_.check(model_, prepared_);
  return &prepared_;
}

}  // namespace chronicler
