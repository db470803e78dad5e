#include "layers/recurrent/checkpoints.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace chronicler {
namespace {

// Runs the walk as a layer does, and counts the segments that it runs.
class Walk {
 public:
  Walk(std::int64_t segments, std::int64_t slots)
      : kept_(static_cast<std::size_t>(slots)), walk_(kept_), next_back_(segments - 1) {}

  void take_back_all() {
    while (next_back_ >= 0) take_back_one();
  }
  std::int64_t runs() const { return runs_; }
  bool went_well() const { return went_well_; }

 private:
  void take_back_one() {
    std::int64_t at = walk_.segment();
    note(at <= next_back_);
    while (at < next_back_) {
      const Checkpoints::Stop stop = walk_.next(next_back_);
      note(stop.segment > at && stop.segment <= next_back_);
      note(stop.keeps || stop.segment == next_back_);
      runs_ += stop.segment - at;
      at = stop.segment;
      if (stop.keeps) note(walk_.segment() == at);
      note(walk_.slot() < static_cast<std::int64_t>(kept_.size()));
    }
    ++runs_;
    walk_.taken_back(next_back_--);
  }
  void note(bool is_right) { went_well_ = went_well_ && is_right; }

  std::vector<std::int64_t> kept_;
  Checkpoints walk_;
  std::int64_t next_back_;
  std::int64_t runs_ = 0;
  bool went_well_ = true;
};

// The least number of segments that run again, by looking at every way: [segments][slots].
std::vector<std::vector<double>> least_again(std::size_t most) {
  std::vector<std::vector<double>> least(most + 1, std::vector<double>(most + 1, 0.0));
  for (std::size_t slots = 1; slots <= most; ++slots) {
    for (std::size_t size = 2; size <= most; ++size) {
      double best = static_cast<double>(size * (size - 1)) / 2.0;  // from the beginning each time
      for (std::size_t stop = 1; stop < size && slots > 1; ++stop) {
        best = std::min(
            best, static_cast<double>(stop) + least[stop][slots] + least[size - stop][slots - 1]);
      }
      least[size][slots] = best;
    }
  }
  return least;
}

TEST(Checkpoints, RunNoSegmentOftenerThanTheSlotsAskFor) {
  constexpr std::size_t most = 150;
  const std::vector<std::vector<double>> least = least_again(most);
  for (std::size_t segments = 1; segments <= most; ++segments) {
    for (std::size_t slots = 1; slots <= most; ++slots) {
      SCOPED_TRACE(testing::Message() << segments << " segments, " << slots << " slots");
      const auto size = static_cast<std::int64_t>(segments);
      Walk walk(size, static_cast<std::int64_t>(slots));
      walk.take_back_all();
      ASSERT_TRUE(walk.went_well());
      ASSERT_EQ(static_cast<double>(walk.runs() - size), least[segments][slots]);
      ASSERT_EQ(segments_again(size, static_cast<std::int64_t>(slots)), least[segments][slots]);
    }
  }
}

TEST(Checkpoints, ManySegmentsNeedFewSlots) {
  // 100 slots: four repetitions cover 4.6 million segments.
  EXPECT_LE(segments_again(4'598'126, 100), 4.0 * 4'598'126);
  EXPECT_GT(segments_again(4'600'000, 100), 3.9 * 4'600'000);
  Walk walk(100'000, 12);
  walk.take_back_all();
  EXPECT_TRUE(walk.went_well());
  EXPECT_EQ(static_cast<double>(walk.runs() - 100'000), segments_again(100'000, 12));
}

}  // namespace
}  // namespace chronicler
