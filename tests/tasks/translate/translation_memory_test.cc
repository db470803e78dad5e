#include "chronicler/tasks/translation_memory.h"

#include <gtest/gtest.h>

#include "chronicler/base/error.h"

namespace chronicler::tasks {
namespace {

const std::vector<std::string> sources{"the dog runs", "the cat sleeps", "a dog sleeps"};
const std::vector<std::string> targets{"der Hund rennt", "die Katze schläft", "ein Hund schläft"};

TEST(TranslationMemory, FindsTheMostSimilarSource) {
  const TranslationMemory memory(sources, targets);
  EXPECT_EQ(memory.run("The cat"), targets[1]);
  EXPECT_EQ(memory.run("a dog"), targets[2]);
  EXPECT_EQ(memory.run("runs"), targets[0]);
  EXPECT_EQ(memory.run("sleeps"), targets[1]);  // of equals the earlier
  EXPECT_EQ(memory.run("nothing known"), "");
  EXPECT_EQ(memory.run(sources), targets);
}

TEST(TranslationMemory, RefusesSidesOfUnequalLength) {
  EXPECT_THROW(TranslationMemory(sources, {}), Error);
}

}  // namespace
}  // namespace chronicler::tasks
