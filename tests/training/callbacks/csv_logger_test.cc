// CSVLogger, driven by logs that the tests make up.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include <gtest/gtest.h>

#include "chronicler/training/callbacks.h"
#include "support/conformance.h"

namespace chronicler {
namespace {

class CsvLogger : public ::testing::Test {
 protected:
  ~CsvLogger() override { std::filesystem::remove(path); }

  std::string contents() const {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void play(Callback& callback, const std::vector<Logs>& epochs) {
    Logs logs;
    callback.on_train_begin(logs);
    for (std::size_t i = 0; i < epochs.size(); ++i) {
      logs = epochs[i];
      callback.on_epoch_end(static_cast<std::int64_t>(i), logs);
    }
    callback.on_train_end(logs);
  }

  std::string path = (std::filesystem::temp_directory_path() /
                      ("chronicler_csv_logger_" + std::to_string(getpid()) + ".csv"))
                         .string();
};

TEST_F(CsvLogger, WritesWhatKerasWrites) {
  play(*callbacks::CSVLogger({.filename = path}),
       {{{"loss", 0.6931471824645996}, {"accuracy", 0.5}, {"val_loss", 1.0}},
        {{"loss", 1e-05}, {"accuracy", 1e16}, {"val_loss", 3.0}}});
  EXPECT_EQ(contents(),
            "epoch,accuracy,loss,val_loss\r\n"
            "0,0.5,0.6931471824645996,1.0\r\n"
            "1,1e+16,1e-05,3.0\r\n");
}

TEST_F(CsvLogger, ValidationMayComeLater) {
  play(*callbacks::CSVLogger({.filename = path}),
       {{{"loss", 0.5}}, {{"loss", 0.25}, {"val_loss", -2.0}}});
  EXPECT_EQ(contents(),
            "epoch,loss,val_loss\r\n"
            "0,0.5,NA\r\n"
            "1,0.25,-2.0\r\n");
}

TEST_F(CsvLogger, IsWholeAfterEachEpoch) {
  const CallbackPtr callback = callbacks::CSVLogger({.filename = path, .separator = ";"});
  Logs logs{{"loss", std::numeric_limits<double>::quiet_NaN()}, {"val_loss", 2.0}};
  callback->on_train_begin(logs);
  callback->on_epoch_end(0, logs);
  EXPECT_EQ(contents(), "epoch;loss;val_loss\r\n0;nan;2.0\r\n");
  logs["loss"] = std::numeric_limits<double>::infinity();
  callback->on_epoch_end(1, logs);
  EXPECT_EQ(contents(), "epoch;loss;val_loss\r\n0;nan;2.0\r\n1;inf;2.0\r\n");
}

TEST_F(CsvLogger, AppendsWithoutASecondHeader) {
  const std::vector<Logs> epochs{{{"loss", 0.5}, {"val_loss", 0.75}}};
  const std::string once = "epoch,loss,val_loss\r\n0,0.5,0.75\r\n";
  const CallbackPtr appending = callbacks::CSVLogger({.filename = path, .append = true});
  play(*appending, epochs);
  EXPECT_EQ(contents(), once);
  play(*appending, epochs);
  EXPECT_EQ(contents(), once + "0,0.5,0.75\r\n");
  play(*callbacks::CSVLogger({.filename = path}), epochs);
  EXPECT_EQ(contents(), once);
}

TEST_F(CsvLogger, QuotesKeysThatHoldTheSeparator) {
  play(*callbacks::CSVLogger({.filename = path}), {{{"a,\"b\"", 1.0}, {"val_a", 2.0}}});
  EXPECT_EQ(contents(), "epoch,\"a,\"\"b\"\"\",val_a\r\n0,1.0,2.0\r\n");
}

TEST_F(CsvLogger, SaysWhichFileCannotBeWritten) {
  const CallbackPtr callback = callbacks::CSVLogger({.filename = path + "/log.csv"});
  Logs logs;
  EXPECT_EQ(test::error_of([&] { callback->on_train_begin(logs); }),
            path +
                "/log.csv cannot be written: look at its folder, its permissions and the space "
                "that is left");
  EXPECT_EQ(test::error_of([] { callbacks::CSVLogger({}); }), "CSVLogger needs a filename");
  EXPECT_EQ(test::error_of([] { callbacks::CSVLogger({.filename = "a", .separator = ", "}); }),
            "the separator of CSVLogger must be one character, got \", \"");
}

}  // namespace
}  // namespace chronicler
