#include "chronicler/training/dataset.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "training/data_check.h"
#include "training/dataset/file_rows.h"
#include "training/dataset/sequence_rows.h"
#include "training/dataset/stages.h"
#include "training/dataset/tensor_rows.h"

namespace chronicler {
namespace {

TensorList rows_of(const TensorList& list, std::int64_t begin, std::int64_t end) {
  std::vector<Tensor> parts;
  for (const Tensor& tensor : list) parts.push_back(tensor ? tensor.rows(begin, end) : tensor);
  return parts;
}

void check_at_least_one(std::string_view name, std::int64_t value) {
  if (value >= 1) return;
  throw Error(fmt::format("{} of a data set must be at least 1, got {}", name, value));
}

template <class Function>
void check_function(std::string_view where, const Function& function) {
  if (!function)
    throw Error(fmt::format("{} needs a function, got none", where), "give one that is not empty");
}

// Batches that a function makes, in any order.
class FunctionItems final : public Dataset::Source {
 public:
  FunctionItems(std::int64_t size, std::function<Batch(const BatchPlace&)> item)
      : size_(size), item_(std::move(item)) {}
  std::optional<std::int64_t> size() const override { return size_; }
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    return std::make_unique<ItemWalk>(shared_from_this(), epoch, epoch_order(size_, false, epoch));
  }
  bool has_items() const override { return true; }
  Batch item(const BatchPlace& place) const override { return item_(place); }
  bool shares_data() const override { return true; }  // it may give parts of what it keeps

 private:
  std::int64_t size_;
  std::function<Batch(const BatchPlace&)> item_;
};

class EpochWalk final : public MakingWalk {
 public:
  explicit EpochWalk(Dataset::EpochItems items) : items_(std::move(items)) {}
  std::optional<std::int64_t> size() const override { return items_.size; }
  void skip(std::int64_t count) override { next_ = std::min(items_.size, next_ + count); }

 protected:
  std::optional<Batch> make() override {
    if (next_ == items_.size) return {};
    return items_.item(next_++);
  }

 private:
  Dataset::EpochItems items_;
  std::int64_t next_ = 0;
};

class EpochBatches final : public Dataset::Source {
 public:
  EpochBatches(std::function<Dataset::EpochItems(const Epoch&)> begin,
               std::optional<std::int64_t> size)
      : begin_(std::move(begin)), size_(size) {}
  std::optional<std::int64_t> size() const override { return size_; }
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    Dataset::EpochItems items = begin_(epoch);
    if (size_ && items.size != *size_) {
      throw Error(fmt::format("epoch {} of the data set has {} batches, not {}", epoch.number + 1,
                              items.size, *size_),
                  "give from_epochs no size if it varies");
    }
    if (items.size < 0 || !items.item) {
      throw Error(fmt::format("epoch {} of the data set has {}", epoch.number + 1,
                              items.item ? fmt::format("{} batches", items.size)
                                         : "no function that makes its batches"),
                  "give EpochItems a size of at least 0 and an item");
    }
    return std::make_unique<EpochWalk>(std::move(items));
  }
  bool shares_data() const override { return true; }

 private:
  std::function<Dataset::EpochItems(const Epoch&)> begin_;
  std::optional<std::int64_t> size_;
};

class GeneratorWalk final : public MakingWalk {
 public:
  GeneratorWalk(Dataset::Generator generator, std::optional<std::int64_t> size)
      : generator_(std::move(generator)), size_(size) {}

 protected:
  std::optional<Batch> make() override {
    if (count_ == size_) return {};
    std::optional<Batch> batch = generator_();
    if (!batch && size_) {
      throw Error(fmt::format("the data set ended after {} of {} batches", count_, *size_),
                  "give from_generator the number of batches that it has, or none");
    }
    ++count_;
    return batch;
  }

 private:
  Dataset::Generator generator_;
  std::optional<std::int64_t> size_;
  std::int64_t count_ = 0;
};

class GeneratedItems final : public Dataset::Source {
 public:
  GeneratedItems(std::function<Dataset::Generator(const Epoch&)> begin,
                 std::optional<std::int64_t> size)
      : begin_(std::move(begin)), size_(size) {}
  std::optional<std::int64_t> size() const override { return size_; }
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    return std::make_unique<GeneratorWalk>(begin_(epoch), size_);
  }
  bool shares_data() const override { return true; }

 private:
  std::function<Dataset::Generator(const Epoch&)> begin_;
  std::optional<std::int64_t> size_;
};

}  // namespace

// ---- Batch

TensorView Batch::weight_of(std::size_t output) const {
  if (sample_weight.empty()) return {};
  return sample_weight[sample_weight.size() == 1 ? 0 : output];
}

Batch Batch::rows(std::int64_t begin, std::int64_t end) const {
  return {rows_of(x, begin, end), rows_of(y, begin, end), rows_of(sample_weight, begin, end),
          rows_of(masks, begin, end)};
}

// ---- Batches

std::optional<std::int64_t> Batches::size() const { return walk_->size(); }

Batches::Batches(std::unique_ptr<Walk> walk) : walk_(std::move(walk)) {}
Batches::Batches(Batches&&) noexcept = default;
Batches& Batches::operator=(Batches&&) noexcept = default;
Batches::~Batches() = default;

const Batch* Batches::next() { return walk_->next(); }

void Batches::skip(std::int64_t count) { walk_->skip(count); }

// ---- Dataset

Dataset::Dataset(std::shared_ptr<const Source> source) : source_(std::move(source)) {}

Dataset Dataset::from_tensors(const TensorList& x, const TensorList& y,
                              const TensorList& sample_weight) {
  if (x.empty()) throw Error("x is empty", "give a tensor whose first axis counts the rows");
  for (const TensorList* list : {&x, &y, &sample_weight}) {
    for (const Tensor& tensor : *list) check_lengths(x.front(), tensor, Tensor(), "");
  }
  return Dataset(tensor_rows({x, y, sample_weight}, false));
}

Dataset Dataset::from_sequences(const SequenceList& x, const TensorList& y,
                                const TensorList& sample_weight) {
  SequenceData data{x, y, {}, sample_weight};
  check_sequences(data);
  return Dataset(sequence_rows(std::move(data), false));
}

Dataset Dataset::from_sequences(const SequenceList& x, const SequenceList& y,
                                const TensorList& sample_weight) {
  SequenceData data{x, {}, y, sample_weight};
  check_sequences(data);
  return Dataset(sequence_rows(std::move(data), false));
}

Dataset Dataset::from_function(std::int64_t size, std::function<Batch(const BatchPlace&)> item) {
  check_at_least_one("the size", size);
  check_function("from_function", item);
  return Dataset(std::make_shared<FunctionItems>(size, std::move(item)));
}

Dataset Dataset::from_epochs(std::function<EpochItems(const Epoch&)> begin,
                             std::optional<std::int64_t> size) {
  if (size) check_at_least_one("the size", *size);
  check_function("from_epochs", begin);
  return Dataset(std::make_shared<EpochBatches>(std::move(begin), size));
}

Dataset Dataset::from_generator(std::function<Generator(const Epoch&)> begin,
                                std::optional<std::int64_t> size) {
  if (size) check_at_least_one("the size", *size);
  check_function("from_generator", begin);
  return Dataset(std::make_shared<GeneratedItems>(std::move(begin), size));
}

Dataset Dataset::from_files(std::vector<std::string> paths,
                            std::function<Batch(const std::string& path)> read) {
  const auto size = static_cast<std::int64_t>(paths.size());
  check_function("from_files", read);
  return from_function(size,
                       [paths = std::move(paths), read = std::move(read)](const BatchPlace& place) {
                         return read(paths[static_cast<std::size_t>(place.index)]);
                       });
}

Dataset Dataset::from_npy_files(const std::vector<std::string>& x, const TensorList& y,
                                const TensorList& sample_weight) {
  return Dataset(file_rows(file_data(x, {}, y, sample_weight), false));
}

Dataset Dataset::from_npy_files(const std::vector<std::string>& x,
                                const std::vector<std::string>& y,
                                const TensorList& sample_weight) {
  if (y.empty())
    throw Error("y has no files", "give a file of targets for each file of x, or leave y out");
  return Dataset(file_rows(file_data(x, y, {}, sample_weight), false));
}

Dataset Dataset::shuffle() const {
  if (auto quick = source_->shuffled()) return Dataset(std::move(quick));
  const std::optional<std::int64_t> size = source_->size();
  if (!size) {
    throw Error("shuffle() needs to know how many items a data set has",
                "use shuffle(buffer_size), or give the size to from_generator");
  }
  return Dataset(source_->has_items() ? shuffled_items(source_) : shuffled_stream(source_, *size));
}

Dataset Dataset::shuffle(std::int64_t buffer_size) const {
  check_at_least_one("buffer_size", buffer_size);
  return Dataset(shuffled_stream(source_, buffer_size));
}

Dataset Dataset::map(std::function<void(Batch& batch, const BatchPlace& place)> change) const {
  return Dataset(mapped(source_, std::move(change)));
}

Dataset Dataset::batch(std::int64_t batch_size, bool drop_remainder) const {
  check_at_least_one("batch_size", batch_size);
  if (auto quick = source_->batched(batch_size, drop_remainder)) return Dataset(std::move(quick));
  return Dataset(rebatched(source_, batch_size, Joining::equal, drop_remainder));
}

Dataset Dataset::padded_batch(std::int64_t batch_size, bool drop_remainder) const {
  check_at_least_one("batch_size", batch_size);
  return Dataset(rebatched(source_, batch_size, Joining::padded, drop_remainder));
}

Dataset Dataset::bucket_by_length(const BucketOptions& options, std::int64_t buffer_size) const {
  static_cast<void>(chronicler::bucket_by_length({}, options));  // checks them
  if (buffer_size == 0) {
    if (auto quick = source_->bucketed(options)) return Dataset(std::move(quick));
  } else {
    check_at_least_one("buffer_size", buffer_size);
  }
  return Dataset(bucketed_stream(source_, options, buffer_size));
}

Dataset Dataset::take(std::int64_t count) const {
  check_at_least_one("the number of items to take", count);
  return Dataset(first_items(source_, count));
}

Dataset Dataset::prefetch(std::int64_t ahead) const {
  check_at_least_one("the number of batches to read ahead", ahead);
  return Dataset(read_ahead(source_, ahead));
}

std::optional<std::int64_t> Dataset::size() const { return source_->size(); }

Batches Dataset::batches(const Epoch& epoch) const { return Batches(source_->walk(epoch)); }

}  // namespace chronicler
