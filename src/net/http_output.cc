#include "net/http_output.h"

#include <algorithm>

namespace kagimori {

bool HttpOutput::queue_answer(const HttpResponse& response, HttpAnswerForm form, std::string_view date) {
  if (items_.empty()) turn_begin_ = buffer_.size();
  if (!append_http_response(buffer_, response, form, date)) return false;
  items_.push_back({true, form});
  return true;
}

void HttpOutput::queue_continue() {
  if (items_.empty()) turn_begin_ = buffer_.size();
  if (!buffer_.reserve(kHttpContinue.size())) return;
  buffer_.append(kHttpContinue);
  items_.push_back({});
}

bool HttpOutput::has_answers_of_turn() const {
  return std::any_of(items_.begin(), items_.end(), [](const Item& item) { return item.is_answer; });
}

bool HttpOutput::replace_answers(const HttpResponse& response, std::string_view date) {
  buffer_.truncate(turn_begin_);
  for (const Item& item : items_) {
    if (item.is_answer) {
      if (!append_http_response(buffer_, response, item.form, date)) return false;
    } else {
      if (!buffer_.reserve(kHttpContinue.size())) return false;
      buffer_.append(kHttpContinue);
    }
  }
  return true;
}

IoStatus HttpOutput::send(Stream& stream) {
  while (unsent() > 0) {
    const IoResult result = stream.write(buffer_.bytes().subspan(sent_));
    if (result.status != IoStatus::kOk) return result.status;
    sent_ += result.bytes;
  }
  release();
  return IoStatus::kOk;
}

void HttpOutput::release() {
  buffer_.release();
  sent_ = 0;
  items_.clear();
}

}  // namespace kagimori
