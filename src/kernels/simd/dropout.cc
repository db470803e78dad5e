// The fast factors of dropout: Philox 4x32-10 for several places at a time. The readable twin is
// Random::block.
#include "kernels/dropout.h"

#include <cstddef>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/dropout.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/dispatch.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// One draw after the other.
void FactorsOneByOne(const Random& random, std::uint64_t stream, std::uint64_t first,
                     float threshold, float keep, float* factors, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    factors[i] = random.uniform(stream, first + i) < threshold ? 0.0F : keep;
  }
}

#if HWY_TARGET == HWY_SCALAR

void DropoutFactors(const Random& random, std::uint64_t stream, std::uint64_t first,
                    float threshold, float keep, float* factors, std::size_t count) {
  FactorsOneByOne(random, stream, first, threshold, keep, factors, count);
}

#else

using Wide = hn::ScalableTag<std::uint64_t>;
using WideVector = hn::Vec<Wide>;
inline constexpr Wide wide{};
inline constexpr std::size_t wide_lanes = hn::MaxLanes(Wide());

// The four words of the places first, first + 1 ..., one place in each 64-bit lane.
struct Words {
  WideVector word[4];
};

HWY_INLINE WideVector product(WideVector word, std::uint64_t multiplier) {
  const hn::Repartition<std::uint32_t, Wide> narrow;
  return hn::MulEven(hn::BitCast(narrow, word), hn::BitCast(narrow, hn::Set(wide, multiplier)));
}

HWY_INLINE Words words_of(std::uint64_t seed, std::uint64_t stream, std::uint64_t first) {
  const WideVector low = hn::Set(wide, 0xFFFFFFFFU);
  const WideVector index = hn::Add(hn::Set(wide, first), hn::Iota(wide, 0));
  Words words{{hn::And(index, low), hn::ShiftRight<32>(index), hn::Set(wide, stream & 0xFFFFFFFFU),
               hn::Set(wide, stream >> 32U)}};
  std::uint32_t key_0 = static_cast<std::uint32_t>(seed);
  std::uint32_t key_1 = static_cast<std::uint32_t>(seed >> 32U);
  for (int round = 0; round < 10; ++round) {
    const WideVector product_0 = product(words.word[0], 0xD2511F53);
    const WideVector product_1 = product(words.word[2], 0xCD9E8D57);
    const WideVector word_1 = words.word[1];
    words.word[0] = hn::Xor(hn::Xor(hn::ShiftRight<32>(product_1), word_1), hn::Set(wide, key_0));
    words.word[1] = hn::And(product_1, low);
    words.word[2] =
        hn::Xor(hn::Xor(hn::ShiftRight<32>(product_0), words.word[3]), hn::Set(wide, key_1));
    words.word[3] = hn::And(product_0, low);
    key_0 += 0x9E3779B9U;
    key_1 += 0xBB67AE85U;
  }
  return words;
}

void DropoutFactors(const Random& random, std::uint64_t stream, std::uint64_t first,
                    float threshold, float keep, float* factors, std::size_t count) {
  // Four draws to a place: up to the first that begins one.
  const std::size_t odd = (4 - first % 4) % 4;
  const std::size_t head = odd < count ? odd : count;
  FactorsOneByOne(random, stream, first, threshold, keep, factors, head);
  constexpr std::size_t at_once = 4 * wide_lanes;
  HWY_ALIGN std::uint64_t pairs[2 * wide_lanes];
  const hn::Rebind<std::int32_t, Tag> whole;
  std::size_t i = head;
  for (; i + at_once <= count; i += at_once) {
    const Words words = words_of(random.seed(), stream, (first + i) / 4);
    const WideVector front = hn::Or(words.word[0], hn::ShiftLeft<32>(words.word[1]));
    const WideVector back = hn::Or(words.word[2], hn::ShiftLeft<32>(words.word[3]));
    hn::StoreInterleaved2(front, back, wide, pairs);
    const auto* draws = reinterpret_cast<const std::int32_t*>(pairs);
    for (std::size_t part = 0; part < at_once; part += static_cast<std::size_t>(lanes)) {
      const hn::RebindToUnsigned<Tag> bits;
      const auto word = hn::BitCast(bits, hn::LoadU(whole, draws + part));
      const Vector uniform = hn::Mul(
          hn::ConvertTo(tag, hn::BitCast(whole, hn::ShiftRight<8>(word))), hn::Set(tag, 0x1p-24F));
      const auto dropped = hn::Lt(uniform, hn::Set(tag, threshold));
      hn::StoreU(hn::IfThenZeroElse(dropped, hn::Set(tag, keep)), tag, factors + i + part);
    }
  }
  FactorsOneByOne(random, stream, first + i, threshold, keep, factors + i, count - i);
}

#endif

void ApplyDropout(std::int64_t count, const float* factors, const float* from, float* to) {
  for (std::int64_t i = 0; i < count; i += lanes) {
    const std::int64_t left = count - i;
    const Vector factor = load_first(factors + i, left);
    const Vector product = hn::Mul(factor, load_first(from + i, left));
    store_first(hn::IfThenElseZero(hn::Ne(factor, hn::Zero(tag)), product), to + i, left);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(DropoutFactors);
CHRONICLER_EXPORT(ApplyDropout);

void apply_dropout(std::span<const float> factors, const float* from, float* to) {
  CHRONICLER_DISPATCH(ApplyDropout)
  (static_cast<std::int64_t>(factors.size()), factors.data(), from, to);
}

void dropout_factors(const Random& random, std::uint64_t stream, std::uint64_t first, double rate,
                     std::span<float> factors) {
  CHRONICLER_DISPATCH(DropoutFactors)
  (random, stream, first, static_cast<float>(rate), static_cast<float>(1.0 / (1.0 - rate)),
   factors.data(), factors.size());
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
