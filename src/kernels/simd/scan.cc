// Linear recurrences on vectors of units: the contract is kernels/scan.h.
#include "kernels/scan.h"

#include "hwy/cache_control.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/scan.cc"
#include "hwy/foreach_target.h"
// Highway's headers come after foreach_target.h.
#include "hwy/highway.h"

#include "kernels/simd/dispatch.h"
#include "kernels/simd/scan-inl.h"
#include "kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chronicler::kernels {
namespace HWY_NAMESPACE {

// ---- a and b from memory

struct ForwardVectors {
  const Scan<float>& run;
  bool streams;
  template <int Vectors, bool Whole>
  HWY_INLINE void group(std::int64_t u, std::int64_t count) const {
    Vector state[Vectors];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) state[v] = part<Whole>(run.state + u + v * lanes, count);
    const float* HWY_RESTRICT a = run.a + u;
    const float* HWY_RESTRICT b = run.b + u;
    float* HWY_RESTRICT hidden = run.hidden + u;
    for (std::int64_t t = 0; t < run.steps; ++t) {
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        state[v] = hn::MulAdd(part<Whole>(a + v * lanes, count), state[v],
                              part<Whole>(b + v * lanes, count));
        put_far<Whole>(streams, state[v], hidden + v * lanes, count);
      }
      a += run.units;
      b += run.units;
      hidden += run.units;
    }
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) put<Whole>(state[v], run.state + u + v * lanes, count);
  }
};

// Steps that all groups of units go through before the next ones: whole rows come from memory, not
// a part of each.
inline constexpr std::int64_t steps_at_a_time = 32;

void ScanForward(const Scan<float>& run, Range units) {
  Scan<float> some = run;
  const bool streams = run.past_caches && run.units % lanes == 0 && units.begin % lanes == 0 &&
                       is_in_line(run.hidden);
  for (std::int64_t t = 0; t < run.steps; t += steps_at_a_time) {
    some.steps = smaller(steps_at_a_time, run.steps - t);
    some.a = run.a + t * run.units;
    some.b = run.b + t * run.units;
    some.hidden = run.hidden + t * run.units;
    for_vectors<4>(units, ForwardVectors{some, streams});
  }
  if (streams) hwy::FlushStream();
}

struct BackwardVectors {
  const Scan<float>& run;
  const ScanGradient<float>& gradient;
  bool streams;
  template <int Vectors, bool Whole>
  HWY_INLINE void group(std::int64_t u, std::int64_t count) const {
    Vector flow[Vectors];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) flow[v] = part<Whole>(gradient.state + u + v * lanes, count);
    for (std::int64_t t = run.steps; t-- > 0;) {
      const std::int64_t at = t * run.units + u;
      const float* before = t > 0 ? gradient.hidden + at - run.units : gradient.before + u;
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        const std::int64_t place = at + v * lanes;
        const Vector d = hn::Add(part<Whole>(gradient.output + place, count), flow[v]);
        put_far<Whole>(streams, d, gradient.b + place, count);
        const Vector of_a = hn::Mul(d, part<Whole>(before + v * lanes, count));
        put_far<Whole>(streams, of_a, gradient.a + place, count);
        flow[v] = hn::Mul(d, part<Whole>(run.a + place, count));
      }
    }
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) put<Whole>(flow[v], gradient.state + u + v * lanes, count);
  }
};

// The run, and its gradient, from step `begin` on.
HWY_INLINE void move_to(std::int64_t begin, const Scan<float>& all,
                        const ScanGradient<float>& all_gradient, Scan<float>& run,
                        ScanGradient<float>& gradient) {
  const std::int64_t at = begin * all.units;
  run.a = all.a + at;
  gradient.before = begin > 0 ? all_gradient.hidden + at - all.units : all_gradient.before;
  gradient.hidden = all_gradient.hidden + at;
  gradient.output = all_gradient.output + at;
  gradient.a = all_gradient.a + at;
  gradient.b = all_gradient.b + at;
}

void ScanBackward(const Scan<float>& run, const ScanGradient<float>& gradient, Range units) {
  Scan<float> some = run;
  ScanGradient<float> flow = gradient;
  const bool streams = run.past_caches && run.units % lanes == 0 && units.begin % lanes == 0 &&
                       is_in_line(gradient.a) && is_in_line(gradient.b);
  for (std::int64_t end = run.steps; end > 0; end -= steps_at_a_time) {
    const std::int64_t begin = larger(0, end - steps_at_a_time);
    some.steps = end - begin;
    move_to(begin, run, gradient, some, flow);
    for_vectors<4>(units, BackwardVectors{some, flow, streams});
  }
  if (streams) hwy::FlushStream();
}

struct SummaryVectors {
  const Scan<float>& run;
  float* product;
  float* end;
  template <int Vectors, bool Whole>
  HWY_INLINE void group(std::int64_t u, std::int64_t count) const {
    Vector all[Vectors], sum[Vectors];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      all[v] = part<Whole>(product + u + v * lanes, count);
      sum[v] = part<Whole>(end + u + v * lanes, count);
    }
    for (std::int64_t at = u; at < u + run.steps * run.units; at += run.units) {
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        const Vector a = part<Whole>(run.a + at + v * lanes, count);
        all[v] = hn::Mul(all[v], a);
        sum[v] = hn::MulAdd(a, sum[v], part<Whole>(run.b + at + v * lanes, count));
      }
    }
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      put<Whole>(all[v], product + u + v * lanes, count);
      put<Whole>(sum[v], end + u + v * lanes, count);
    }
  }
};

void ScanSummary(const Scan<float>& run, float* product, float* end) {
  for_vectors<4>({0, run.units}, SummaryVectors{run, product, end});
}

struct BackSummaryVectors {
  const Scan<float>& run;
  const float* output;
  float* product;
  float* start;
  template <int Vectors, bool Whole>
  HWY_INLINE void group(std::int64_t u, std::int64_t count) const {
    Vector all[Vectors], sum[Vectors];
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      all[v] = part<Whole>(product + u + v * lanes, count);
      sum[v] = part<Whole>(start + u + v * lanes, count);
    }
    for (std::int64_t t = run.steps; t-- > 0;) {
      CHRONICLER_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        const std::int64_t at = t * run.units + u + v * lanes;
        const Vector a = part<Whole>(run.a + at, count);
        all[v] = hn::Mul(all[v], a);
        sum[v] = hn::Mul(a, hn::Add(part<Whole>(output + at, count), sum[v]));
      }
    }
    CHRONICLER_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      put<Whole>(all[v], product + u + v * lanes, count);
      put<Whole>(sum[v], start + u + v * lanes, count);
    }
  }
};

void ScanBackSummary(const Scan<float>& run, const float* output, float* product, float* start) {
  for_vectors<4>({0, run.units}, BackSummaryVectors{run, output, product, start});
}

// ---- in pieces: the chains of as many pieces are in flight at once

inline constexpr int pieces = static_cast<int>(scan_lanes);

// What all pieces but the last make of a state, over one vector of units.
template <bool Whole>
HWY_INLINE void summaries(const Scan<float>& run, std::int64_t u, std::int64_t count,
                          Vector (&product)[pieces], Vector (&end)[pieces]) {
  const std::int64_t apart = scan_piece * run.units;
  CHRONICLER_UNROLL
  for (int i = 0; i < pieces - 1; ++i) {
    product[i] = hn::Set(tag, 1.0F);
    end[i] = hn::Zero(tag);
  }
  for (std::int64_t at = u; at < u + apart; at += run.units) {
    CHRONICLER_UNROLL
    for (int i = 0; i < pieces - 1; ++i) {
      const Vector a = part<Whole>(run.a + at + i * apart, count);
      product[i] = hn::Mul(product[i], a);
      end[i] = hn::MulAdd(a, end[i], part<Whole>(run.b + at + i * apart, count));
    }
  }
}

struct PiecesForward {
  const Scan<float>& run;
  template <int Vectors, bool Whole>
  HWY_INLINE void group(std::int64_t u, std::int64_t count) const {
    static_assert(Vectors == 1);
    const std::int64_t apart = scan_piece * run.units;
    Vector product[pieces], state[pieces];
    summaries<Whole>(run, u, count, product, state);
    Vector start = part<Whole>(run.state + u, count);
    CHRONICLER_UNROLL
    for (int i = 0; i < pieces; ++i) {
      const Vector next = i < pieces - 1 ? hn::MulAdd(product[i], start, state[i]) : start;
      state[i] = start;
      start = next;
    }
    for (std::int64_t at = u; at < u + apart; at += run.units) {
      CHRONICLER_UNROLL
      for (int i = 0; i < pieces; ++i) {
        const std::int64_t place = at + i * apart;
        state[i] = hn::MulAdd(part<Whole>(run.a + place, count), state[i],
                              part<Whole>(run.b + place, count));
        put<Whole>(state[i], run.hidden + place, count);
      }
    }
    put<Whole>(state[pieces - 1], run.state + u, count);
  }
};

void ScanForwardInPieces(const Scan<float>& run) {
  Scan<float> block = run;
  block.steps = scan_piece * scan_lanes;
  std::int64_t left = run.steps;
  for (; left >= block.steps; left -= block.steps) {
    for_vectors<1>({0, run.units}, PiecesForward{block});
    block.a += block.steps * run.units;
    block.b += block.steps * run.units;
    block.hidden += block.steps * run.units;
  }
  block.steps = left;
  ScanForward(block, {0, run.units});
}

struct PiecesBackward {
  const Scan<float>& run;
  const ScanGradient<float>& gradient;
  template <int Vectors, bool Whole>
  HWY_INLINE void group(std::int64_t u, std::int64_t count) const {
    static_assert(Vectors == 1);
    const std::int64_t apart = scan_piece * run.units;
    Vector product[pieces], flow[pieces];
    CHRONICLER_UNROLL
    for (int i = 1; i < pieces; ++i) {
      product[i] = hn::Set(tag, 1.0F);
      flow[i] = hn::Zero(tag);
    }
    for (std::int64_t t = scan_piece; t-- > 0;) {
      CHRONICLER_UNROLL
      for (int i = 1; i < pieces; ++i) {
        const std::int64_t at = t * run.units + u + i * apart;
        const Vector a = part<Whole>(run.a + at, count);
        product[i] = hn::Mul(product[i], a);
        flow[i] = hn::Mul(a, hn::Add(part<Whole>(gradient.output + at, count), flow[i]));
      }
    }
    Vector start = part<Whole>(gradient.state + u, count);
    CHRONICLER_UNROLL
    for (int i = pieces - 1; i >= 0; --i) {
      const Vector next = i > 0 ? hn::MulAdd(product[i], start, flow[i]) : start;
      flow[i] = start;
      start = next;
    }
    for (std::int64_t t = scan_piece; t-- > 0;) {
      CHRONICLER_UNROLL
      for (int i = 0; i < pieces; ++i) {
        const std::int64_t at = t * run.units + u + i * apart;
        const float* before =
            t > 0 || i > 0 ? gradient.hidden + at - run.units : gradient.before + u;
        const Vector d = hn::Add(part<Whole>(gradient.output + at, count), flow[i]);
        put<Whole>(d, gradient.b + at, count);
        put<Whole>(hn::Mul(d, part<Whole>(before, count)), gradient.a + at, count);
        flow[i] = hn::Mul(d, part<Whole>(run.a + at, count));
      }
    }
    put<Whole>(flow[0], gradient.state + u, count);
  }
};

// From the end, so that the blocks of pieces are the last steps, whatever is left the first ones.
void ScanBackwardInPieces(const Scan<float>& run, const ScanGradient<float>& gradient) {
  Scan<float> block = run;
  ScanGradient<float> flow = gradient;
  const std::int64_t size = scan_piece * scan_lanes;
  block.steps = size;
  std::int64_t left = run.steps;
  for (; left >= size; left -= size) {
    move_to(left - size, run, gradient, block, flow);
    for_vectors<1>({0, run.units}, PiecesBackward{block, flow});
  }
  move_to(0, run, gradient, block, flow);
  block.steps = left;
  ScanBackward(block, flow, {0, run.units});
}

}  // namespace HWY_NAMESPACE
}  // namespace chronicler::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chronicler::kernels {

CHRONICLER_EXPORT(ScanForward);
CHRONICLER_EXPORT(ScanBackward);
CHRONICLER_EXPORT(ScanSummary);
CHRONICLER_EXPORT(ScanBackSummary);
CHRONICLER_EXPORT(ScanForwardInPieces);
CHRONICLER_EXPORT(ScanBackwardInPieces);

template <>
void scan_forward<float>(const Scan<float>& run, Range units) {
  CHRONICLER_DISPATCH(ScanForward)(run, units);
}
template <>
void scan_backward<float>(const Scan<float>& run, const ScanGradient<float>& gradient,
                          Range units) {
  CHRONICLER_DISPATCH(ScanBackward)(run, gradient, units);
}
template <>
void scan_forward_in_pieces<float>(const Scan<float>& run) {
  CHRONICLER_DISPATCH(ScanForwardInPieces)(run);
}
template <>
void scan_backward_in_pieces<float>(const Scan<float>& run, const ScanGradient<float>& gradient) {
  CHRONICLER_DISPATCH(ScanBackwardInPieces)(run, gradient);
}
template <>
void scan_summary<float>(const Scan<float>& run, float* product, float* end) {
  CHRONICLER_DISPATCH(ScanSummary)(run, product, end);
}
template <>
void scan_back_summary<float>(const Scan<float>& run, const float* output, float* product,
                              float* start) {
  CHRONICLER_DISPATCH(ScanBackSummary)(run, output, product, start);
}

}  // namespace chronicler::kernels
#endif  // HWY_ONCE
