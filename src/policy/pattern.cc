#include "policy/pattern.h"

#include "policy/arn.h"
#include "policy/ascii.h"

namespace kagimori {

Result<Pattern> Pattern::compile(std::string_view text, Options options) {
  Pattern pattern;
  pattern.ignore_case_ = options.ignore_case;
  while (!text.empty()) {
    if (options.variables && text.starts_with("${")) {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos) {
        return fail(ErrorCode::kValidation, "a policy variable is not closed with a brace");
      }
      TRY(pattern.add_placeholder(text.substr(2, end - 2)));
      text.remove_prefix(end + 1);
      continue;
    }
    const char c = text.front();
    if (options.wildcards && (c == '*' || c == '?')) {
      const Kind kind = c == '*' ? Kind::kAnyRun : Kind::kAnyCharacter;
      const bool repeated =
          kind == Kind::kAnyRun && !pattern.segments_.empty() && pattern.segments_.back().kind == kind;
      if (!repeated) pattern.segments_.push_back(Segment{kind, {}, 0});
    } else {
      pattern.add_literal(text.substr(0, 1));
    }
    text.remove_prefix(1);
  }
  return pattern;
}

Status Pattern::add_placeholder(std::string_view inside) {
  TRY_ASSIGN(Placeholder placeholder, parse_placeholder(inside));
  if (!placeholder.variable) {
    add_literal(std::string_view(&placeholder.quoted_character, 1));
    return {};
  }
  if (variables_.size() == kMaxVariables) {
    return fail(ErrorCode::kValidation, "a string may hold at most 16 policy variables");
  }
  segments_.push_back(Segment{Kind::kVariable, {}, variables_.size()});
  variables_.push_back(*std::move(placeholder.variable));
  return {};
}

void Pattern::add_literal(std::string_view text) {
  if (segments_.empty() || segments_.back().kind != Kind::kLiteral) segments_.emplace_back();
  segments_.back().literal += ignore_case_ ? ascii_lowered(text) : std::string(text);
}

Pattern::Match Pattern::match(std::string_view text, const ConditionSource& source) const {
  if (!variables_.empty()) return match_with_variables(text, source);
  return match_segments(text, {}, source) ? Match::kYes : Match::kNo;
}

Pattern::Match Pattern::match_with_variables(std::string_view text, const ConditionSource& source) const {
  std::array<std::string_view, kMaxVariables> values;
  for (std::size_t i = 0; i < variables_.size(); ++i) {
    const auto value = variables_[i].value(source);
    if (!value) return Match::kUnresolved;
    values[i] = *value;
  }
  return match_segments(text, values, source) ? Match::kYes : Match::kNo;
}

// Only the last `*` ever needs to be tried again: what an earlier one could take more, the last one can take too.
bool Pattern::match_segments(std::string_view text, VariableValues values, const ConditionSource& source) const {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t segment = 0;
  std::size_t at = 0;
  std::size_t retry_segment = kNone;
  std::size_t retry_at = 0;
  for (;;) {
    // A step compares at most one literal, which memcmp does faster than this loop turns.
    if (!source.spend(1)) return false;
    if (segment == segments_.size()) {
      if (at == text.size()) return true;
    } else if (segments_[segment].kind == Kind::kAnyRun) {
      if (++segment == segments_.size()) return true;
      retry_segment = segment;
      retry_at = at;
      continue;
    } else if (const auto taken = consume(segments_[segment], text.substr(at), values)) {
      at += *taken;
      ++segment;
      continue;
    }
    if (retry_segment == kNone || retry_at == text.size()) return false;
    at = ++retry_at;
    segment = retry_segment;
  }
}

std::optional<std::size_t> Pattern::consume(const Segment& segment, std::string_view text,
                                            VariableValues values) const {
  if (segment.kind == Kind::kAnyCharacter) {
    if (text.empty()) return std::nullopt;
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
    return size;
  }
  const std::string_view wanted =
      segment.kind == Kind::kVariable ? values[segment.variable] : std::string_view(segment.literal);
  const std::string_view head = text.substr(0, wanted.size());
  const bool equal = ignore_case_ ? ascii_equal_ignoring_case(head, wanted) : head == wanted;
  if (!equal) return std::nullopt;
  return wanted.size();
}

Result<ArnPattern> ArnPattern::compile(std::string_view text, bool variables) {
  ArnPattern pattern;
  if (text == "*") return pattern;
  const auto parts = variables ? split_arn_pattern(text) : split_arn(text);
  if (!parts || (*parts)[kArnPartition].empty() || (*parts)[kArnService].empty() || (*parts)[kArnResource].empty()) {
    return fail(ErrorCode::kValidation, "it must be in ARN format or \"*\"");
  }
  for (const std::string_view part : *parts) {
    TRY_ASSIGN(Pattern compiled, Pattern::compile(part, {.wildcards = true, .variables = variables}));
    pattern.parts_.push_back(std::move(compiled));
  }
  return pattern;
}

Pattern::Match ArnPattern::match(std::string_view arn, const ConditionSource& source) const {
  if (parts_.empty()) return Pattern::Match::kYes;
  const auto parts = split_arn(arn);
  // A variable without a value counts even where another part already differs, so that the answer does not depend on
  // the order of the parts.
  auto result = parts ? Pattern::Match::kYes : Pattern::Match::kNo;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto part = parts_[i].match(parts ? (*parts)[i] : std::string_view{}, source);
    if (part == Pattern::Match::kUnresolved) return part;
    if (part == Pattern::Match::kNo) result = part;
  }
  return result;
}

}  // namespace kagimori
