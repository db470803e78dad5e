#include "training/batches.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "base/shuffle.h"
#include "chronicler/base/error.h"
#include "layers/core/each_field.h"
#include "model/network.h"
#include "training/data_check.h"

namespace chronicler {
namespace {

// Chosen rows side by side; `to` is used again if it has room for exactly as many.
void gather_rows(const Tensor& from, std::span<const std::int64_t> rows, Tensor& to) {
  if (!from) return;
  const auto count = static_cast<std::int64_t>(rows.size());
  if (!to || to.shape()[0] != count)
    to = Tensor(from.shape().without_front().with_front(count), from.dtype());
  const std::size_t row_bytes = from.bytes() / static_cast<std::size_t>(from.shape()[0]);
  const auto* source = static_cast<const std::byte*>(from.view().raw());
  auto* target = static_cast<std::byte*>(to.view().raw());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(target + i * row_bytes, source + static_cast<std::size_t>(rows[i]) * row_bytes,
                row_bytes);
  }
}

void gather_rows(const TensorList& from, std::span<const std::int64_t> rows, TensorList& to) {
  if (to.size() != from.size()) to = std::vector<Tensor>(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) gather_rows(from[i], rows, to[i]);
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

void check_rows(std::int64_t sequences, const Tensor& rows, std::string_view name) {
  if (rows && rows.shape().rank() > 0 && rows.shape()[0] == sequences) return;
  throw Error(
      fmt::format("x has {} sequences, {} has shape {}", sequences, name, rows.shape().to_string()),
      "its first axis counts the sequences");
}

void check_data(const SequenceData& data) {
  if (data.x.size() == 0) throw Error("x has no sequences", "give at least one");
  for (std::int64_t i = 0; i < data.x.size(); ++i)
    check_finite(data.x[i], fmt::format("sequence {} of x", i));
  for (const Tensor& y : data.y) {
    check_rows(data.x.size(), y, "y");
    check_finite(y, "y");
  }
  for (const Tensor& weight : data.sample_weight) {
    check_rows(data.x.size(), weight, "sample_weight");
    check_finite(weight, "sample_weight");
  }
  if (!data.y_steps) return;
  if (data.y_steps->size() != data.x.size()) {
    throw Error(fmt::format("x has {} sequences, y has {}", data.x.size(), data.y_steps->size()),
                "give targets for each sequence");
  }
  for (std::int64_t i = 0; i < data.x.size(); ++i) {
    check_finite((*data.y_steps)[i], fmt::format("sequence {} of y", i));
    if (data.y_steps->length(i) == data.x.length(i)) continue;
    throw Error(fmt::format("sequence {} of x has {} steps, its targets have {}", i,
                            data.x.length(i), data.y_steps->length(i)),
                "give a target for each step");
  }
}

void check_model(Model& model, const SequenceList& x) {
  if (!model.built()) {
    model.build(x[0].shape().without_front().with_front(None).with_front(None));
  }
  if (model.input_shapes().size() != 1 || model.network().outputs().size() != 1) {
    throw Error(
        fmt::format("model \"{}\" has {} inputs and {} outputs, sequences of different "
                    "lengths need one of each",
                    model.name(), model.input_shapes().size(), model.network().outputs().size()),
        "pad them with pad_sequences");
  }
  for (const Network::Node& node : model.network().nodes()) {
    if (!node.layer->stateful()) continue;
    throw Error(fmt::format("layer \"{}\" is stateful: it goes on with row i of the batch before, "
                            "but sequences are put in an order of their own",
                            node.layer->name()),
                "set stateful=false");
  }
}

}  // namespace

bool knows_masks(const Model& model) {
  for (const Network::Node& node : model.network().nodes()) {
    if (!knows_masks(*node.layer) || turns_round(*node.layer)) return false;
  }
  return true;
}

std::vector<std::int64_t> epoch_order(std::int64_t size, bool shuffle, std::uint64_t seed,
                                      std::int64_t epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  if (!shuffle) return order;
  chronicler::shuffle(order, Random(seed), static_cast<std::uint64_t>(epoch));
  return order;
}

// ---- tensors

TensorBatches::TensorBatches(Dataset data, std::int64_t batch_size,
                             const std::optional<std::int64_t>& limit, bool gathers, bool shuffle)
    : data_(std::move(data)),
      batch_size_(batch_size),
      count_((data_.size() + batch_size - 1) / batch_size),
      gathers_(gathers),
      shuffle_(shuffle) {
  if (limit) count_ = std::min(count_, *limit);
}

void TensorBatches::begin_epoch(std::uint64_t seed, std::int64_t epoch) {
  if (gathers_) order_ = epoch_order(data_.size(), shuffle_, seed, epoch);
}

const Dataset& TensorBatches::batch(std::int64_t index) {
  const std::int64_t begin = index * batch_size_;
  const std::int64_t end = std::min(data_.size(), begin + batch_size_);
  if (!gathers_) {
    batch_ = data_.rows(begin, end);
    return batch_;
  }
  const auto rows = std::span<const std::int64_t>(order_).subspan(
      static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  gather_rows(data_.x, rows, batch_.x);
  gather_rows(data_.y, rows, batch_.y);
  gather_rows(data_.sample_weight, rows, batch_.sample_weight);
  return batch_;
}

// ---- sequences

SequenceData SequenceData::part(std::int64_t begin, std::int64_t end) const {
  SequenceData some{x.part(begin, end)};
  const auto rows = [&](const TensorList& list) {
    std::vector<Tensor> parts;
    for (const Tensor& tensor : list) parts.push_back(tensor.rows(begin, end));
    return TensorList(std::move(parts));
  };
  some.y = rows(y);
  some.sample_weight = rows(sample_weight);
  if (y_steps) some.y_steps = y_steps->part(begin, end);
  return some;
}

SequenceBatches::SequenceBatches(Model& model, SequenceData data, std::int64_t batch_size,
                                 const std::optional<std::int64_t>& limit, bool shuffle)
    : model_(model), data_(std::move(data)), shuffle_(shuffle) {
  check_data(data_);
  check_model(model, data_.x);
  options_.batch_size = batch_size;
  if (!knows_masks(model)) options_.max_padding = 0.0;
  SequenceBatches::begin_epoch(0, 0);
  count_ = static_cast<std::int64_t>(buckets_.size());
  if (limit) count_ = std::min(count_, *limit);
}

// Which lengths lie together is always the same; which of the equally long ones, and in what order
// the batches come, is drawn.
void SequenceBatches::begin_epoch(std::uint64_t seed, std::int64_t epoch) {
  constexpr std::uint64_t of_batches = 0x9E3779B97F4A7C15U;
  const std::vector<std::int64_t> order = epoch_order(data_.x.size(), shuffle_, seed, epoch);
  std::vector<std::int64_t> lengths;
  for (const std::int64_t index : order) lengths.push_back(data_.x.length(index));
  std::vector<Bucket> buckets = bucket_by_length(lengths, options_);
  for (Bucket& bucket : buckets) {
    for (std::int64_t& index : bucket) index = order[static_cast<std::size_t>(index)];
  }
  buckets_.clear();
  const auto count = static_cast<std::int64_t>(buckets.size());
  for (const std::int64_t index : epoch_order(count, shuffle_, seed ^ of_batches, epoch))
    buckets_.push_back(std::move(buckets[static_cast<std::size_t>(index)]));
}

const Dataset& SequenceBatches::batch(std::int64_t index) {
  const Bucket& rows = bucket(index);
  batch_.x = TensorList({model_.prepare_input(data_.x.padded(rows))});
  const Tensor mask = data_.x.mask(rows);
  batch_.masks = mask ? TensorList({mask}) : TensorList();
  if (data_.y_steps) {
    batch_.y = TensorList({data_.y_steps->padded(rows)});
  } else {
    gather_rows(data_.y, rows, batch_.y);
  }
  gather_rows(data_.sample_weight, rows, batch_.sample_weight);
  return batch_;
}

void SequenceBatches::prepare(Trainer& trainer, Model& model) {
  for (std::int64_t index = 0; index < static_cast<std::int64_t>(buckets_.size()); ++index)
    trainer.prepare(model, batch(index));
}

}  // namespace chronicler
