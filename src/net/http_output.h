#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "net/buffer.h"
#include "net/http_handler.h"
#include "net/http_message.h"
#include "net/http_writer.h"
#include "net/stream.h"

namespace kagimori {

// What one connection has to send. Answers that were queued in the current turn can still be replaced; those of earlier
// turns are on their way. One thread.
class HttpOutput {
 public:
  explicit HttpOutput(BufferPool& pool) : buffer_(pool) {}

  // False if there is no memory for it, and then nothing was queued.
  [[nodiscard]] bool queue_answer(const HttpResponse& response, HttpAnswerForm form, std::string_view date);
  // `100 Continue`; left out when there is no memory (a client sends its body anyway after a while).
  void queue_continue();
  // Puts HttpHandler::instead_of() in the place of every answer of this turn that has a mark. False if there is no
  // memory: close the connection.
  [[nodiscard]] bool replace_answers(HttpHandler& handler, std::string_view date);
  // Nothing queued so far can be replaced any more.
  void end_turn() { items_.clear(); }

  std::size_t unsent() const { return buffer_.size() - sent_; }
  // Sends until all is sent (kOk) or the stream says otherwise. What has been sent is wiped at the latest with the
  // rest.
  IoStatus send(Stream& stream);
  void release();

 private:
  struct Item {
    std::size_t size = 0;
    std::size_t mark = 0;
    HttpAnswerForm form;
  };

  Buffer buffer_;
  std::size_t sent_ = 0;
  std::size_t turn_begin_ = 0;  // where in buffer_ this turn's items begin
  std::vector<Item> items_;     // of this turn
};

}  // namespace kagimori
