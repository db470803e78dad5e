// The networks that `chronicler bench` times.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/base/error.h"
#include "chronicler/base/tensor.h"
#include "chronicler/layers/layer.h"

namespace chronicler::cli::bench {

// Recurrent layers of one kind on top of one another, and a Dense on top of them.
struct NetworkShape {
  std::string id;
  std::string name;
  std::string cell;  // "simple_rnn", "lstm" or "gru"
  std::vector<std::int64_t> units;
  bool bidirectional = false;
  std::int64_t batch = 0;
  std::int64_t steps = 0;
  std::int64_t features = 0;
  std::int64_t classes = 0;  // 1: a number, mean squared error; more: softmax, cross-entropy
  bool sequences = false;    // an answer at every step

  // Floating-point operations of the recurrent layers for one batch: 2 G U (F + U) a step, row and
  // direction; training counts three times as many, whatever of it can be left out.
  double forward_operations() const;
  std::vector<LayerPtr> layers() const;
  Tensor inputs() const;   // (B, T, F), standard normal
  Tensor targets() const;  // ids, or numbers if there is one class
};

// T01 to T13: networks of tutorials, forecasts, sentiment, characters, speech, language.
const std::vector<NetworkShape>& standard_shapes();
// A JSON list of objects with the members above. Throws Error with the file and what is wrong.
std::vector<NetworkShape> read_shapes(const std::filesystem::path& path);
// Such a list, one object a line.
void write_shapes(std::ostream& out, const std::vector<NetworkShape>& shapes);
// Those whose id is listed ("T01,T02"; empty: all). Throws Error for an id that is not there.
template <class Shape>
std::vector<Shape> only(const std::vector<Shape>& shapes, std::string_view ids) {
  if (ids.empty()) return shapes;
  std::vector<std::string_view> known;
  for (const Shape& shape : shapes) known.push_back(shape.id);
  std::vector<Shape> chosen;
  while (!ids.empty()) {
    const std::string_view id = ids.substr(0, ids.find(','));
    ids.remove_prefix(std::min(ids.size(), id.size() + 1));
    const std::size_t before = chosen.size();
    for (const Shape& shape : shapes) {
      if (shape.id == id) chosen.push_back(shape);
    }
    if (chosen.size() == before) unknown_name("shape", id, known);
  }
  return chosen;
}

}  // namespace chronicler::cli::bench
