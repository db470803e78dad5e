#include "training/dataset/file_rows.h"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/base/mapped_npy.h"
#include "training/dataset/batch_rows.h"
#include "training/dataset/sequence_rows.h"

namespace chronicler {
namespace {

std::string described(const NpyFile& file) {
  return fmt::format("\"{}\" holds {} of {}", file.path, file.shape.to_string(),
                     name_of(file.dtype));
}

// Files that go into one batch differ in their number of steps only.
std::vector<NpyFile> headers_of(const std::vector<std::string>& paths) {
  std::vector<NpyFile> files;
  for (const std::string& path : paths) {
    files.push_back(npy_file(path));
    const NpyFile& file = files.back();
    if (file.shape.rank() == 0 || file.shape[0] == 0) {
      throw Error(described(file) + ", no steps", "a sequence has its steps along the first axis");
    }
    const NpyFile& first = files.front();
    if (file.dtype == first.dtype && file.shape.rank() == first.shape.rank() &&
        file.shape.without_front() == first.shape.without_front())
      continue;
    throw Error(fmt::format("{}, but {}", described(file), described(first)),
                "sequences of one data set differ in their number of steps only");
  }
  return files;
}

void check_rows(std::size_t files, const TensorList& rows, std::string_view name) {
  for (const Tensor& tensor : rows) {
    if (tensor && tensor.shape().rank() > 0 &&
        tensor.shape()[0] == static_cast<std::int64_t>(files))
      continue;
    throw Error(
        fmt::format("x has {} files, {} has shape {}", files, name, tensor.shape().to_string()),
        "its first axis counts the files");
  }
}

// One sequence as a batch of one row: read, or mapped if it is long.
Tensor one_row(const NpyFile& file) {
  constexpr std::size_t long_file = std::size_t{4} << 20U;
  const Shape shape = file.shape.with_front(1);
  if (file.size > long_file) {
    const Tensor mapped = map_npy(file.path);
    if (mapped.shape() == file.shape && mapped.dtype() == file.dtype) return mapped.reshaped(shape);
    throw Error(fmt::format("\"{}\" is not the file any more whose header was read: it held {} of "
                            "{}, now {} of {}",
                            file.path, file.shape.to_string(), name_of(file.dtype),
                            mapped.shape().to_string(), name_of(mapped.dtype())),
                "make the data set again when nobody writes to it any more");
  }
  const Tensor row(shape, file.dtype);
  read_elements(file, row);
  return row;
}

std::int64_t longest(const std::vector<NpyFile>& files, const Bucket& bucket) {
  std::int64_t steps = 0;
  for (const std::int64_t index : bucket)
    steps = std::max(steps, files[static_cast<std::size_t>(index)].shape[0]);
  return steps;
}

// (B, T, ...), zeros behind the shorter ones.
Tensor padded(const std::vector<NpyFile>& files, const Bucket& bucket) {
  const NpyFile& first = files[static_cast<std::size_t>(bucket.front())];
  if (bucket.size() == 1) return one_row(first);
  const Shape step = first.shape.without_front();
  const std::int64_t steps = longest(files, bucket);
  const Tensor batch(step.with_front(steps).with_front(static_cast<std::int64_t>(bucket.size())),
                     first.dtype);
  const std::int64_t row_size = batch.size() / static_cast<std::int64_t>(bucket.size());
  for (std::size_t row = 0; row < bucket.size(); ++row) {
    const NpyFile& file = files[static_cast<std::size_t>(bucket[row])];
    read_elements(file, batch.part(static_cast<std::int64_t>(row) * row_size, file.shape));
  }
  return batch;
}

// (B, T), true where a step is one of its sequence; empty if all have the same length.
Tensor mask_of(const std::vector<NpyFile>& files, const Bucket& bucket) {
  const std::int64_t steps = longest(files, bucket);
  Tensor mask({static_cast<std::int64_t>(bucket.size()), steps}, DType::boolean);
  auto* row = mask.as<std::uint8_t>();
  bool has_padding = false;
  for (const std::int64_t index : bucket) {
    const std::int64_t own = files[static_cast<std::size_t>(index)].shape[0];
    std::fill_n(row, own, std::uint8_t{1});
    has_padding = has_padding || own < steps;
    row += steps;
  }
  return has_padding ? mask : Tensor();
}

Batch batch_of(const FileData& data, const Bucket& bucket) {
  Batch batch{TensorList({padded(data.x, bucket)})};
  if (const Tensor mask = mask_of(data.x, bucket)) batch.masks = TensorList({mask});
  if (!data.y_files.empty()) {
    batch.y = TensorList({padded(data.y_files, bucket)});
  } else {
    gather_rows(data.y, bucket, batch.y);
  }
  gather_rows(data.sample_weight, bucket, batch.sample_weight);
  return batch;
}

class FileBatches final : public Dataset::Source {
 public:
  FileBatches(std::shared_ptr<const FileData> data, const BucketOptions& options, bool shuffle)
      : data_(std::move(data)), options_(options), shuffle_(shuffle) {
    for (const NpyFile& file : data_->x) lengths_.push_back(file.shape[0]);
    count_ = static_cast<std::int64_t>(sequence_buckets(lengths_, options_, false, {}).size());
  }

  std::optional<std::int64_t> size() const override { return count_; }
  std::optional<std::int64_t> rows() const override {
    return static_cast<std::int64_t>(data_->x.size());
  }
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override;

 private:
  class Walk;
  std::shared_ptr<const FileData> data_;
  std::vector<std::int64_t> lengths_;
  BucketOptions options_;
  bool shuffle_;
  std::int64_t count_;
};

class FileBatches::Walk final : public MakingWalk {
 public:
  Walk(std::shared_ptr<const FileData> data, std::vector<Bucket> buckets)
      : data_(std::move(data)), buckets_(std::move(buckets)) {}
  void skip(std::int64_t count) override {
    index_ = std::min(buckets_.size(), index_ + static_cast<std::size_t>(count));
  }

 protected:
  std::optional<Batch> make() override {
    if (index_ == buckets_.size()) return {};
    return batch_of(*data_, buckets_[index_++]);
  }

 private:
  std::shared_ptr<const FileData> data_;
  std::vector<Bucket> buckets_;
  std::size_t index_ = 0;
};

std::unique_ptr<Batches::Walk> FileBatches::walk(const Epoch& epoch) const {
  return std::make_unique<Walk>(data_, sequence_buckets(lengths_, options_, shuffle_, epoch));
}

class FileRows final : public Dataset::Source {
 public:
  FileRows(std::shared_ptr<const FileData> data, bool shuffle)
      : data_(std::move(data)), shuffle_(shuffle) {}

  std::optional<std::int64_t> size() const override {
    return static_cast<std::int64_t>(data_->x.size());
  }
  std::optional<std::int64_t> rows() const override { return size(); }
  bool has_single_rows() const override { return true; }
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    return std::make_unique<ItemWalk>(shared_from_this(), epoch,
                                      epoch_order(*size(), shuffle_, epoch));
  }
  bool has_items() const override { return !shuffle_; }
  Batch item(const BatchPlace& place) const override { return batch_of(*data_, {place.index}); }
  bool shares_data() const override { return true; }  // of what is mapped
  std::shared_ptr<const Source> shuffled() const override {
    return std::make_shared<FileRows>(data_, true);
  }
  std::shared_ptr<const Source> bucketed(const BucketOptions& options) const override {
    return std::make_shared<FileBatches>(data_, options, shuffle_);
  }

 private:
  std::shared_ptr<const FileData> data_;
  bool shuffle_;
};

}  // namespace

FileData file_data(const std::vector<std::string>& x, const std::vector<std::string>& y_files,
                   const TensorList& y, const TensorList& sample_weight) {
  if (x.empty()) throw Error("x has no files", "give the paths of .npy files: npy_files(folder)");
  FileData data{headers_of(x), headers_of(y_files), y, sample_weight};
  check_rows(x.size(), y, "y");
  check_rows(x.size(), sample_weight, "sample_weight");
  if (y_files.empty()) return data;
  if (y_files.size() != x.size()) {
    throw Error(fmt::format("x has {} files, y has {}", x.size(), y_files.size()),
                "give a file of targets for each");
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (data.x[i].shape[0] == data.y_files[i].shape[0]) continue;
    throw Error(fmt::format("\"{}\" has {} steps, its targets \"{}\" have {}", x[i],
                            data.x[i].shape[0], y_files[i], data.y_files[i].shape[0]),
                "give a target for each step");
  }
  return data;
}

std::shared_ptr<const Dataset::Source> file_rows(FileData data, bool shuffle) {
  return std::make_shared<FileRows>(std::make_shared<const FileData>(std::move(data)), shuffle);
}

}  // namespace chronicler
