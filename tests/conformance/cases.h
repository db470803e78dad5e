// What the conformance suite runs: for each layer of the catalog, a few sets of options and inputs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/layers/layer.h"
#include "chronicler/model/model.h"
#include "support/conformance.h"

namespace chronicler::test {

// Which steps of a batch count.
enum class Mask : std::uint8_t {
  none,
  right,  // rows end early
  left,   // rows begin late
  holes,  // steps in between are missing
  rows,   // every other row has no step at all
};

struct LayerCase {
  std::string layer;               // class name in the catalog
  std::string name;                // of the case
  std::function<LayerPtr()> make;  // a fresh layer
  Shape input;                     // of a small batch, (B, ...)
  std::string weights;             // as Keras has them: "kernel (4, 3), bias (3,)"
  std::int64_t ids = 0;            // inputs are ids below this; 0: they are numbers
  bool texts = false;              // inputs are texts of (B, bytes); with `ids` 1, as no numbers
  Mask mask = Mask::none;
  bool initial_state = false;    // the call also gets initial states
  bool training = false;         // dropout is on
  bool sizes = false;            // compare with the reference at many sizes
  std::vector<Shape> more = {};  // of further inputs
  bool more_masked = false;      // they also have masks
  CallFlags flags = {};
  int positive_state = -1;   // of the initial states, the one whose numbers are above 1
  bool fixed_steps = false;  // the model's input has a known number of steps

  std::string title() const { return layer + "." + name; }
};

// Every case of every layer: the one table to add to.
const std::vector<LayerCase>& conformance_cases();

// ---- what checks make of a case

// A layer of that type with weights that look random, built for inputs of this shape.
LayerPtr built_layer(const LayerCase& c, DType dtype, const Shape& input);
LayerPtr built_layer(const LayerCase& c, DType dtype);
// The shapes of all inputs but initial states, the first one given.
std::vector<Shape> shapes_of(const LayerCase& c, const Shape& input);
// Inputs as the case wants them: numbers or ids, a mask, initial states.
LayerInput made_input(const LayerCase& c, Layer& layer, const Shape& shape,
                      std::uint64_t seed = 11);
LayerInput made_input(const LayerCase& c, Layer& layer);
LayerMode mode_of(const LayerCase& c);

// Rows of words of one letter, up to that many bytes.
Tensor random_texts(const Shape& shape, std::uint64_t seed);

Tensor mask_tensor(Mask mask, std::int64_t rows, std::int64_t steps);

// The case at a size at which more than one thread has work.
LayerCase enlarged(const LayerCase& c);
// The case with another number of units (and features, where inputs are numbers).
LayerCase resized(const LayerCase& c, std::int64_t rows, std::int64_t features, std::int64_t units);

// Whether the layer of the case can stand in a Sequential: one input, one output, no flags that
// change what it takes.
bool fits_sequential(const LayerCase& c);
// The layer (after a Masking if the case has a mask), and on top of it, if `head`, Dense(2). The
// weights look random.
Sequential model_of(const LayerCase& c, bool head, DType dtype = DType::float32);
// A batch for model_of: masked steps are zero, which Masking finds.
Tensor model_batch(const LayerCase& c, std::uint64_t seed = 11, DType dtype = DType::float32);

}  // namespace chronicler::test
