// The base of a layer that has a struct of options: all that follows from its table.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "chronicler/layers/layer.h"
#include "layers/core/option_table.h"

namespace chronicler {

template <class Derived, class Options, class Base = Layer>
class LayerWith : public Base {
 public:
  explicit LayerWith(const Options& options) : options_(options) {
    if constexpr (requires { options.input_shape; }) {
      this->take_common(options_);
    } else {
      struct Shared {
        std::string name;
        bool trainable;
        std::string dtype;
        std::optional<Shape> input_shape;
        std::optional<std::int64_t> batch_size;
      };
      this->take_common(Shared{options_.name, options_.trainable, options_.dtype, {}, {}});
    }
  }

  LayerPtr clone() const override { return Layer::clone_of(static_cast<const Derived&>(*this)); }
  void fields(FieldVisitor& visitor) override { visit_options(options_, visitor); }
  std::span<const std::string_view> own_fields() const override {
    return own_option_names<Options>();
  }
  void validate() const override {
    check_options(options_, [this] { return this->described(); });
  }
  const Regularizer& activity_regularizer() const override {
    if constexpr (requires { options_.activity_regularizer; }) {
      return options_.activity_regularizer;
    } else {
      return Base::activity_regularizer();
    }
  }

 protected:
  Options options_;
};

// While one of these lives in a thread, factories make layers that have no name and are not
// checked: those of the catalog, whose options a reader is about to set.
class Draft {
 public:
  Draft();
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft();
};

// Gives the layer a name, if it has none, and checks its options; but not that of a Draft.
void complete(Layer& layer);

// For layers that hold others: unless the options say a type, it is that of the layer within.
template <class Options>
Options with_dtype_of(Options options, const LayerPtr& within) {
  if (options.dtype.empty()) options.dtype = within ? name_of(within->dtype()) : "float32";
  return options;
}

// What every factory returns.
template <class Kind, class Options, class... Rest>
LayerPtr make_valid(const Options& options, Rest... rest) {
  auto layer = std::make_shared<Kind>(options, rest...);
  complete(*layer);
  return layer;
}

}  // namespace chronicler
