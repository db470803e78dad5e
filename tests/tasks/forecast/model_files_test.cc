// Models written by 433a8ed forecast as they did there.
#include <fstream>

#include <gtest/gtest.h>

#include "chronicler/tasks/forecaster.h"
#include "support/source_dir.h"
#include "support/temporary_folder.h"
#include "support/written_answers.h"

namespace chronicler::tasks {
namespace {

class ForecastModelFiles : public ::testing::Test {
 protected:
  // The rows that the earlier program was given: in the answers, or the data of an example.
  data::TimeSeries rows_of(const test::WrittenModel& written, const Forecaster& forecaster) {
    std::string path = (test::source_dir() / "examples/data/sunspots.csv").string();
    if (written.answers.contains("rows")) {
      path = folder_.path("rows.csv");
      std::ofstream(path, std::ios::binary) << written.answers["rows"].get<std::string>();
    }
    return data::read_time_series(path, forecaster.reading());
  }

  test::TemporaryFolder folder_;
};

TEST_F(ForecastModelFiles, ForecastTheSame) {
  const auto models = test::written_models("forecast");
  ASSERT_FALSE(models.empty());
  for (const test::WrittenModel& written : models) {
    SCOPED_TRACE(written.path);
    const Forecaster forecaster = Forecaster::load(written.path);
    const data::TimeSeries rows = rows_of(written, forecaster);
    const Forecast next = forecaster.run(rows);
    const auto& before = written.answers["run"];
    ASSERT_EQ(next.targets.size(), 1U);
    const auto& numbers = before["forecast"][next.targets[0]];
    ASSERT_EQ(next.mean.size(), numbers["mean"].size());
    ASSERT_EQ(next.values.size(), 2 * next.mean.size());
    for (std::size_t step = 0; step < next.mean.size(); ++step) {
      EXPECT_EQ(rows.format_time(next.times[step]), before["time"][step].get<std::string>());
      EXPECT_TRUE(test::same_as_written(next.mean[step], numbers["mean"][step]));
      EXPECT_TRUE(test::same_as_written(next.values[2 * step], numbers["q0.1"][step]));
      EXPECT_TRUE(test::same_as_written(next.values[2 * step + 1], numbers["q0.9"][step]));
    }
  }
}

}  // namespace
}  // namespace chronicler::tasks
