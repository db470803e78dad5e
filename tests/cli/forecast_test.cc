// chronicler forecast, from a user's file to the forecast, and every way to get the file wrong.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/fields.h"
#include "chronicler/data/timestamp.h"
#include "chronicler/tasks/forecaster.h"
#include "cli/program_run.h"
#include "cli/task_command.h"
#include "support/temporary_folder.h"

namespace chronicler::test {
namespace {

// A year of days.
std::string season() {
  std::ostringstream text;
  text << "date,sales,rain\n";
  for (int day = 0; day < 364; ++day) {
    const int month = day / 28;
    text << 2001 + month / 12 << "-" << (month % 12 < 9 ? "0" : "") << month % 12 + 1 << "-"
         << (day % 28 < 9 ? "0" : "") << day % 28 + 1 << ","
         << 100.0 + 10.0 * std::sin(2.0 * std::numbers::pi * day / 7.0) + day % 3 << "," << day % 5
         << "\n";
  }
  return text.str();
}

class ForecastCommand : public testing::Test {
 protected:
  std::string file(const std::string& contents, const std::string& name = "data.csv") {
    const std::string path = folder_.path(name);
    std::ofstream(path, std::ios::binary) << contents;
    return path;
  }
  ProgramRun train(const std::string& data, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{
        "forecast", "train",     data,      "-o", folder_.path("m.keras"),
        "--epochs", "2",         "--units", "4",  "--networks",
        "1",        "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_chronicler(arguments);
  }
  // The first line of what went wrong, from the name of the file on.
  std::string error(const std::string& contents,
                    std::vector<std::string> more = {"--target", "x"}) {
    const ProgramRun run = train(file(contents), std::move(more));
    EXPECT_EQ(run.status, 1) << run.errors;
    EXPECT_FALSE(std::filesystem::exists(folder_.path("m.keras")));
    const std::size_t at = run.errors.find("data.csv");
    return at == std::string::npos ? run.errors
                                   : run.errors.substr(at, run.errors.find('\n', at) - at);
  }
  TemporaryFolder folder_;
};

TEST_F(ForecastCommand, TrainsRunsAndTestsBack) {
  const std::string data = file(season());
  const ProgramRun trained = train(data, {"--target", "sales", "--covariates", "rain", "--horizon",
                                          "7", "--test-rows", "60", "--json"});
  ASSERT_EQ(trained.status, 0) << trained.errors;
  const auto json = nlohmann::json::parse(trained.out);
  for (const char* way : {"model", "repeat_last", "seasonal_naive", "linear_ar"}) {
    for (const char* measure : {"rmse", "mae", "mse_scaled"})
      EXPECT_GE(json[way][measure].get<double>(), 0.0);
  }
  EXPECT_GE(json["seconds"].get<double>(), 0.0);
  // With every option as it was chosen.
  EXPECT_EQ(json["horizon"], 7);
  EXPECT_EQ(json["test_rows"], 60);
  EXPECT_EQ(json["cell"], "lstm");
  EXPECT_EQ(json["quantiles"], (std::vector<double>{0.1, 0.9}));
  EXPECT_EQ(json["epochs"], 2.0);

  const std::string plot = folder_.path("next.svg");
  const ProgramRun run =
      run_chronicler({"forecast", "run", folder_.path("m.keras"), data, "--plot", plot});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_TRUE(run.out.starts_with("date,sales,sales_q0.1,sales_q0.9\n2002-")) << run.out;
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 8);
  EXPECT_GT(std::filesystem::file_size(plot), 1000U);

  const ProgramRun back = run_chronicler(
      {"forecast", "backtest", folder_.path("m.keras"), data, "--rows", "60", "--json"});
  ASSERT_EQ(back.status, 0) << back.errors;
  EXPECT_DOUBLE_EQ(nlohmann::json::parse(back.out)["model"]["rmse"].get<double>(),
                   json["model"]["rmse"].get<double>());

  const ProgramRun adapted = run_chronicler({"forecast", "backtest", folder_.path("m.keras"), data,
                                             "--rows", "60", "--adapt", "--steps", "5", "--json"});
  ASSERT_EQ(adapted.status, 0) << adapted.errors;
  const auto both = nlohmann::json::parse(adapted.out);
  EXPECT_EQ(both["model"], nlohmann::json::parse(back.out)["model"]);
  EXPECT_NE(both["adapted"]["rmse"], both["model"]["rmse"]);
}

// A year of days whose sales follow offers; of the last `ahead` the offers alone are known.
std::string offers(int days, int ahead) {
  std::string text = "date,sales,offer\n";
  for (int day = 0; day < days; ++day) {
    const int offer = day * day % 101 % 3;
    text += data::format_timestamp(std::int64_t{86400} * (11323 + day), true) + ",";
    if (day < days - ahead) text += fmt::format("{}", 50 + 20 * offer + day % 5 * 0.1);
    text += fmt::format(",{}\n", offer);
  }
  return text;
}

TEST_F(ForecastCommand, ReadsColumnsThatAreKnownAhead) {
  const std::string data = file(offers(300, 10));
  const std::vector<std::string> options{"--target",  "sales", "--future", "offer",
                                         "--horizon", "7",     "--json"};
  const ProgramRun trained = train(data, options);
  ASSERT_EQ(trained.status, 0) << trained.errors;
  const auto json = nlohmann::json::parse(trained.out);
  EXPECT_EQ(json["future"], 1);
  EXPECT_EQ(json["covariates"], 0);
  EXPECT_EQ(json["test_rows"], 58);  // a fifth of those with sales
  EXPECT_LT(json["model"]["rmse"].get<double>(), 1.0);
  EXPECT_GT(json["linear_ar"]["rmse"].get<double>(), 5.0);
  EXPECT_EQ(json["missing_truths"], 0);

  const std::string model = folder_.path("m.keras");
  const std::string plot = folder_.path("next.svg");
  const ProgramRun run = run_chronicler({"forecast", "run", model, data, "--plot", plot, "--json"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto next = nlohmann::json::parse(run.out);
  ASSERT_EQ(next["time"].size(), 7U);
  EXPECT_EQ(next["time"][0], data::format_timestamp(std::int64_t{86400} * (11323 + 290), true));
  for (std::size_t step = 0; step < 7; ++step) {
    const std::size_t day = 290 + step;
    EXPECT_NEAR(next["forecast"]["sales"]["mean"][step].get<double>(),
                50.2 + 20.0 * static_cast<double>(day * day % 101 % 3), 2.0);
  }
  EXPECT_GT(std::filesystem::file_size(plot), 1000U);
  const ProgramRun back =
      run_chronicler({"forecast", "backtest", model, data, "--rows", "58", "--json"});
  ASSERT_EQ(back.status, 0) << back.errors;
  EXPECT_DOUBLE_EQ(nlohmann::json::parse(back.out)["model"]["rmse"].get<double>(),
                   json["model"]["rmse"].get<double>());

  const ProgramRun few =
      run_chronicler({"forecast", "run", model, file(offers(300, 3), "few.csv")});
  EXPECT_EQ(few.status, 1);
  EXPECT_NE(few.errors.find("few.csv has 3 rows after 2001-10-24, the last with a number in "
                            "\"sales\"; a forecast needs \"offer\" for 7 rows ahead\n"),
            std::string::npos)
      << few.errors;
  // Rows without a clock are numbered on.
  std::string numbered = offers(300, 10);
  numbered.replace(0, 4, "name");
  ASSERT_EQ(train(file(numbered, "n.csv"),
                  {"--target", "sales", "--future", "offer", "--horizon", "7", "--time", "none"})
                .status,
            0);
  const ProgramRun rows = run_chronicler({"forecast", "run", model, folder_.path("n.csv")});
  EXPECT_TRUE(rows.out.starts_with("row,sales,sales_q0.1,sales_q0.9\n291,")) << rows.out;
}

TEST_F(ForecastCommand, UpdatesAModelWithNewerRows) {
  const std::string whole = offers(300, 0);
  const auto rows = [&](int begin, int end) {  // by lines
    std::istringstream lines(whole);
    std::string text;
    std::string line;
    for (int i = 0; std::getline(lines, line); ++i) {
      if (i == 0 || (i > begin && i <= end)) text += line + "\n";
    }
    return text;
  };
  ASSERT_EQ(train(file(rows(0, 200)), {"--target", "sales", "--horizon", "2"}).status, 0);
  const std::string model = folder_.path("m.keras");
  const std::string newer = folder_.path("newer.keras");
  const std::string late = file(rows(200, 300), "late.csv");
  const auto forecast = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"forecast", "run"});
    const ProgramRun run = run_chronicler(arguments);
    EXPECT_EQ(run.status, 0) << run.errors;
    return run.out;
  };
  EXPECT_EQ(forecast({model}), forecast({model, folder_.path("data.csv")}));
  const auto update = [&](std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"forecast", "update", model, late, "-o", newer};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_chronicler(arguments);
  };
  const ProgramRun updated = update();
  ASSERT_EQ(updated.status, 0) << updated.errors;
  EXPECT_EQ(updated.out, newer + " holds the model after 100 new rows, up to 2001-10-27.\n");
  const std::string next = forecast({newer, "--plot", folder_.path("next.svg")});
  EXPECT_EQ(next, forecast({newer, file(whole, "whole.csv")}));
  EXPECT_TRUE(next.starts_with("date,sales,sales_q0.1,sales_q0.9\n2001-10-28,")) << next;

  const ProgramRun trained = update({"--train", "--epochs", "3", "--json"});
  ASSERT_EQ(trained.status, 0) << trained.errors;
  const auto json = nlohmann::json::parse(trained.out);
  EXPECT_EQ(json["new_rows"], 100);
  EXPECT_EQ(json["epochs"], 3.0);
  EXPECT_EQ(json["validation_rows"], 35);
  EXPECT_LE(json["rmse"].get<double>(), json["rmse_before"].get<double>());
  EXPECT_NE(update({"--train", "--epochs", "1"}).out.find("Trained on, validated on the last 35 "),
            std::string::npos);

  const std::string alone = update({"--epochs", "3"}).errors;
  EXPECT_TRUE(alone.starts_with("error: --epochs does nothing without --train\nhint: ")) << alone;
  EXPECT_EQ(run_chronicler({"forecast", "update", model, late, "-o", model}).status, 1);
  const ProgramRun older =
      run_chronicler({"forecast", "update", model, file(rows(100, 150), "old.csv"), "-o", newer});
  EXPECT_EQ(older.status, 1);
  EXPECT_NE(older.errors.find("old.csv ends at 2001-05-30, and the model knows rows up to "
                              "2001-07-19\nhint: give it newer rows\n"),
            std::string::npos)
      << older.errors;
}

class ForecastRun : public TaskCommand {
 protected:
  ForecastRun()
      : TaskCommand("forecast",
                    {"data.csv", "-o", "m.keras", "--target", "sales", "--horizon", "2", "--units",
                     "4", "--networks", "2", "--threads", "1"},
                    "3") {
    file("data.csv", season());
  }
};

TEST_F(ForecastRun, PausesAndGoesOn) { expect_the_same_after_a_pause("m.keras", 3, 2); }

TEST_F(ForecastRun, RefusesCheckpointsOfOlderVersions) { expect_old_checkpoint_refused("m.keras"); }

TEST_F(ForecastRun, EndsByTheClockOrWithAnInterruption) {
  const ProgramRun timed = train({"--max-seconds", "0.4", "--quiet", "--json-epochs"});
  ASSERT_EQ(timed.status, 0) << timed.errors;
  EXPECT_NE(timed.out.find(R"({"network":2,"epoch":)"), std::string::npos) << timed.out;
  RunOptions soon;
  soon.interrupt_after = 1.5;
  const ProgramRun stopped = train({"--epochs", "100000"}, soon);
  EXPECT_EQ(stopped.status, 130) << stopped.errors;
  EXPECT_NE(stopped.errors.find("--resume goes on"), std::string::npos) << stopped.errors;
  const ProgramRun other = train({"--resume", "--epochs", "2"});
  EXPECT_EQ(other.status, 1);
  EXPECT_NE(other.errors.find("is of another run (epochs 100000), this one is epochs 2\n"
                              "hint: give the same data and options as then, or start anew "
                              "without --resume\n"),
            std::string::npos)
      << other.errors;
}

TEST_F(ForecastRun, MeasuresFoldsFirst) {
  expect_folds("m.keras", {"rmse", "baseline_rmse"}, {"--epochs", "1"});
}

TEST_F(ForecastRun, EndsAmidFoldsWithAnInterruption) {
  expect_no_model_of_stopped_folds("m.keras");
}

TEST_F(ForecastCommand, SaysWhatIsWrongWithTheFile) {
  EXPECT_EQ(error(""), "data.csv is empty, expected a header line and rows");
  EXPECT_EQ(error("x\n"), "data.csv has a header line but no rows");
  EXPECT_EQ(error("1,2\n3,4\n"), "data.csv:1: there is no header line, the file begins with \"1\"");
  EXPECT_EQ(error("y,x\n1,2\n3,wet\n"), "data.csv:3: column \"x\": \"wet\" is not a number");
  EXPECT_EQ(error("y,x\n1,\"2,5\"\n"), "data.csv:2: column \"x\": \"2,5\" is not a number");
  EXPECT_EQ(error("y,x\n1,caf\xE9\n"), "data.csv:2: byte 0xe9 is not UTF-8");
  EXPECT_EQ(error("date,x\n2024-01-02,1\n2024-01-01,2\n2024-01-03,2\n"),
            "data.csv:3: column \"date\": 2024-01-01 00:00 comes after 2024-01-02 00:00: 1 row out "
            "of order of time");
  EXPECT_EQ(error("date,x\n2024-01-01,1\n2024-01-01,2\n"),
            "data.csv:3: 2024-01-01 00:00 stands there twice in column \"date\" (1 of 2 rows "
            "repeat a time)");
  EXPECT_TRUE(error("x\n2\n4\n").starts_with("data.csv has 2 rows"));
  std::string constant = "x\n";
  for (int i = 0; i < 100; ++i) constant += "5\n";
  EXPECT_EQ(error(constant), "data.csv: column \"x\" is 5 in all 60 rows to learn from");
}

TEST_F(ForecastCommand, NamesTheNearestColumn) {
  const ProgramRun run = train(file(season()), {"--target", "sale"});
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.errors.find("unknown column"), std::string::npos) << run.errors;
  EXPECT_NE(run.errors.find("sales"), std::string::npos) << run.errors;
}

TEST_F(ForecastCommand, RefusesColumnsThatAreNoneOrDouble) {
  const std::string data = file(season());
  EXPECT_NE(train(data, {"--target", ","}).errors.find("unknown column"), std::string::npos);
  for (const char* option : {"--covariates", "--future"}) {
    for (const char* columns : {"sales", "rain,rain"}) {
      const ProgramRun run = train(data, {"--target", "sales", option, columns});
      EXPECT_EQ(run.status, 1);
      EXPECT_NE(run.errors.find("is named twice\nhint: a column is a target, a covariate or known "
                                "ahead, and once\n"),
                std::string::npos)
          << run.errors;
    }
  }
  EXPECT_EQ(train(data, {"--target", "sales", "--covariates", "rain", "--future", "rain"}).status,
            1);
}

TEST_F(ForecastCommand, OverwritesNothingThatItReads) {
  const std::string data = file(season());
  ASSERT_EQ(train(data, {"--target", "sales"}).status, 0);
  const std::string model = folder_.path("m.keras");
  const auto size = std::filesystem::file_size(model);
  for (const std::string& taken : {model, data}) {
    const ProgramRun run = run_chronicler({"forecast", "run", model, data, "-o", taken});
    EXPECT_EQ(run.status, 1) << taken;
    EXPECT_NE(run.errors.find("cannot write"), std::string::npos) << run.errors;
  }
  EXPECT_EQ(run_chronicler({"forecast", "run", model, data, "--plot", data}).status, 1);
  EXPECT_EQ(train(data, {"--target", "sales", "--plot", model}).status, 1);
  // A run that fails leaves the older model as it was.
  EXPECT_EQ(train(file("sales\n1\nx\n", "bad.csv"), {"--target", "sales"}).status, 1);
  EXPECT_EQ(std::filesystem::file_size(model), size);
}

TEST_F(ForecastCommand, ReadsAPipeAsItReadsAFile) {
  const std::string data = file(season());
  ASSERT_EQ(train(data, {"--target", "sales"}).status, 0);
  const std::string model = folder_.path("m.keras");
  const ProgramRun piped = run_chronicler({"forecast", "run", model, "-"},
                                          {.folder = folder_.path().string(), .input = "data.csv"});
  EXPECT_EQ(piped.status, 0) << piped.errors;
  EXPECT_EQ(piped.out, run_chronicler({"forecast", "run", model, data}).out);
}

// A shop's week, its open days alone: forecasts are for open days, and is like them.
TEST_F(ForecastCommand, GoesOnOnDaysThatAreOpen) {
  struct Shop {
    const char* what;
    std::vector<int> week;  // from Monday; 0 is closed
    std::vector<std::string> next;
  };
  // The last row of each is of Saturday, 2025-03-29, or the last open day before.
  const std::vector<Shop> shops{
      {"Monday to Saturday", {20, 22, 25, 30, 55, 90, 0}, {"2025-03-31", "2025-04-01"}},
      {"Tuesday to Sunday", {0, 90, 110, 130, 180, 400, 600}, {"2025-03-30", "2025-04-01"}},
      {"Sunday to Thursday", {20, 22, 25, 60, 0, 0, 99}, {"2025-03-30", "2025-03-31"}},
      {"Wednesday and Saturday", {0, 0, 20, 0, 0, 70, 0}, {"2025-04-02", "2025-04-05"}}};
  for (const Shop& shop : shops) {
    std::string text = "day,sold\n";
    for (std::int64_t day = 19359; day <= 20176; ++day) {  // 2023-01-02, a Monday, to 2025-03-29
      const int usual = shop.week[static_cast<std::size_t>((day + 3) % 7)];
      const bool is_holiday = day % 365 == 8;
      if (usual == 0 || is_holiday) continue;
      text += data::format_timestamp(day * 86400, true) + "," +
              std::to_string(usual + day * 7919 % 5) + "\n";
    }
    const std::string data = file(text);
    for (const char* horizon : {"1", "2"}) {
      ASSERT_EQ(train(data, {"--target", "sold", "--horizon", horizon}).status, 0);
      const ProgramRun run =
          run_chronicler({"forecast", "run", folder_.path("m.keras"), data, "--json"});
      ASSERT_EQ(run.status, 0) << run.errors;
      EXPECT_NE(run.errors.find(std::string("data.csv: open ") + shop.what), std::string::npos)
          << run.errors;
      const auto json = nlohmann::json::parse(run.out);
      const auto predicted = json["forecast"]["sold"]["mean"].get<std::vector<double>>();
      const auto times = json["time"].get<std::vector<std::string>>();
      ASSERT_EQ(times.size(), std::stoul(horizon));
      for (std::size_t step = 0; step < times.size(); ++step) {
        EXPECT_EQ(times[step], shop.next[step]) << shop.what;
        const std::int64_t time = *data::parse_timestamp(times[step]);
        const int usual = shop.week[static_cast<std::size_t>((time / 86400 + 3) % 7)];
        EXPECT_NEAR(predicted[step], usual + 2, 3.0 + 0.05 * usual)
            << shop.what << " " << times[step];
      }
    }
  }
}

// ---- dates and numbers as strangers write them

// x around 50, an hour apart from 1 March 2023, one line for each by `write`.
std::string hours(int count, const auto& write, const std::string& header = "when,x\n") {
  std::string text = header;
  for (int i = 0; i < count; ++i) {
    const double x = 50.0 + 10.0 * std::sin(2.0 * std::numbers::pi * i / 24.0) + i % 5 * 0.3;
    text += write(i / 24 + 1, i % 24, x) + "\n";
  }
  return text;
}
std::string british(int day, int hour, double x) {
  return fmt::format("{:02}/03/2023 {:02}:00,{:.2f}", day, hour, x);
}

TEST_F(ForecastCommand, ReadsShortFilesInTheOrderThatItLearnt) {
  const std::string data = file(hours(500, british));
  ASSERT_EQ(train(data, {"--target", "x", "--horizon", "2"}).status, 0);
  const std::string model = folder_.path("m.keras");
  // Twelve days alone say nothing of days and months.
  const std::string late = file(hours(264, british), "short.csv");
  const ProgramRun run = run_chronicler({"forecast", "run", model, late});
  EXPECT_EQ(run.status, 0) << run.errors;
  EXPECT_NE(run.out.find("\n2023-03-12 00:00,"), std::string::npos) << run.out;
  const ProgramRun predicted = run_chronicler({"forecast", "run", model, late, "--month-first"});
  EXPECT_EQ(predicted.out.find("2023-03-12"), std::string::npos) << predicted.out;
  EXPECT_EQ(run_chronicler({"forecast", "run", model, late, "--month-first", "--day-first"}).status,
            2);
}

TEST_F(ForecastCommand, AsksWhichWayADateIsMeant) {
  std::string text = "when,x\n";
  for (int i = 0; i < 12; ++i) text += fmt::format("{:02}/03/2023,{}\n", i + 1, i);
  EXPECT_EQ(error(text),
            "data.csv:2: column \"when\": \"01/03/2023\" can be 2023-03-01 (day first) or "
            "2023-01-03 (month first), and no row shows which");
}

TEST_F(ForecastCommand, TellsTimesByTheFilesOwnClock) {
  const std::string data = file(hours(200, [](int day, int hour, double x) {
    return fmt::format("2023-03-{:02}T{:02}:00:00+10:00,{:.2f}", day, hour, x);
  }));
  const std::string plot = folder_.path("next.svg");
  ASSERT_EQ(train(data, {"--target", "x", "--horizon", "2"}).status, 0);
  const std::string model = folder_.path("m.keras");
  const ProgramRun run = run_chronicler({"forecast", "run", model, data, "--plot", plot});
  EXPECT_NE(run.out.find("\n2023-03-09T08:00:00+10:00,"), std::string::npos) << run.out;
  std::ifstream drawn(plot);
  const std::string svg((std::istreambuf_iterator<char>(drawn)), {});
  EXPECT_NE(svg.find("2023-03-09T07:00:00+10:00"), std::string::npos);
  const auto json =
      nlohmann::json::parse(run_chronicler({"forecast", "run", model, data, "--json"}).out);
  EXPECT_EQ(json["time"][1], "2023-03-09T09:00:00+10:00");
}

TEST_F(ForecastCommand, TellsNumbersWithAllTheirDigits) {
  const std::string data = file(hours(200, [](int day, int hour, double x) {
    return fmt::format("2023-03-{:02} {:02}:00,{:.4f}", day, hour, 1e9 + x);
  }));
  ASSERT_EQ(train(data, {"--target", "x", "--horizon", "3"}).status, 0);
  const std::string model = folder_.path("m.keras");
  const std::string csv = run_chronicler({"forecast", "run", model, data}).out;
  const auto json =
      nlohmann::json::parse(run_chronicler({"forecast", "run", model, data, "--json"}).out);
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  for (std::size_t step = 0; std::getline(lines, line); ++step) {
    const std::vector<std::string> names{"mean", "q0.1", "q0.9"};
    std::istringstream cells(line);
    std::string cell;
    std::getline(cells, cell, ',');
    EXPECT_EQ(cell, json["time"][step]);
    for (const std::string& name : names) {
      std::getline(cells, cell, ',');
      EXPECT_EQ(std::stod(cell), json["forecast"]["x"][name][step].get<double>());
    }
  }
}

TEST_F(ForecastCommand, ReadsOneSeriesOfMany) {
  std::string text = "when,shop,x\n";
  for (int i = 0; i < 300; ++i)
    text += fmt::format("2023-{:02}-{:02},{},{}\n", i / 3 / 28 + 1, i / 3 % 28 + 1, "ABC"[i % 3],
                        100 * (i % 3) + i / 3 % 7);
  EXPECT_EQ(error(text),
            "data.csv:3: 2023-01-01 00:00 stands there twice in column \"when\" (200 of 300 rows "
            "repeat a time): 3 series, which column \"shop\" distinguishes (\"A\", \"B\", \"C\")");
  const std::string data = folder_.path("data.csv");
  ASSERT_EQ(train(data, {"--target", "x", "--where", "shop=B"}).status, 0);
  // Of the same file it reads the same series.
  const std::string model = folder_.path("m.keras");
  const ProgramRun run = run_chronicler({"forecast", "run", model, data});
  EXPECT_NE(run.errors.find("100 of 300 rows are read, where shop is \"B\""), std::string::npos)
      << run.errors;
  EXPECT_EQ(run.out, run_chronicler({"forecast", "run", model, data, "--where", "shop=B"}).out);
  EXPECT_NE(run.out, run_chronicler({"forecast", "run", model, data, "--where", "shop=C"}).out);
  EXPECT_EQ(train(data, {"--target", "x", "--where", "shop"}).status, 2);
}

TEST_F(ForecastCommand, ReadsMarksBetweenThousands) {
  const auto german = [](int day, int hour, double x) {
    return fmt::format("{:02}.03.2023 {:02}:00;{}.{:03},{}", day, hour, 1 + hour % 3,
                       static_cast<int>(x), day % 9 + 1);
  };
  ASSERT_EQ(train(file(hours(300, german, "when;x\n")), {"--target", "x"}).status, 0);
  // A short file is read as training was.
  const std::string whole = hours(
      200,
      [](int day, int hour, double x) {
        return fmt::format("{:02}.03.2023 {:02}:00;{}", day, hour,
                           hour % 3 == 0 ? "906" : fmt::format("1.{:03}", static_cast<int>(x)));
      },
      "when;x\n");
  const ProgramRun run =
      run_chronicler({"forecast", "run", folder_.path("m.keras"), file(whole, "whole.csv")});
  EXPECT_EQ(run.status, 0) << run.errors;
  const ProgramRun open = train(file(whole, "whole.csv"), {"--target", "x"});
  EXPECT_EQ(open.status, 1);
  EXPECT_NE(open.errors.find("can be 1.052 or 1052"), std::string::npos) << open.errors;
  EXPECT_EQ(train(file(whole, "whole.csv"), {"--target", "x", "--thousands", "."}).status, 0);
  EXPECT_EQ(train(file(whole, "whole.csv"), {"--target", "x", "--thousands", ",", "--decimal", ","})
                .status,
            2);
}

TEST_F(ForecastCommand, TakesTheFieldsOfItsOptions) {
  const ProgramRun help = run_chronicler({"forecast", "train", "--help"});
  tasks::ForecastOptions options;
  for_each_field(options, [&](const FieldInfo& field, const auto&) {
    std::string name = "--" + std::string(field.name) + " ";
    std::replace(name.begin(), name.end(), '_', '-');
    EXPECT_NE(help.out.find(name), std::string::npos) << name;
  });
  EXPECT_NE(help.out.find("(0.1,0.9)"), std::string::npos) << help.out;
  const std::string data = file(season());
  const auto usage_error = [&](const std::string& option, const std::string& value) {
    const ProgramRun run = train(data, {"--target", "sales", option, value});
    EXPECT_EQ(run.status, 2) << option;
    return run.errors.substr(0, run.errors.find('\n'));
  };
  EXPECT_EQ(usage_error("--quantiles", "0.1,1"),
            "error: --quantiles needs numbers above 0 and below 1, with commas between them, got "
            "\"0.1,1\"");
  EXPECT_EQ(usage_error("--quantiles", "0.1,x").substr(0, 25), "error: --quantiles needs ");
  EXPECT_EQ(usage_error("--dropout", "1"),
            "error: --dropout needs a number at least 0 and below 1, got \"1\"");
  EXPECT_EQ(
      usage_error("--cell", "rnn"),
      "error: --cell needs lstm, gru, mingru, minlstm, rglru, lru, slstm or mlstm, got \"rnn\"");
  EXPECT_EQ(usage_error("--horizon", "0").substr(0, 37), "error: --horizon needs a whole number");
  const ProgramRun falling = train(data, {"--target", "sales", "--quantiles", "0.9,0.1"});
  EXPECT_TRUE(falling.errors.ends_with(
      "error: --quantiles must rise, got 0.9, 0.1\nhint: as in 0.1,0.5,0.9\n"))
      << falling.errors;
  const ProgramRun none = train(data, {"--target", "sales", "--quantiles", "none", "--json"});
  EXPECT_EQ(none.status, 0) << none.errors;
  EXPECT_EQ(nlohmann::json::parse(none.out)["quantiles"].size(), 0U);
}

TEST_F(ForecastCommand, ShowsExamplesFirstAndWantsACommand) {
  const ProgramRun help = run_chronicler({"forecast", "train", "--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_LT(help.out.find("Examples:"), help.out.find("Usage:"));
  const ProgramRun none = run_chronicler({"forecast"});
  EXPECT_EQ(none.status, 2);
  EXPECT_EQ(none.errors,
            "error: chronicler forecast needs one of train, run, backtest, update\n"
            "hint: chronicler forecast --help shows examples\n");
  const ProgramRun mistyped = run_chronicler({"forecast", "trian"});
  EXPECT_EQ(mistyped.errors, "error: unknown command \"trian\"\nhint: did you mean train?\n");
}

}  // namespace
}  // namespace chronicler::test
