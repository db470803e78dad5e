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

}  // namespace

float* TiedLoss::room(std::vector<float>& scratch, std::int64_t count) {
  if (scratch.size() < static_cast<std::size_t>(count))
    scratch.resize(static_cast<std::size_t>(count));
  return scratch.data();
}

double TiedLoss::run(const Parameter& table, const TensorView& vectors,
                     std::span<const std::int64_t> places, std::span<const std::int32_t> expected,
                     float smoothing, const TensorView& slope) {
  const FlushDenormals guard;
  Runtime& runtime = Runtime::global();
  const std::int64_t pieces = table.value.shape()[0];
  const std::int64_t width = table.value.shape()[1];
  const auto count = static_cast<std::int64_t>(places.size());
  const bool learns = static_cast<bool>(slope);
  make_room(forward_, kernels::packed_size<float>(width, pieces));
  kernels::pack(width, pieces, table.value.as<float>(), width, true, forward_.as<float>());
  if (learns) {
    make_room(backward_, kernels::packed_size<float>(pieces, width));
    kernels::pack(pieces, width, table.value.as<float>(), width, false, backward_.as<float>());
  }
  float* gathered = room(gathered_, part_rows * width);
  float* scores = room(scores_, part_rows * pieces);
  float* losses = room(losses_, part_rows);
  float* slopes = room(slopes_, part_rows * width);
  const float scale = learns ? 1.0F / static_cast<float>(count) : 0.0F;
  double sum = 0.0;
  for (std::int64_t begin = 0; begin < count; begin += part_rows) {
    const std::int64_t rows = std::min(part_rows, count - begin);
    runtime.parallel(tasks_of(rows, task_rows), [&](std::int64_t task) {
      const std::int64_t first = task * task_rows;
      const std::int64_t some = std::min(task_rows, rows - first);
      for (std::int64_t row = first; row < first + some; ++row) {
        const std::int64_t place = places[static_cast<std::size_t>(begin + row)];
        std::copy_n(vectors.as<float>() + place * width, width, gathered + row * width);
      }
      float* own = scores + first * pieces;
      kernels::gemm_packed(some, pieces, width, gathered + first * width, width,
                           forward_.as<float>(), own, pieces, Start::zero);
      kernels::softmax_loss(some, pieces, expected.data() + begin + first, smoothing, scale, own,
                            losses + first);
      if (!learns) return;
      kernels::gemm_packed(some, width, pieces, own, pieces, backward_.as<float>(),
                           slopes + first * width, width, Start::zero);
      for (std::int64_t row = first; row < first + some; ++row) {
        const std::int64_t place = places[static_cast<std::size_t>(begin + row)];
        std::copy_n(slopes + row * width, width, slope.as<float>() + place * width);
      }
    });
    for (std::int64_t row = 0; row < rows; ++row) sum += static_cast<double>(losses[row]);
    if (!learns) continue;
    runtime.parallel(tasks_of(pieces, task_pieces), [&](std::int64_t task) {
      const std::int64_t first = task * task_pieces;
      kernels::gemm_outer(std::min(task_pieces, pieces - first), width, rows, scores + first,
                          pieces, gathered, width, table.gradient.as<float>() + first * width,
                          width);
    });
  }
  return count == 0 ? 0.0 : sum / static_cast<double>(count);
}

}  // namespace chronicler::tasks
