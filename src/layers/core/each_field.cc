#include "layers/core/each_field.h"

namespace chronicler {
namespace {

class FlagAccess final : public EachField<FlagAccess> {
 public:
  FlagAccess(std::string_view name, std::optional<bool> set) : name_(name), set_(set) {}
  template <class Value>
  void take(std::string_view name, Value& value) {
    if constexpr (std::is_same_v<Value, bool>) {
      if (name != name_) return;
      if (set_) value = *set_;
      found = value;
    }
  }
  std::optional<bool> found;

 private:
  std::string_view name_;
  std::optional<bool> set_;
};

std::optional<bool> access(Layer& layer, std::string_view name, std::optional<bool> set) {
  FlagAccess visitor(name, set);
  layer.fields(visitor);
  return visitor.found;
}

}  // namespace

bool flag_of(Layer& layer, std::string_view name) {
  return access(layer, name, std::nullopt).value_or(false);
}
void set_flag(Layer& layer, std::string_view name, bool value) { access(layer, name, value); }

}  // namespace chronicler
