#include "training/dataset/stages.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "chronicler/base/random.h"
#include "training/dataset/batch_rows.h"

namespace chronicler {
namespace {

// A source whose batches are those of another, as far as nothing else is said.
class Stage : public Dataset::Source {
 public:
  explicit Stage(SourcePtr from) : from_(std::move(from)) {}
  std::optional<std::int64_t> size() const override { return from_->size(); }
  std::optional<std::int64_t> rows() const override { return from_->rows(); }

 protected:
  const Dataset::Source& from() const { return *from_; }

 private:
  SourcePtr from_;
};

// A walk over another walk, whose last batch it keeps.
class StageWalk : public MakingWalk {
 public:
  explicit StageWalk(std::unique_ptr<Batches::Walk> from) : from_(std::move(from)) {}

 protected:
  Batches::Walk& from() { return *from_; }
  std::optional<Batch> taken() {
    if (from_->next() == nullptr) return {};
    return from_->give();
  }

 private:
  std::unique_ptr<Batches::Walk> from_;
};

// ---- shuffling

class ShuffledItems final : public Stage {
 public:
  using Stage::Stage;
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    return std::make_unique<ItemWalk>(from().shared_from_this(), epoch,
                                      epoch_order(*from().size(), true, epoch));
  }
  bool shares_data() const override { return from().shares_data(); }
};

class BufferWalk final : public StageWalk {
 public:
  BufferWalk(std::unique_ptr<Batches::Walk> from, const Epoch& epoch, std::int64_t buffer_size)
      : StageWalk(std::move(from)),
        random_(epoch.seed ^ of_buffers),
        stream_(static_cast<std::uint64_t>(epoch.number)),
        buffer_size_(static_cast<std::size_t>(buffer_size)) {}

 protected:
  std::optional<Batch> make() override {
    while (!ended_ && buffer_.size() < buffer_size_) {
      std::optional<Batch> item = taken();
      ended_ = !item;
      if (item) buffer_.push_back(*std::move(item));
    }
    if (buffer_.empty()) return {};
    std::swap(buffer_[random_.below(buffer_.size(), stream_, drawn_++)], buffer_.back());
    Batch item = std::move(buffer_.back());
    buffer_.pop_back();
    return item;
  }

 private:
  static constexpr std::uint64_t of_buffers = 0xD1B54A32D192ED03U;
  Random random_;
  std::uint64_t stream_;
  std::size_t buffer_size_;
  std::vector<Batch> buffer_;
  std::uint64_t drawn_ = 0;
  bool ended_ = false;
};

class ShuffledStream final : public Stage {
 public:
  ShuffledStream(SourcePtr from, std::int64_t buffer_size)
      : Stage(std::move(from)), buffer_size_(buffer_size) {}
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    return std::make_unique<BufferWalk>(from().walk(epoch), epoch, buffer_size_);
  }
  bool shares_data() const override { return from().shares_data(); }

 private:
  std::int64_t buffer_size_;
};

// ---- changing

using Change = std::function<void(Batch&, const BatchPlace&)>;

TensorList copies_of(const TensorList& list) {
  std::vector<Tensor> copies;
  for (const Tensor& tensor : list) copies.push_back(tensor ? tensor.clone() : tensor);
  return copies;
}

Batch copy_of(const Batch& batch) {
  return {copies_of(batch.x), copies_of(batch.y), copies_of(batch.sample_weight),
          copies_of(batch.masks)};
}

class Mapped final : public Stage {
 public:
  Mapped(SourcePtr from, Change change) : Stage(std::move(from)), change_(std::move(change)) {}
  std::optional<std::int64_t> rows() const override { return {}; }  // it may leave rows out
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override;
  bool has_items() const override { return from().has_items(); }
  Batch item(const BatchPlace& place) const override { return changed(from().item(place), place); }
  Batch changed(Batch batch, const BatchPlace& place) const {
    if (from().shares_data()) batch = copy_of(batch);
    change_(batch, place);
    return batch;
  }

 private:
  Change change_;
};

class MappedWalk final : public StageWalk {
 public:
  MappedWalk(std::unique_ptr<Batches::Walk> from, std::shared_ptr<const Mapped> stage,
             const Epoch& epoch)
      : StageWalk(std::move(from)), stage_(std::move(stage)), place_{epoch} {}
  void skip(std::int64_t count) override {
    from().skip(count);
    place_.index += count;
  }

 protected:
  std::optional<Batch> make() override {
    std::optional<Batch> batch = taken();
    if (!batch) return {};
    Batch changed = stage_->changed(*std::move(batch), place_);
    ++place_.index;
    return changed;
  }

 private:
  std::shared_ptr<const Mapped> stage_;
  BatchPlace place_;
};

std::unique_ptr<Batches::Walk> Mapped::walk(const Epoch& epoch) const {
  return std::make_unique<MappedWalk>(
      from().walk(epoch), std::static_pointer_cast<const Mapped>(shared_from_this()), epoch);
}

// ---- cutting rows anew

Batch joined(const std::vector<Batch>& parts, Joining joining) {
  return joining == Joining::equal ? join_rows(parts) : join_padded(parts);
}

class RebatchingWalk final : public StageWalk {
 public:
  RebatchingWalk(std::unique_ptr<Batches::Walk> from, std::int64_t batch_size, Joining joining,
                 bool drop_remainder)
      : StageWalk(std::move(from)),
        batch_size_(batch_size),
        joining_(joining),
        drop_remainder_(drop_remainder) {}

 protected:
  std::optional<Batch> make() override {
    std::vector<Batch> parts;
    std::int64_t rows = 0;
    while (rows < batch_size_) {
      std::optional<Batch> part = rest_ ? std::exchange(rest_, std::nullopt) : taken();
      if (!part) break;
      const std::int64_t wanted = batch_size_ - rows;
      if (part->size() > wanted) {
        rest_ = part->rows(wanted, part->size());
        part = part->rows(0, wanted);
      }
      rows += part->size();
      parts.push_back(*std::move(part));
    }
    if (parts.empty() || (drop_remainder_ && rows < batch_size_)) return {};
    return joined(parts, joining_);
  }

 private:
  std::int64_t batch_size_;
  Joining joining_;
  bool drop_remainder_;
  std::optional<Batch> rest_;
};

class Rebatched final : public Stage {
 public:
  Rebatched(SourcePtr from, std::int64_t batch_size, Joining joining, bool drop_remainder)
      : Stage(std::move(from)),
        batch_size_(batch_size),
        joining_(joining),
        drop_remainder_(drop_remainder) {}
  std::optional<std::int64_t> size() const override {
    const std::optional<std::int64_t> rows = from().rows();
    if (!rows) return {};
    return (*rows + (drop_remainder_ ? 0 : batch_size_ - 1)) / batch_size_;
  }
  std::optional<std::int64_t> rows() const override {
    const std::optional<std::int64_t> rows = from().rows();
    if (!rows || !drop_remainder_) return rows;
    return *rows / batch_size_ * batch_size_;
  }
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    return std::make_unique<RebatchingWalk>(from().walk(epoch), batch_size_, joining_,
                                            drop_remainder_);
  }
  bool shares_data() const override { return from().shares_data(); }

 private:
  std::int64_t batch_size_;
  Joining joining_;
  bool drop_remainder_;
};

// ---- neighbours in length

class BucketingWalk final : public StageWalk {
 public:
  BucketingWalk(std::unique_ptr<Batches::Walk> from, const BucketOptions& options,
                std::int64_t buffer_size)
      : StageWalk(std::move(from)), options_(options), buffer_size_(buffer_size) {}

 protected:
  std::optional<Batch> make() override {
    if (ready_.empty()) fill();
    if (ready_.empty()) return {};
    Batch batch = std::move(ready_.front());
    ready_.pop_front();
    return batch;
  }

 private:
  void fill() {
    std::vector<Batch> rows;
    std::vector<std::int64_t> lengths;
    const auto is_full = [&] {
      return buffer_size_ > 0 && static_cast<std::int64_t>(rows.size()) >= buffer_size_;
    };
    while (!is_full()) {
      const std::optional<Batch> batch = taken();
      if (!batch) break;
      for (std::int64_t row = 0; row < batch->size(); ++row) {
        rows.push_back(batch->rows(row, row + 1));
        const Shape& shape = rows.back().x[0].shape();
        lengths.push_back(shape.rank() < 2 ? 1 : shape[1]);
      }
    }
    for (const Bucket& bucket : bucket_by_length(lengths, options_)) {
      std::vector<Batch> parts;
      for (const std::int64_t row : bucket) parts.push_back(rows[static_cast<std::size_t>(row)]);
      ready_.push_back(join_padded(parts));
    }
  }

  BucketOptions options_;
  std::int64_t buffer_size_;
  std::deque<Batch> ready_;
};

class BucketedStream final : public Stage {
 public:
  BucketedStream(SourcePtr from, const BucketOptions& options, std::int64_t buffer_size)
      : Stage(std::move(from)), options_(options), buffer_size_(buffer_size) {}
  std::optional<std::int64_t> size() const override { return {}; }
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    return std::make_unique<BucketingWalk>(from().walk(epoch), options_, buffer_size_);
  }

 private:
  BucketOptions options_;
  std::int64_t buffer_size_;
};

// ---- the first ones

class FirstWalk final : public Batches::Walk {
 public:
  FirstWalk(std::unique_ptr<Batches::Walk> from, std::int64_t count)
      : from_(std::move(from)), left_(count) {}
  const Batch* next() override { return left_ > 0 ? (--left_, from_->next()) : nullptr; }
  void skip(std::int64_t count) override {
    const std::int64_t some = std::min(left_, count);
    left_ -= some;
    from_->skip(some);
  }
  Batch give() override { return from_->give(); }

 private:
  std::unique_ptr<Batches::Walk> from_;
  std::int64_t left_;
};

class FirstItems final : public Stage {
 public:
  FirstItems(SourcePtr from, std::int64_t count) : Stage(std::move(from)), count_(count) {}
  std::optional<std::int64_t> size() const override {
    const std::optional<std::int64_t> all = from().size();
    return all ? std::optional(std::min(*all, count_)) : all;
  }
  std::optional<std::int64_t> rows() const override {
    if (from().size() && *from().size() <= count_) return from().rows();
    return from().has_single_rows() ? size() : std::nullopt;
  }
  bool has_single_rows() const override { return from().has_single_rows(); }
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    return std::make_unique<FirstWalk>(from().walk(epoch), count_);
  }
  bool has_items() const override { return from().has_items() && from().size(); }
  Batch item(const BatchPlace& place) const override { return from().item(place); }
  bool shares_data() const override { return from().shares_data(); }

 private:
  std::int64_t count_;
};

// ---- reading ahead

// The thread begins with the first batch that is asked for: what is skipped before costs nothing.
class AheadWalk final : public MakingWalk {
 public:
  AheadWalk(std::unique_ptr<Batches::Walk> from, std::int64_t ahead)
      : from_(std::move(from)), ahead_(static_cast<std::size_t>(ahead)) {}
  ~AheadWalk() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  AheadWalk(const AheadWalk&) = delete;
  AheadWalk& operator=(const AheadWalk&) = delete;

  void skip(std::int64_t count) override {
    if (!thread_.joinable()) return from_->skip(count);
    Batches::Walk::skip(count);
  }

 protected:
  std::optional<Batch> make() override {
    if (!thread_.joinable()) thread_ = std::thread([this] { read(); });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !ready_.empty() || ended_; });
    if (ready_.empty()) {
      if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
      return {};
    }
    Batch batch = std::move(ready_.front());
    ready_.pop_front();
    lock.unlock();
    changed_.notify_all();
    return batch;
  }

 private:
  void read() {
    std::exception_ptr failure;
    try {
      while (from_->next() != nullptr && put(from_->give())) {
      }
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    failure_ = failure;
    ended_ = true;
    changed_.notify_all();
  }
  // False if nobody wants it any more.
  bool put(Batch batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ready_.size() < ahead_ || stop_; });
    if (stop_) return false;
    ready_.push_back(std::move(batch));
    changed_.notify_all();
    return true;
  }

  std::unique_ptr<Batches::Walk> from_;
  std::size_t ahead_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> ready_;
  std::exception_ptr failure_;
  bool ended_ = false;
  bool stop_ = false;
  std::thread thread_;
};

class ReadAhead final : public Stage {
 public:
  ReadAhead(SourcePtr from, std::int64_t ahead) : Stage(std::move(from)), ahead_(ahead) {}
  std::unique_ptr<Batches::Walk> walk(const Epoch& epoch) const override {
    return std::make_unique<AheadWalk>(from().walk(epoch), ahead_);
  }
  bool shares_data() const override { return from().shares_data(); }

 private:
  std::int64_t ahead_;
};

}  // namespace

SourcePtr shuffled_items(SourcePtr from) {
  return std::make_shared<ShuffledItems>(std::move(from));
}

SourcePtr shuffled_stream(SourcePtr from, std::int64_t buffer_size) {
  return std::make_shared<ShuffledStream>(std::move(from), buffer_size);
}

SourcePtr mapped(SourcePtr from, std::function<void(Batch&, const BatchPlace&)> change) {
  return std::make_shared<Mapped>(std::move(from), std::move(change));
}

SourcePtr rebatched(SourcePtr from, std::int64_t batch_size, Joining joining, bool drop_remainder) {
  return std::make_shared<Rebatched>(std::move(from), batch_size, joining, drop_remainder);
}

SourcePtr bucketed_stream(SourcePtr from, const BucketOptions& options, std::int64_t buffer_size) {
  return std::make_shared<BucketedStream>(std::move(from), options, buffer_size);
}

SourcePtr first_items(SourcePtr from, std::int64_t count) {
  return std::make_shared<FirstItems>(std::move(from), count);
}

SourcePtr read_ahead(SourcePtr from, std::int64_t ahead) {
  return std::make_shared<ReadAhead>(std::move(from), ahead);
}

}  // namespace chronicler
