// A layer's options as a list: read from one layer, compared, written to another.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler::test {

struct Field;
using Fields = std::vector<Field>;

// Layers as options: for each, its class_name and then its own fields.
struct NestedLayers {
  std::size_t count = 0;
  Fields fields;
  friend bool operator==(const NestedLayers& a, const NestedLayers& b);
};

using FieldValue =
    std::variant<std::int64_t, double, bool, std::string, std::optional<std::int64_t>, Shape,
                 Activation, Initializer, Regularizer, Constraint, std::optional<double>,
                 std::optional<std::string>, std::vector<std::int64_t>, std::vector<std::string>,
                 NumberArray, NestedLayers>;

struct Field {
  std::string name;
  FieldValue value;
  friend bool operator==(const Field& a, const Field& b) = default;
};
inline bool operator==(const NestedLayers& a, const NestedLayers& b) {
  return a.count == b.count && a.fields == b.fields;
}

// What visit_config shows.
Fields fields_of(Layer& layer);
// Sets every field of the layer that is in the list to the value there.
void set_fields(Layer& layer, const Fields& fields);
const FieldValue* find_field(const Fields& fields, std::string_view name);
bool flag(Layer& layer, std::string_view name);  // false if the layer has no such field

}  // namespace chronicler::test
