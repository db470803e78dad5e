// Every example reaches the number that it states: it ends with status 0.
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "support/source_dir.h"
#include "support/temporary_folder.h"

namespace chronicler::test {
namespace {

void expect_success(const std::string& name, const std::string& data = {}) {
  const TemporaryFolder folder;
  const std::string output = folder.path("output");
  std::string command = "cd '" + folder.path().string() + "' && " +
                        std::string(CHRONICLER_EXAMPLES_DIR) + "/example_" + name;
  if (!data.empty()) command += " '" + (source_dir() / "examples/data" / data).string() + "'";
  const int status = std::system((command + " > '" + output + "' 2>&1").c_str());
  std::ifstream file(output);
  EXPECT_EQ(status, 0) << std::string(std::istreambuf_iterator<char>(file), {});
}

// Of all that this test has run so far.
double most_megabytes() {
  struct rusage usage {};
  getrusage(RUSAGE_CHILDREN, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

// It trains the LSTM of two layers of 64 units and holds all of its data in memory.
TEST(Examples, TutorialNamesNineDigitsOfTenInFortyMegabytes) {
  expect_success("tutorial", "digits.csv");
  EXPECT_LT(most_megabytes(), 40.0);
}
TEST(Examples, EndlessDataTeachesToAdd) { expect_success("endless_data"); }
TEST(Examples, StreamTakesTheNoiseOut) { expect_success("stream"); }
// It finds out at the end of a text of 11,000 characters what stood before its first one.
TEST(Examples, LongRemembersTheFirstCharacter) { expect_success("long", "../../LICENSE"); }
TEST(Examples, ForecastReachesItsError) { expect_success("forecast", "sunspots.csv"); }
TEST(Examples, ForecasterBeatsItsBaselines) { expect_success("forecaster", "sunspots.csv"); }
TEST(Examples, LabelTextsSeparatesPraiseFromBlame) {
  expect_success("label_texts", "opinions.tsv");
}
#if CHRONICLER_HAVE_AUDIO
TEST(Examples, TranscribeHearsMadeWords) { expect_success("transcribe"); }
#endif
TEST(Examples, WriteTextForetellsTheLicence) { expect_success("write_text", "../../LICENSE"); }
TEST(Examples, OwnCellLearnsSlowAverages) { expect_success("own_cell"); }
TEST(Examples, TranslateSaysWordsBackwards) { expect_success("translate"); }

}  // namespace
}  // namespace chronicler::test
