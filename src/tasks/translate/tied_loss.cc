#include "tasks/translate/tied_loss.h"

#include <algorithm>
#include <cstring>

#include "kernels/gemm.h"
#include "kernels/softmax_loss.h"

namespace chronicler::tasks {
namespace {

using kernels::Start;

// Rows of scores that are in memory at a time, and of one task.
constexpr std::int64_t part_rows = 256;
constexpr std::int64_t task_rows = 64;
// Of the table, whose gradient a task adds to.
constexpr std::int64_t task_pieces = 512;

std::int64_t tasks_of(std::int64_t size, std::int64_t piece) { return (size + piece - 1) / piece; }

void make_room(Tensor& tensor, std::int64_t count) {
  if (!tensor || tensor.size() < count) tensor = Tensor({count});
}

float* room(std::vector<float>& scratch, std::int64_t count) {
  if (scratch.size() < static_cast<std::size_t>(count))
    scratch.resize(static_cast<std::size_t>(count));
  return scratch.data();
}

}  // namespace

void TiedLoss::values(TensorView y_true, TensorView y_pred, TensorView values,
                      TensorView gradient) const {
  values.as<float>()[0] = static_cast<float>(run(y_pred, y_true, label_smoothing_, gradient));
}

void TiedLoss::find_places(const TensorView& y_true) const {
  places_.clear();
  expected_.clear();
  const auto* pieces = y_true.as<std::int32_t>();
  for (std::int64_t place = 0; place < y_true.size(); ++place) {
    if (pieces[place] == 0) continue;
    places_.push_back(place);
    expected_.push_back(pieces[place]);
  }
}

double TiedLoss::run(const TensorView& y_pred, const TensorView& y_true, double label_smoothing,
                     const TensorView& slope) const {
  const FlushDenormals guard;
  Runtime& runtime = Runtime::global();
  const std::int64_t pieces = table_.value.shape()[0];
  const std::int64_t width = table_.value.shape()[1];
  find_places(y_true);
  const auto count = static_cast<std::int64_t>(places_.size());
  const bool learns = static_cast<bool>(slope);
  if (learns) std::fill_n(slope.as<float>(), slope.size(), 0.0F);
  make_room(forward_, kernels::packed_size<float>(width, pieces));
  kernels::pack(width, pieces, table_.value.as<float>(), width, true, forward_.as<float>());
  if (learns) {
    make_room(backward_, kernels::packed_size<float>(pieces, width));
    kernels::pack(pieces, width, table_.value.as<float>(), width, false, backward_.as<float>());
  }
  float* gathered = room(gathered_, part_rows * width);
  float* scores = room(scores_, part_rows * pieces);
  float* losses = room(losses_, part_rows);
  float* slopes = room(slopes_, part_rows * width);
  const auto smoothing = static_cast<float>(label_smoothing);
  const float scale = learns ? 1.0F / static_cast<float>(count) : 0.0F;
  double sum = 0.0;
  for (std::int64_t begin = 0; begin < count; begin += part_rows) {
    const std::int64_t rows = std::min(part_rows, count - begin);
    runtime.parallel(tasks_of(rows, task_rows), [&](std::int64_t task) {
      const std::int64_t first = task * task_rows;
      const std::int64_t some = std::min(task_rows, rows - first);
      for (std::int64_t row = first; row < first + some; ++row) {
        const std::int64_t place = places_[static_cast<std::size_t>(begin + row)];
        std::copy_n(y_pred.as<float>() + place * width, width, gathered + row * width);
      }
      float* own = scores + first * pieces;
      kernels::gemm_packed(some, pieces, width, gathered + first * width, width,
                           forward_.as<float>(), own, pieces, Start::zero);
      kernels::softmax_loss(some, pieces, expected_.data() + begin + first, smoothing, scale, own,
                            losses + first);
      if (!learns) return;
      kernels::gemm_packed(some, width, pieces, own, pieces, backward_.as<float>(),
                           slopes + first * width, width, Start::zero);
      for (std::int64_t row = first; row < first + some; ++row) {
        const std::int64_t place = places_[static_cast<std::size_t>(begin + row)];
        std::copy_n(slopes + row * width, width, slope.as<float>() + place * width);
      }
    });
    for (std::int64_t row = 0; row < rows; ++row) sum += static_cast<double>(losses[row]);
    if (!learns) continue;
    runtime.parallel(tasks_of(pieces, task_pieces), [&](std::int64_t task) {
      const std::int64_t first = task * task_pieces;
      kernels::gemm_outer(std::min(task_pieces, pieces - first), width, rows, scores + first,
                          pieces, gathered, width, table_.gradient.as<float>() + first * width,
                          width);
    });
  }
  return count == 0 ? 0.0 : sum / static_cast<double>(count);
}

}  // namespace chronicler::tasks
