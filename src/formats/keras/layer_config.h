// A layer's options as Keras's configuration, through the layer's own list of fields.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "chronicler/layers/layer.h"

namespace chronicler {

// {"module": ..., "class_name": "LSTM", "config": {...}, "registered_name": null,
//  "build_config": {"input_shape": [...]}}, with the keys that every Keras 3 knows.
Json layer_to_json(Layer& layer);
// The same for a layer that another layer or a Sequential holds: a model of one input and one
// output in it says them alone, not in lists of one: from 3.9 on Keras gives the next layer
// what it gets from there, and none takes a list. (A graph may hold such lists, which every Keras 3
// reads.)
Json held_layer_to_json(Layer& layer);

// A layer that is not built yet. An option that is not given has its default; one that is unknown
// and not switched off (null, false or {}) is an Error.
LayerPtr layer_at(const JsonPlace& object);

// Layers that another holds, by the names of the options that they stand for.
using HeldLayers = std::map<std::string, std::vector<LayerPtr>, std::less<>>;
// A layer of this class with the options of `config`, where those that are layers are `held`.
LayerPtr layer_with(std::string_view class_name, const JsonPlace& config, const HeldLayers& held);

// Makes layers of the program's own (Layer::file_object) from their objects in files; gives null
// for classes that it does not know. One at a time.
using OwnLayerMaker = std::function<LayerPtr(const Json& object)>;
void set_own_layer_maker(OwnLayerMaker maker);

// Only the options of an object's own fields(), without name, trainable and dtype.
Json fields_to_json(Layer& layer);
void read_fields(const JsonPlace& config, Layer& layer);

// (None, 4) as [null, 4].
Json to_json(const Shape& shape);
Shape shape_at(const JsonPlace& place);

}  // namespace chronicler
