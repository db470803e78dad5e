// Batches of examples for fit, evaluate and predict: from tensors, sequences, files or a function,
// in their order or shuffled, changed on the way, padded, and read ahead on a second thread.
//
//   Dataset data = Dataset::from_tensors(x, y).shuffle().batch(32).prefetch();
//   model.fit(data, {.epochs = 10});
//
// The names are those of tf.data. A Dataset is a description: copying it copies no data, and any
// number of passes may go over it at the same time. All that is drawn depends on the seed and the
// number of the epoch alone, so that an interrupted run goes on with the same batches.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chronicler/base/sequence_list.h"
#include "chronicler/base/tensor.h"

namespace chronicler {

// Examples that go through a model together: tensors of equal first extent B.
struct Batch {
  TensorList x;                   // one for each input
  TensorList y = {};              // one for each output; empty for predict
  TensorList sample_weight = {};  // float32 (B) or (B, T), for each output or for all; empty: 1
  TensorList masks = {};          // boolean (B, T), of the first inputs; empty: every step counts

  std::int64_t size() const { return x.front().shape()[0]; }
  TensorView weight_of(std::size_t output) const;
  // Examples [begin, end), sharing their elements.
  Batch rows(std::int64_t begin, std::int64_t end) const;
};

// One pass over a data set.
struct Epoch {
  std::uint64_t seed = 0;   // of the run
  std::int64_t number = 0;  // from 0
};

// Where a batch is in its pass, for functions that draw random numbers:
// Random(place.epoch.seed).uniform(place.epoch.number, place.index).
struct BatchPlace {
  Epoch epoch;
  std::int64_t index = 0;  // from 0
};

// The batches of one pass, in their order.
class Batches {
 public:
  class Walk;
  explicit Batches(std::unique_ptr<Walk> walk);
  Batches(Batches&&) noexcept;
  Batches& operator=(Batches&&) noexcept;
  ~Batches();

  // Null at the end. The batch and its tensors are valid until the next call.
  const Batch* next();
  // How many there are in this pass; empty if that is not known.
  std::optional<std::int64_t> size() const;
  // Steps over some; those that can be had in any order are not made.
  void skip(std::int64_t count);

 private:
  std::unique_ptr<Walk> walk_;
};

class Dataset {
 public:
  // ---- sources. An item of the first two is one row: a batch of one, until batch() puts rows
  // together.

  // Throws Error unless all have the same number of rows, and at least one.
  static Dataset from_tensors(const TensorList& x, const TensorList& y = {},
                              const TensorList& sample_weight = {});
  // Sequences of different lengths, for padded_batch() and bucket_by_length(); y has a row for
  // each sequence, or a list with a target for each step.
  static Dataset from_sequences(const SequenceList& x, const TensorList& y = {},
                                const TensorList& sample_weight = {});
  static Dataset from_sequences(const SequenceList& x, const SequenceList& y,
                                const TensorList& sample_weight = {});
  // `size` batches, which can be had in any order: keras.utils.PyDataset. `item` may be called on
  // another thread, by several passes at the same time.
  static Dataset from_function(std::int64_t size, std::function<Batch(const BatchPlace&)> item);
  // Batches that each pass puts together in its own way; those that are skipped are not made.
  struct EpochItems {
    std::int64_t size = 0;
    std::function<Batch(std::int64_t index)> item;  // index from 0; called in order
  };
  // `size`: if all passes have the same, which then is held to.
  static Dataset from_epochs(std::function<EpochItems(const Epoch&)> begin,
                             std::optional<std::int64_t> size = {});
  // Batches one after the other: `begin` is called for each pass and gives a function that gives
  // the next batch, or nothing at the end. The size, if it is known, is held to.
  using Generator = std::function<std::optional<Batch>()>;
  static Dataset from_generator(std::function<Generator(const Epoch&)> begin,
                                std::optional<std::int64_t> size = {});
  // A batch of each file, which `read` makes: rebatch with batch().
  static Dataset from_files(std::vector<std::string> paths,
                            std::function<Batch(const std::string& path)> read);

  // Sequences in .npy files, (T, F) each, or (T) of ids, for bucket_by_length() and padded_batch(),
  // in the order given (npy_files() gives those of a folder). Their lengths are read from the
  // headers, and the numbers of a file when its batch has its turn; a long sequence that is a batch
  // of its own is mapped. y: a row for each file, or files with a target for each step. Throws
  // Error that names the file if they do not fit together, or cannot be mapped (map_npy).
  static Dataset from_npy_files(const std::vector<std::string>& x, const TensorList& y = {},
                                const TensorList& sample_weight = {});
  static Dataset from_npy_files(const std::vector<std::string>& x,
                                const std::vector<std::string>& y,
                                const TensorList& sample_weight = {});

  // ---- what is made of one

  // Another order in each epoch, of all items (Error if their number is not known) or of those in
  // a buffer that is kept full.
  Dataset shuffle() const;
  Dataset shuffle(std::int64_t buffer_size) const;
  // Each batch as `change` leaves it; it may write into the tensors, which are copies.
  Dataset map(std::function<void(Batch& batch, const BatchPlace& place)> change) const;
  // The rows cut anew into batches of so many; the last has what is left. Rows must be of one
  // shape.
  Dataset batch(std::int64_t batch_size, bool drop_remainder = false) const;
  // The same for rows whose first axis, the steps, differs: zeros follow the shorter ones, and a
  // mask says which steps are one's own (none if all are equally long).
  Dataset padded_batch(std::int64_t batch_size, bool drop_remainder = false) const;
  // Batches of sequences that are neighbours in length, in a random order if the rows were
  // shuffled. Of a stream, neighbours among `buffer_size` rows; 0: among all.
  Dataset bucket_by_length(const BucketOptions& options = {}, std::int64_t buffer_size = 0) const;
  // The first `count` items.
  Dataset take(std::int64_t count) const;
  // Makes up to `ahead` batches on a second thread while the caller works on one. The same bits.
  Dataset prefetch(std::int64_t ahead = 2) const;

  // Items in a pass; empty if that is not known before its end.
  std::optional<std::int64_t> size() const;
  Batches batches(const Epoch& epoch = {}) const;

  class Source;
  explicit Dataset(std::shared_ptr<const Source> source);
  const std::shared_ptr<const Source>& source() const { return source_; }

 private:
  std::shared_ptr<const Source> source_;
};

}  // namespace chronicler
