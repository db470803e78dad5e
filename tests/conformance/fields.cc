#include "conformance/fields.h"

#include "chronicler/layers/catalog.h"
#include "layers/core/each_field.h"

namespace chronicler::test {
namespace {

class Reader : public EachField<Reader> {
 public:
  template <class Value>
  void take(std::string_view name, const Value& value) {
    if constexpr (std::is_same_v<Value, LayerPtr>) {
      fields.push_back({std::string(name), NestedLayers{value ? 1U : 0U, nested(value)}});
    } else if constexpr (std::is_same_v<Value, std::vector<LayerPtr>>) {
      NestedLayers all{value.size(), {}};
      for (const LayerPtr& layer : value) {
        for (const Field& field : nested(layer)) all.fields.push_back(field);
      }
      fields.push_back({std::string(name), all});
    } else {
      fields.push_back({std::string(name), value});
    }
  }
  Fields fields;

 private:
  static Fields nested(const LayerPtr& layer) {
    if (!layer) return {};
    Fields fields{{"class_name", std::string(layer->class_name())}};
    for (Field& field : fields_of(*layer)) fields.push_back(std::move(field));
    return fields;
  }
};

// The layers that fields of a Reader describe.
std::vector<LayerPtr> made_layers(const Fields& fields) {
  std::vector<LayerPtr> layers;
  std::vector<Fields> parts;
  for (const Field& field : fields) {
    if (field.name == "class_name") {
      layers.push_back(make_layer(std::get<std::string>(field.value)));
      parts.emplace_back();
    } else {
      parts.back().push_back(field);
    }
  }
  for (std::size_t i = 0; i < layers.size(); ++i) set_fields(*layers[i], parts[i]);
  return layers;
}

class Writer : public EachField<Writer> {
 public:
  explicit Writer(const Fields& fields) : fields_(fields) {}
  template <class Value>
  void take(std::string_view name, Value& value) {
    const FieldValue* given = find_field(fields_, name);
    if (given == nullptr) return;
    if constexpr (std::is_same_v<Value, LayerPtr>) {
      const std::vector<LayerPtr> layers = made_layers(std::get<NestedLayers>(*given).fields);
      value = layers.empty() ? LayerPtr() : layers.front();
    } else if constexpr (std::is_same_v<Value, std::vector<LayerPtr>>) {
      value = made_layers(std::get<NestedLayers>(*given).fields);
    } else {
      value = std::get<Value>(*given);
    }
  }

 private:
  const Fields& fields_;
};

}  // namespace

Fields fields_of(Layer& layer) {
  Reader reader;
  visit_config(layer, reader);
  return reader.fields;
}

void set_fields(Layer& layer, const Fields& fields) {
  Writer writer(fields);
  visit_config(layer, writer);
}

const FieldValue* find_field(const Fields& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (field.name == name) return &field.value;
  }
  return nullptr;
}

bool flag(Layer& layer, std::string_view name) {
  const Fields fields = fields_of(layer);
  const FieldValue* value = find_field(fields, name);
  return value != nullptr && std::get<bool>(*value);
}

}  // namespace chronicler::test
