#include "formats/safetensors/safetensors_shards.h"

#include <gtest/gtest.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/formats/model_file.h"
#include "chronicler/layers/layers.h"
#include "formats/model_spec.h"
#include "formats/mutation.h"
#include "formats/safetensors/safetensors.h"
#include "support/conformance.h"
#include "support/temporary_folder.h"

namespace chronicler {
namespace {

using test::error_of;

Sequential small_model() {
  return Sequential({layers::Input(Shape{None, 3}), layers::GRU({.units = 2}),
                     layers::Dense({.units = 1, .name = "answer"})});
}

// A model's weights in two files and their index.
class SafetensorsShards : public testing::Test {
 protected:
  SafetensorsShards() {
    NamedTensors first = describe_weights(model_);
    NamedTensors second(first.end() - 2, first.end());
    first.resize(first.size() - 2);
    Json map = Json::object();
    for (const NamedTensor& tensor : first) map[tensor.name] = "part-1.safetensors";
    for (const NamedTensor& tensor : second) map[tensor.name] = "part-2.safetensors";
    write("part-1.safetensors", std::move(first));
    write("part-2.safetensors", std::move(second));
    index_ = {{"metadata", {{"total_size", 1}}}, {"weight_map", std::move(map)}};
    model_.save(path("like.chronicler"));
  }

  std::string path(const std::string& name) const { return folder_.path(name); }
  void write(const std::string& name, NamedTensors tensors) const {
    sort_for_file(tensors);
    write_file_atomically(path(name), write_safetensors({{}, std::move(tensors)}));
  }
  // What loading into another model says of this index.
  std::string told(const std::string& index) {
    write_file_atomically(path("model.safetensors.index.json"), index);
    Sequential other = small_model();
    return error_of([&] { other.load_weights(path("model.safetensors.index.json")); });
  }
  std::string told() { return told(index_.dump()); }

  test::TemporaryFolder folder_;
  Sequential model_ = small_model();
  Json index_;
};

TEST_F(SafetensorsShards, AreReadAsOneFile) {
  ASSERT_EQ(told(), "no error");
  const std::string index = path("model.safetensors.index.json");
  EXPECT_EQ(content_of(index), ModelFileContent::weights);
  EXPECT_EQ(load_arrays(index).size(), 5U);
  const FilledModel filled = load_model_with_weights(path("like.chronicler"), index);
  const std::vector<Tensor> got = filled.model->get_weights();
  const std::vector<Tensor> expected = model_.get_weights();
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(test::same_bits(got[i], expected[i]));
}

TEST_F(SafetensorsShards, SayWhatDoesNotAgree) {
  const Json whole = index_;
  const auto expect = [&](const std::string& words) {
    const std::string said = told();
    EXPECT_NE(said.find(words), std::string::npos) << said;
    EXPECT_NE(said.find("model.safetensors.index.json"), std::string::npos) << said;
    index_ = whole;
  };
  const std::string weight = "layers/dense/vars/0";
  for (const char* file : {"../part-2.safetensors", "/part-2.safetensors", "a\\b.safetensors", "..",
                           "", ".safetensors", "part-2.h5"}) {
    index_["weight_map"][weight] = file;
    expect("its weight_map names the file");
  }
  for (Json& file : index_["weight_map"]) {
    if (file == "part-2.safetensors") file = "part-3.safetensors";
  }
  expect("part-3.safetensors");
  index_["weight_map"][weight] = "part-1.safetensors";
  expect("lacks the weight \"layers/dense/vars/0\"");
  index_["weight_map"].erase(weight);
  expect("which the index does not list there");
  index_["weight_map"]["more"] = "part-2.safetensors";
  expect("lacks the weight \"more\"");
  index_["weight_map"][weight] = 3;
  expect("no file for \"layers/dense/vars/0\"");
  for (const char* other : {"[]", "{}", "null", "\"x\""}) {
    index_["weight_map"] = Json::parse(other);
    expect("must be an object that gives the file of each weight");
  }
  write_file_atomically(path("part-2.safetensors"), "short");
  expect("part-2.safetensors");
}

TEST_F(SafetensorsShards, GiveWeightsOrAnErrorWhateverTheIndexSays) {
  const std::string index = index_.dump();
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    test::Mutator mutator(seed);
    const std::string damaged =
        seed % 2 == 0 ? mutator.damaged(index) : mutator.damaged_json(index);
    refused += told(damaged) != "no error" ? 1 : 0;
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace chronicler
