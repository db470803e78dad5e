// What a model gives for batches that may be long, and where it is put.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chronicler/base/mapped_npy.h"
#include "chronicler/model/model.h"
#include "chronicler/training/dataset.h"
#include "chronicler/training/fit_options.h"
#include "training/sequence_parts.h"

namespace chronicler {

// Takes the outputs of a batch, or of a part of its steps, one after the other: `output` of the
// model, steps from `step` on of `steps` (0 of 0: it has none).
class OutputSink {
 public:
  virtual ~OutputSink() = default;
  virtual void take(std::size_t output, const TensorView& values, std::int64_t step,
                    std::int64_t steps) = 0;
};

// Runs a model over batches, long ones part by part.
class Prediction {
 public:
  Prediction(Model& model, const PredictOptions& options);

  // Batch as the model takes it (ModelInternals::prepare_inputs). Gives back what it is mapped
  // from.
  void run(const Batch& batch, OutputSink& sink);

 private:
  void run_part(const Batch& batch);

  Model& model_;
  const PredictOptions& options_;
  std::optional<BatchParts> parts_;
};

// The outputs of `rows` rows in all, side by side in memory or in a file.
class JoinedOutputs final : public OutputSink {
 public:
  // Throws Error if a file is to take several outputs.
  JoinedOutputs(std::size_t outputs, std::int64_t rows, const std::string& file);

  // The rows from here on are the next to be taken.
  void begin(std::int64_t row) { row_ = row; }
  void take(std::size_t output, const TensorView& values, std::int64_t step,
            std::int64_t steps) override;
  // Whether the last was of steps that came part by part.
  bool has_steps() const { return has_steps_; }
  // The results; a file gets its name.
  std::vector<Tensor> finish();

 private:
  Tensor room(const TensorView& values, std::int64_t steps);

  std::int64_t rows_;
  std::string path_;
  std::int64_t row_ = 0;
  bool has_steps_ = false;
  std::vector<Tensor> results_;
  std::optional<NpyOutput> file_;
};

// Throws Error unless a file can take what the model gives.
void check_output_file(const Model& model, const PredictOptions& options);

}  // namespace chronicler
