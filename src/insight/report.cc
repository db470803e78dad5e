#include "chronicler/insight/report.h"

#include <utility>

#include <fmt/format.h>

#include "chronicler/base/atomic_file.h"
#include "chronicler/base/error.h"
#include "chronicler/insight/svg.h"
#include "insight/markup.h"

namespace chronicler::insight {

namespace {

constexpr std::string_view page_style =
    R"(:root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;
--line:#d9dee3;--ground:#ffffff;--raised:#f5f7f9;--accent:#0072b2}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa6b2;--line:#303841;--ground:#12161b;
--raised:#1a2027;--accent:#56b4e9}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:30px;line-height:1.2;margin:8px 0 16px}
h2{font-size:21px;margin:48px 0 8px;padding-top:16px;border-top:1px solid var(--line)}
p{max-width:74ch;margin:10px 0}
.verdict{font-size:18px;border-left:4px solid var(--accent);padding:4px 0 4px 16px}
table{border-collapse:collapse;margin:20px 0;font-variant-numeric:tabular-nums}
caption{text-align:left;white-space:nowrap;color:var(--soft);padding-bottom:6px}
th,td{padding:7px 16px;text-align:right;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left;padding-left:6px}
thead th{color:var(--soft);font-weight:600}tbody th{font-weight:400}
.best th,.best td{font-weight:700;background:var(--raised)}
.wide{overflow-x:auto}
.row{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:16px}
figure{margin:16px 0;padding:8px;border:1px solid var(--line);border-radius:8px;break-inside:avoid}
figure svg{display:block;width:100%;height:auto}
.own{overflow-x:auto}.own svg{width:auto;max-width:none}
pre{overflow-x:auto;background:var(--raised);padding:14px;border-radius:8px;
font:13px/1.35 ui-monospace,"DejaVu Sans Mono",monospace}
@media print{main{max-width:none;padding:0}h2{break-after:avoid}}
)";

constexpr SvgOptions wide{.width = 1060, .height = 380, .standalone = false};
constexpr SvgOptions half{.width = 520, .height = 330, .standalone = false};
constexpr SvgOptions strip{.width = 520, .height = 190, .standalone = false};

std::string figure(const std::string& svg) { return fmt::format("<figure>\n{}</figure>\n", svg); }

}  // namespace

Report::Report(std::string title) : title_(std::move(title)) {}

void Report::heading(std::string_view text) {
  body_ += fmt::format("<h2>{}</h2>\n", escaped(text));
}

void Report::paragraph(std::string_view text) {
  body_ += fmt::format("<p>{}</p>\n", escaped(text));
}

void Report::verdict(std::string_view text) {
  body_ += fmt::format("<p class=\"verdict\">{}</p>\n", escaped(text));
}

void Report::preformatted(std::string_view text) {
  body_ += fmt::format("<pre>{}</pre>\n", escaped(text));
}

void Report::table(const ReportTable& table) {
  std::string html = "<div class=\"wide\"><table>\n";
  if (!table.caption.empty())
    html += fmt::format("<caption>{}</caption>\n", escaped(table.caption));
  html += "<thead><tr>";
  for (const std::string& cell : table.header) {
    html += fmt::format("<th scope=\"col\">{}</th>", escaped(cell));
  }
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& row = table.rows[r];
    if (row.size() != table.header.size()) {
      throw Error(fmt::format("report table \"{}\": row {} has {} cells, the header has {}",
                              table.caption, r, row.size(), table.header.size()));
    }
    html += table.highlight == r ? "<tr class=\"best\">" : "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) {
      html += c == 0 ? fmt::format("<th scope=\"row\">{}</th>", escaped(row[c]))
                     : fmt::format("<td>{}</td>", escaped(row[c]));
    }
    html += "</tr>\n";
  }
  body_ += html + "</tbody>\n</table></div>\n";
}

void Report::chart(const LineChart& chart) { body_ += figure(to_svg(chart, wide)); }

void Report::charts(std::span<const LineChart> charts) {
  body_ += "<div class=\"row\">\n";
  for (const LineChart& chart : charts) body_ += figure(to_svg(chart, half));
  body_ += "</div>\n";
}

void Report::heat_map(const HeatMap& map) { body_ += figure(to_svg(map, wide)); }

void Report::heat_maps(std::span<const HeatMap> maps) {
  body_ += "<div class=\"row\">\n";
  for (const HeatMap& map : maps) body_ += figure(to_svg(map, strip));
  body_ += "</div>\n";
}

void Report::alignment(const Alignment& alignment) {
  body_ += fmt::format("<figure class=\"own\">\n{}</figure>\n", to_svg(alignment, false));
}

std::string Report::html() const {
  // The content policy forbids every request: the page cannot phone home even by mistake.
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<style>\n{1}{2}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n{3}"
      "</main>\n</body>\n</html>\n",
      escaped(title_), page_style, chart_style(), body_);
}

void Report::write(const std::filesystem::path& path) const { write_file_atomically(path, html()); }

}  // namespace chronicler::insight
