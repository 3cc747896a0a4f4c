#pragma once

#include <string>
#include <vector>

namespace kagimori::cli {

// A table for people: columns as wide as their widest cell, two spaces apart, titles in capitals. Control characters
// in cells are shown as '?', so that no name can steer a terminal.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> titles) : titles_(std::move(titles)) {}

  // As many cells as titles.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // The lines, or `nothing` and a line feed when there is no row.
  std::string text(const std::string& nothing) const;

 private:
  std::vector<std::string> titles_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace kagimori::cli
