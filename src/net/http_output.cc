#include "net/http_output.h"

namespace kagimori {

bool HttpOutput::queue_answer(const HttpResponse& response, HttpAnswerForm form, std::string_view date) {
  if (items_.empty()) turn_begin_ = buffer_.size();
  const std::size_t begin = buffer_.size();
  if (!append_http_response(buffer_, response, form, date)) return false;
  items_.push_back({buffer_.size() - begin, response.mark, form});
  return true;
}

void HttpOutput::queue_continue() {
  if (items_.empty()) turn_begin_ = buffer_.size();
  if (!buffer_.reserve(kHttpContinue.size())) return;
  buffer_.append(kHttpContinue);
  items_.push_back({kHttpContinue.size(), 0, {}});
}

bool HttpOutput::replace_answers(HttpHandler& handler, std::string_view date) {
  if (items_.empty()) return true;
  // What shall go out is written behind what was queued, which then goes.
  const std::size_t end = buffer_.size();
  std::size_t at = turn_begin_;
  for (const Item& item : items_) {
    if (item.mark != 0) {
      if (!append_http_response(buffer_, handler.instead_of(item.mark), item.form, date)) return false;
    } else {
      if (!buffer_.reserve(item.size)) return false;
      buffer_.append(buffer_.text().substr(at, item.size));
    }
    at += item.size;
  }
  buffer_.erase(turn_begin_, end - turn_begin_);
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
