#include "chronicler/layers/input.h"

#include <fmt/format.h>

#include "chronicler/base/error.h"
#include "layers/core/layer_with.h"

namespace chronicler {
namespace {

class InputLayer final : public Layer {
 public:
  explicit InputLayer(const layers::InputOptions& options) : options_(options) {
    struct Common {
      std::string name;
      bool trainable;
      std::string dtype;
      std::optional<Shape> input_shape;
      std::optional<std::int64_t> batch_size;
    };
    take_common(Common{options.name, true, options.dtype, options.shape, options.batch_size});
    show_input();
  }

  std::string_view class_name() const override { return "InputLayer"; }
  LayerPtr clone() const override { return clone_of(*this); }
  void validate() const override {
    check_options(options_, [this] { return described(); });
    if (is_text() && !(options_.shape.rank() == 0 || options_.shape == Shape{1})) {
      throw Error(fmt::format("{}: texts come one in a row: shape () or (1,), got {}", described(),
                              options_.shape.to_string()),
                  "give an Input to each of several texts");
    }
  }
  std::vector<Shape> output_shapes(std::span<const Shape> inputs) const override {
    return {inputs[0]};
  }
  void forward(Pass& /*pass*/, Call& call) const override { call.outputs[0] = call.inputs[0]; }
  void backward(Pass& /*pass*/, const Call& /*call*/, CallGradient& gradient) const override {
    if (gradient.wanted[0]) gradient.inputs[0] = gradient.outputs[0];
  }

  // Keras writes batch_shape; a reader that changes it changes what input_shape() and batch_size()
  // say.
  void fields(FieldVisitor& visitor) override {
    Shape batch_shape = options_.shape.with_front(options_.batch_size.value_or(None));
    visitor.field("batch_shape", batch_shape);
    if (batch_shape.rank() == 0) return;
    options_.shape = batch_shape.without_front();
    if (batch_shape[0] != None) options_.batch_size = batch_shape[0];
    show_input();
  }

 private:
  bool is_text() const { return dtype() == DType::text; }
  // A text is as many bytes as it has.
  void show_input() { set_input(is_text() ? Shape{None} : options_.shape, options_.batch_size); }

  layers::InputOptions options_;
};

}  // namespace

LayerPtr layers::Input(const InputOptions& options) { return make_valid<InputLayer>(options); }
LayerPtr layers::Input(const Shape& shape) { return Input(InputOptions{.shape = shape}); }

}  // namespace chronicler
