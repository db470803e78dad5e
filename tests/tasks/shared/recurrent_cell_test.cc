#include "tasks/shared/recurrent_cell.h"

#include <gtest/gtest.h>

#include "chronicler/layers/layers.h"
#include "chronicler/model/model.h"
#include "chronicler/tasks/recurrent_cell.h"
#include "support/conformance.h"

namespace chronicler::tasks {
namespace {

TEST(RecurrentCell, EachNameIsALayerOfSequences) {
  for (const std::string_view name : one_of_cells().words) {
    Sequential model({layers::Input(Shape{None, 3}), recurrent_cell(name, {.units = 4})});
    EXPECT_EQ(model(Tensor({2, 5, 3})).shape(), (Shape{2, 5, 4})) << name;
    EXPECT_TRUE(recurrent_cell(name, {.units = 4, .stateful = true})->stateful()) << name;
    EXPECT_EQ(recurrent_cell(name, {.units = 4, .name = "memory"})->name(), "memory");
  }
}

TEST(RecurrentCell, AnUnknownNameIsRefusedWithTheNearest) {
  const std::string error = test::error_of([] { recurrent_cell("lstmm", {}); });
  EXPECT_NE(error.find("lstm"), std::string::npos) << error;
}

}  // namespace
}  // namespace chronicler::tasks
