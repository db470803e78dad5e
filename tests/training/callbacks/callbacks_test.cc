#include "chronicler/training/callbacks.h"

#include <gtest/gtest.h>

#include "support/conformance.h"

namespace chronicler {
namespace {

TEST(History, IsReadByName) {
  History history;
  history.history = {{"loss", {0.5, 0.25}}, {"val_loss", {0.75, 0.5}}};
  EXPECT_EQ(history["val_loss"][1], 0.5);
  EXPECT_EQ(test::error_of([&] { history["val_los"]; }),
            "unknown key of the history \"val_los\": did you mean \"val_loss\"?");
}

}  // namespace
}  // namespace chronicler
