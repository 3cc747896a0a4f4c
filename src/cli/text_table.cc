#include "cli/text_table.h"

#include <algorithm>

namespace kagimori::cli {
namespace {

constexpr std::size_t kGap = 2;

// Code points of UTF-8.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return text;
}

}  // namespace

std::string TextTable::text(const std::string& nothing) const {
  if (rows_.empty()) return nothing + "\n";
  std::vector<std::size_t> widths;
  for (const std::string& title : titles_) widths.push_back(width(title));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      line += printable(cells[i]) + std::string(widths[i] - width(cells[i]) + kGap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add_line(titles_);
  for (const auto& row : rows_) add_line(row);
  return out;
}

}  // namespace kagimori::cli
