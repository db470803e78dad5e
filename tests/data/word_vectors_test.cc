#include "chronicler/data/word_vectors.h"

#include <fstream>

#include <gtest/gtest.h>

#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler::data {
namespace {

class WordVectorsFile : public ::testing::Test {
 protected:
  std::string file(const std::string& content) const {
    std::ofstream(folder_.path("v.txt"), std::ios::binary) << content;
    return folder_.path("v.txt");
  }
  test::TemporaryFolder folder_;
};

TEST_F(WordVectorsFile, GivesTheWantedWords) {
  const WordVectors vectors =
      read_word_vectors(file("a 1 2\nb 3 -4.5e-1\n. . 5 6\r\n"), {"b", ". ."});
  EXPECT_EQ(vectors.length, 2);
  ASSERT_EQ(vectors.vectors.size(), 2U);
  EXPECT_EQ(vectors.vectors.at("b"), (std::vector<float>{3.0F, -0.45F}));
  EXPECT_EQ(vectors.vectors.at(". ."), (std::vector<float>{5.0F, 6.0F}));
}

TEST_F(WordVectorsFile, PassesOverWord2vecsFirstLine) {
  const WordVectors vectors = read_word_vectors(file("2 3\na 1 2 3\nb 4 5 6\n"), {"a"});
  EXPECT_EQ(vectors.length, 3);
  EXPECT_EQ(vectors.vectors.size(), 1U);
}

TEST_F(WordVectorsFile, NamesTheLineThatIsWrong) {
  const std::string path = file("a 1 2\nb 3\n");
  EXPECT_EQ(test::error_of([&] { read_word_vectors(path, {"b"}); }),
            path +
                ":2: 1 numbers, the first line has 2: each line is a word and its numbers, "
                "separated by spaces");
  file("a 1 x\n");
  EXPECT_EQ(test::error_of([&] { read_word_vectors(path, {"a"}); }),
            path +
                ":1: \"x\" is not a number: each line is a word and its numbers, separated by "
                "spaces");
  file("\n");
  EXPECT_THROW(read_word_vectors(path, {}), Error);
  EXPECT_THROW(read_word_vectors(folder_.path("none"), {}), Error);
}

}  // namespace
}  // namespace chronicler::data
