#include "chronicler/model/xlstm.h"

#include <algorithm>

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "chronicler/layers/layers.h"

namespace chronicler::models {
namespace {

class Builder {
 public:
  explicit Builder(const XlstmOptions& options) : options_(options) {}

  Functional build() const {
    const std::int64_t patches = options_.context_length / options_.patch_length;
    const std::int64_t future = options_.horizon / options_.patch_length;
    const Symbol window =
        Input({.shape = {options_.context_length, options_.features}, .dtype = options_.dtype});
    Symbol x =
        layers::Reshape({.target_shape = {patches, options_.patch_length * options_.features},
                         .name = "patches",
                         .dtype = options_.dtype})(window);
    x = residual_part(x, options_.width, "patch_embedding");
    x = layers::ZeroPadding1D(
        {.padding = {0, future}, .name = "future_patches", .dtype = options_.dtype})(x);
    for (std::int64_t block = 0; block < options_.blocks; ++block) x = with_block(x, block);
    x = normalized(x, "output_norm");
    x = layers::Cropping1D(
        {.cropping = {patches, 0}, .name = "forecast_patches", .dtype = options_.dtype})(x);
    x = residual_part(x, options_.patch_length * options_.quantiles, "output_head");
    x = layers::Reshape({.target_shape = {options_.horizon, options_.quantiles},
                         .name = "quantiles",
                         .dtype = options_.dtype})(x);
    return Functional({window}, {x}, options_.name);
  }

 private:
  Symbol dense(const Symbol& x, std::int64_t units, const std::string& name,
               const Activation& activation = "linear", bool use_bias = true) const {
    return layers::Dense({.units = units,
                          .activation = activation,
                          .use_bias = use_bias,
                          .name = name,
                          .dtype = options_.dtype})(x);
  }
  Symbol normalized(const Symbol& x, const std::string& name) const {
    return layers::RMSNormalization({.name = name, .dtype = options_.dtype})(x);
  }
  Symbol sum(const Symbol& a, const Symbol& b, const std::string& name) const {
    return layers::Add({.name = name, .dtype = options_.dtype})({a, b});
  }
  Symbol dropped(const Symbol& x, const std::string& name) const {
    if (options_.dropout == 0.0) return x;
    return layers::Dropout({.rate = options_.dropout, .name = name, .dtype = options_.dtype})(x);
  }

  Symbol residual_part(const Symbol& x, std::int64_t units, const std::string& name) const {
    const Symbol hidden = dense(x, options_.feed_forward, name + "_hidden", "relu");
    return sum(dense(hidden, units, name + "_output"), dense(x, units, name + "_residual"), name);
  }

  Symbol cell(const Symbol& x, std::int64_t block, const std::string& name) const {
    const auto& at = options_.mlstm_at;
    if (std::find(at.begin(), at.end(), block) != at.end()) {
      return layers::MLSTM({.units = options_.width,
                            .heads = options_.heads,
                            .forget_activation = options_.forget_activation,
                            .return_sequences = true,
                            .name = name + "_mlstm",
                            .dtype = options_.dtype})(x);
    }
    return layers::SLSTM({.units = options_.width,
                          .heads = options_.heads,
                          .forget_activation = options_.forget_activation,
                          .return_sequences = true,
                          .name = name + "_slstm",
                          .dtype = options_.dtype})(x);
  }

  Symbol with_block(const Symbol& x, std::int64_t block) const {
    const std::string name = fmt::format("block{}", block);
    const Symbol recurrent = cell(normalized(x, name + "_norm"), block, name);
    const Symbol middle = sum(x, dropped(recurrent, name + "_dropout"), name + "_add");
    const Symbol n = normalized(middle, name + "_forward_norm");
    const Symbol gate = dense(n, options_.feed_forward, name + "_gate", "silu", false);
    const Symbol up = dense(n, options_.feed_forward, name + "_up", "linear", false);
    const Symbol product =
        layers::Multiply({.name = name + "_gated", .dtype = options_.dtype})({gate, up});
    const Symbol down = dense(product, options_.width, name + "_down", "linear", false);
    return sum(middle, dropped(down, name + "_forward_dropout"), name);
  }

  const XlstmOptions& options_;
};

void check(const XlstmOptions& options) {
  check_fields("models::xlstm", options);
  const auto refuse_part = [&](const char* name, std::int64_t value) {
    if (value % options.patch_length == 0) return;
    throw Error(fmt::format("models::xlstm: {} must be a multiple of patch_length {}, got {}", name,
                            options.patch_length, value),
                "change one of the two");
  };
  refuse_part("context_length", options.context_length);
  refuse_part("horizon", options.horizon);
  if (options.width % options.heads != 0) {
    throw Error(fmt::format("models::xlstm: width {} does not fall into {} equal heads",
                            options.width, options.heads),
                "give a width that heads divides");
  }
  for (const std::int64_t block : options.mlstm_at) {
    if (block >= 0 && block < options.blocks) continue;
    throw Error(
        fmt::format("models::xlstm: mlstm_at names block {}, there are {}", block, options.blocks),
        "blocks are counted from 0");
  }
}

}  // namespace

Functional xlstm(const XlstmOptions& options) {
  check(options);
  return Builder(options).build();
}

}  // namespace chronicler::models
