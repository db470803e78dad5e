// A page to look at: text, tables and charts in one HTML file that needs nothing else.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chronicler/insight/alignment.h"
#include "chronicler/insight/chart.h"

namespace chronicler::insight {

// The first column holds names and is set to the left, the others hold numbers and are set to the
// right.
struct ReportTable {
  std::string caption;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // each as long as the header
  std::optional<std::size_t> highlight = {};   // a row to be set in bold
};

// Collects parts in their order; html() puts them together. The page opens from disk, asks the
// network for nothing, follows the reader's light or dark setting, prints, and runs no script. All
// text is escaped. The same parts give the same bytes.
class Report {
 public:
  explicit Report(std::string title);

  void heading(std::string_view text);
  void paragraph(std::string_view text);
  void verdict(std::string_view text);       // a paragraph that is meant to be read first
  void preformatted(std::string_view text);  // as in a terminal
  // Throws Error if a row is longer or shorter than the header.
  void table(const ReportTable& table);
  void chart(const LineChart& chart);
  // Side by side where the window is wide enough.
  void charts(std::span<const LineChart> charts);
  void heat_map(const HeatMap& map);
  // Side by side where the window is wide enough.
  void heat_maps(std::span<const HeatMap> maps);
  // In its own size; wider ones than the page can be scrolled.
  void alignment(const Alignment& alignment);

  std::string html() const;
  // Writes html() atomically. Throws Error with the path and the system's reason.
  void write(const std::filesystem::path& path) const;

 private:
  std::string title_;
  std::string body_;
};

}  // namespace chronicler::insight
