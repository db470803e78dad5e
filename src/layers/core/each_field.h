// A visitor that treats all kinds of fields alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/layers/layer.h"

namespace chronicler {

// Passes every field to Derived::take(name, value).
template <class Derived>
class EachField : public FieldVisitor {
 public:
  void field(std::string_view name, std::int64_t& value) override { give(name, value); }
  void field(std::string_view name, double& value) override { give(name, value); }
  void field(std::string_view name, bool& value) override { give(name, value); }
  void field(std::string_view name, std::string& value) override { give(name, value); }
  void field(std::string_view name, std::optional<std::int64_t>& value) override {
    give(name, value);
  }
  void field(std::string_view name, Shape& value) override { give(name, value); }
  void field(std::string_view name, Activation& value) override { give(name, value); }
  void field(std::string_view name, Initializer& value) override { give(name, value); }
  void field(std::string_view name, Regularizer& value) override { give(name, value); }
  void field(std::string_view name, Constraint& value) override { give(name, value); }
  void field(std::string_view name, std::optional<double>& value) override { give(name, value); }
  void field(std::string_view name, std::optional<std::string>& value) override {
    give(name, value);
  }
  void field(std::string_view name, std::vector<std::int64_t>& value) override {
    give(name, value);
  }
  void field(std::string_view name, std::vector<std::string>& value) override { give(name, value); }
  void field(std::string_view name, NumberArray& value) override { give(name, value); }
  void field(std::string_view name, LayerPtr& value) override { give(name, value); }
  void field(std::string_view name, std::vector<LayerPtr>& value) override { give(name, value); }

 private:
  template <class Value>
  void give(std::string_view name, Value& value) {
    static_cast<Derived*>(this)->take(name, value);
  }
};

// The value of a flag of a layer; false if it has none of that name.
bool flag_of(Layer& layer, std::string_view name);
// Sets a flag if the layer has it.
void set_flag(Layer& layer, std::string_view name, bool value);

}  // namespace chronicler
