#include "cli/transcribe/live.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iostream>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chronicler/base/error.h"
#include "cli/interrupt.h"

namespace chronicler::cli::transcribe {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

// What there is, without waiting for more; false at the end.
bool read_samples(std::vector<unsigned char>& rest, std::vector<float>& samples) {
  std::array<unsigned char, 4096> room{};
  ssize_t count = -1;
  do {
    count = ::read(STDIN_FILENO, room.data(), room.size());
  } while (count < 0 && errno == EINTR && !interrupted());
  if (count < 0 && !interrupted())
    throw Error(fmt::format("cannot read standard input: {}", std::strerror(errno)));
  if (count <= 0) return false;
  rest.insert(rest.end(), room.begin(), room.begin() + count);
  samples.clear();
  std::size_t at = 0;
  for (; at + 2 <= rest.size(); at += 2) {
    const auto number = static_cast<std::int16_t>(rest[at] | (rest[at + 1] << 8));
    samples.push_back(static_cast<float>(number) / 32768.0F);
  }
  rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

class LivePrinter {
 public:
  explicit LivePrinter(bool json) : json_(json) {}

  void print(const std::string& news, const tasks::Transcript& so_far, bool end) {
    if (!json_) {
      std::cout << news;
      if (!news.empty()) std::cout.flush();
      return;
    }
    // The last word may still grow.
    const std::size_t known = so_far.words.size() - (end || so_far.words.empty() ? 0 : 1);
    for (; printed_ < known; ++printed_) {
      const tasks::Transcript::Word& word = so_far.words[printed_];
      const Json line{{"word", word.text},
                      {"begin", word.begin},
                      {"end", word.end},
                      {"probability", word.probability},
                      {"heard_seconds", so_far.seconds}};
      std::cout << line.dump() << std::endl;
    }
    if (news.empty() || end) return;
    std::cout << Json{{"partial", so_far.text}, {"heard_seconds", so_far.seconds}}.dump()
              << std::endl;
  }

 private:
  bool json_;
  std::size_t printed_ = 0;
};

}  // namespace

void follow(const tasks::Transcriber& typist, int rate, bool json) {
  tasks::TranscriptStream stream = typist.stream(rate);
  LivePrinter printer(json);
  std::vector<unsigned char> rest;
  std::vector<float> samples;
  double longest = 0.0;
  double all = 0.0;
  while (!interrupted() && read_samples(rest, samples)) {
    // In pieces of 10 ms at most, so that no text waits for sound that came together with it.
    const auto piece = static_cast<std::size_t>(std::max(rate / 100, 1));
    for (std::size_t at = 0; at < samples.size(); at += piece) {
      const auto part = std::span(samples).subspan(at, std::min(piece, samples.size() - at));
      const Clock::time_point start = Clock::now();
      const std::string news = stream.push(part);
      const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
      longest = std::max(longest, seconds);
      all += seconds;
      printer.print(news, stream.transcript(), false);
    }
    if (!std::cout) return;
  }
  const std::string news = stream.finish();
  printer.print(news, stream.transcript(), true);
  const tasks::Transcript& transcript = stream.transcript();
  if (json) {
    std::cout << Json{{"text", transcript.text},
                      {"seconds", transcript.seconds},
                      {"compute_seconds", all},
                      {"delay_ms", 1000.0 * stream.delay_seconds()},
                      {"longest_step_ms", 1000.0 * longest}}
                     .dump()
              << '\n';
    return;
  }
  if (!transcript.text.empty()) std::cout << '\n';
  std::cerr << fmt::format(
      "{:.1f} s of sound in {:.2f} s; text follows the sound by {:.0f} ms and at most {:.1f} ms of "
      "work\n",
      transcript.seconds, all, 1000.0 * stream.delay_seconds(), 1000.0 * longest);
}

}  // namespace chronicler::cli::transcribe
