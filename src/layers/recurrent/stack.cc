#include "layers/recurrent/stack.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "layers/core/invoke.h"
#include "layers/recurrent/slices.h"

namespace chronicler {
namespace {

constexpr std::int64_t block_steps = 32;
constexpr std::int64_t fewest_blocks = 4;

// How many blocks a layer has done; each layer's is on a line of the cache of its own.
struct alignas(64) Progress {
  std::atomic<std::int64_t> blocks{0};

  void wait_for(std::int64_t count) const {
    constexpr int most_looks = 4096;
    for (int look = 0; blocks.load(std::memory_order_acquire) < count; ++look) {
      if (look > most_looks) std::this_thread::yield();
    }
  }
};

// run(layer, block) for all, so that a block of a layer comes after its block before and after the
// same block of layer - 1. Tasks are handed out in the order of waves (layer + block): whatever a
// task waits for was handed out before it.
template <class Run>
void run_wavefront(Pass& pass, std::int64_t layers, std::int64_t blocks, const Run& run) {
  const std::span<Progress> progress =
      arena_objects<Progress>(pass.arena, static_cast<std::size_t>(layers));
  const auto of = [&](std::int64_t layer) -> Progress& {
    return progress[static_cast<std::size_t>(layer)];
  };
  struct Task {
    std::int64_t layer;
    std::int64_t block;
  };
  const std::span<Task> tasks =
      arena_objects<Task>(pass.arena, static_cast<std::size_t>(layers * blocks));
  std::size_t count = 0;
  for (std::int64_t wave = 0; wave < layers + blocks - 1; ++wave) {
    for (std::int64_t layer = 0; layer < layers; ++layer) {
      const std::int64_t block = wave - layer;
      if (block >= 0 && block < blocks) tasks[count++] = {layer, block};
    }
  }
  pass.runtime.parallel(layers * blocks, [&](std::int64_t index) {
    const auto [layer, block] = tasks[static_cast<std::size_t>(index)];
    of(layer).wait_for(block);
    if (layer > 0) of(layer - 1).wait_for(block + 1);
    run(layer, block);
    of(layer).blocks.store(block + 1, std::memory_order_release);
  });
}

// What a task works with: its thread alone, so that nobody tries to cut the work further.
Pass alone(const Pass& pass) {
  static Runtime one(1);
  return {pass.arena, one, pass.training, pass.step, pass.observe, pass.continues};
}

// Steps of a block on the way back: whole blocks of the sums of every layer.
std::int64_t block_back(std::span<const StackedCall> stack) {
  std::int64_t together = 1;
  for (const StackedCall& each : stack) together = std::lcm(together, each.segments->steps_summed);
  return (block_steps + together - 1) / together * together;
}

}  // namespace

bool gains_from_wavefront(const Pass& pass, const Shape& x, std::int64_t weights,
                          std::size_t layers) {
  if (pass.keep_bytes || layers < 2) return false;
  const std::int64_t threads = pass.runtime.threads();
  const double work = static_cast<double>(x[0] * x[1]) * static_cast<double>(weights);
  return x[0]<threads&& static_cast<std::int64_t>(layers) * 2> threads &&
         x[1] >= fewest_blocks * block_steps && work > inline_work * fewest_blocks;
}

void stack_forward(Pass& pass, std::span<const StackedCall> stack) {
  const std::int64_t steps = stack.front().segments->steps;
  const std::int64_t blocks = (steps + block_steps - 1) / block_steps;
  Pass own = alone(pass);
  run_wavefront(pass, static_cast<std::int64_t>(stack.size()), blocks,
                [&](std::int64_t layer, std::int64_t block) {
                  const StackedCall& here = stack[static_cast<std::size_t>(layer)];
                  const std::int64_t begin = block * block_steps;
                  here.layer->forward_steps(own, *here.segments,
                                            {begin, std::min(begin + block_steps, steps)});
                });
}

void stack_backward(Pass& pass, std::span<const StackedCall> stack) {
  const std::int64_t steps = stack.front().segments->steps;
  const std::int64_t size = block_back(stack);
  const std::int64_t blocks = (steps + size - 1) / size;
  Pass own = alone(pass);
  run_wavefront(
      pass, static_cast<std::int64_t>(stack.size()), blocks,
      [&](std::int64_t from_top, std::int64_t from_end) {
        const StackedCall& here = stack[stack.size() - 1 - static_cast<std::size_t>(from_top)];
        const std::int64_t begin = (blocks - 1 - from_end) * size;
        here.layer->backward_steps(own, *here.segments, {begin, std::min(begin + size, steps)});
      });
}

}  // namespace chronicler
