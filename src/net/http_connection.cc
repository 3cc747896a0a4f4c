#include "net/http_connection.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>

#include "base/secret.h"
#include "net/plain_stream.h"

namespace kagimori {
namespace {

// How many requests of one connection are handled before the others get their turn.
constexpr std::size_t kMaxPipelined = 32;
// Unsent answers beyond this stop the handling of further requests.
constexpr std::size_t kMaxUnsent = std::size_t{64} << 10;
// How much is read from one connection before the others get their turn.
constexpr std::size_t kMaxReadAtOnce = std::size_t{256} << 10;
// The least room to read into.
constexpr std::size_t kMinRoom = 1024;

void wipe(std::string& text) {
  secure_wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  text.clear();
}

HttpParserLimits parser_limits(const NetLimits& limits) {
  return {limits.max_head_bytes, limits.max_headers, limits.max_body_bytes};
}

HttpResponse plain_refusal(int status, std::string_view reason) {
  return {status, "text/plain", {}, std::string(reason) + "\n", true};
}

}  // namespace

HttpConnection::HttpConnection(HttpConnectionContext& context, std::uint32_t slot)
    : context_(context),
      slot_(slot),
      parser_(parser_limits(context.limits)),
      input_(context.buffers),
      output_(context.buffers) {}

HttpConnection::~HttpConnection() { close_socket(); }

void HttpConnection::open(AcceptedSocket accepted) {
  fd_ = std::move(accepted.fd);
  stream_ = std::move(accepted.stream);
  source_ = accepted.source;
  address_ = std::move(accepted.address);
  is_loopback_ = accepted.is_loopback;
  is_unix_ = accepted.is_unix;
  listener_ = accepted.listener;
  closes_after_ = client_closes_ = peer_finished_ = read_paused_ = held_back_ = false;
  write_blocked_ = write_wants_read_ = read_wants_write_ = read_again_ = false;
  parser_.reset();
  phase_ = Phase::kHandshake;
  phase_began_ = context_.loop.now();
  send_began_ = {};
  interest_ = EPOLLIN;
  if (!context_.loop.watch(fd_.get(), interest_, *this)) return close_socket();
  touch();
  step_handshake();
}

void HttpConnection::touch() {
  if (is_touched_) return;
  is_touched_ = true;
  context_.touched.push_back(this);
}

void HttpConnection::make_resumable() {
  if (is_resumable_) return;
  is_resumable_ = true;
  context_.resumable.push_back(this);
}

void HttpConnection::on_ready(std::uint32_t events) {
  if (!fd_) return;  // closed earlier in this turn
  touch();
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return abort();  // nobody is left to read an answer
  if ((events & EPOLLOUT) != 0 || write_wants_read_) write_blocked_ = write_wants_read_ = false;
  switch (phase_) {
    case Phase::kHandshake:
      return step_handshake();
    case Phase::kReading:
      // While whole requests wait in our memory, more of them wait in the socket.
      if (((events & EPOLLIN) == 0 && !read_wants_write_) || is_resumable_) return;
      read_some();
      return process();
    case Phase::kHandling:
      // The request's memory must not move, so what follows it waits in the socket.
      read_paused_ = read_paused_ || (events & EPOLLIN) != 0;
      return;
    case Phase::kLingering:
      return discard_input();
    case Phase::kClosing:
    case Phase::kFree:
      return;
  }
}

void HttpConnection::step_handshake() {
  const IoResult result = stream_->handshake();
  read_wants_write_ = result.status == IoStatus::kWantWrite;
  if (result.status == IoStatus::kWantRead || result.status == IoStatus::kWantWrite) return;
  if (result.status != IoStatus::kOk) return refuse_handshake();
  phase_ = Phase::kReading;
  phase_began_ = context_.loop.now();
  if (!stream_->tls_info().version.empty()) {
    ++(stream_->is_resumed() ? context_.counts.resumed_handshakes : context_.counts.full_handshakes);
  }
  if (!stream_->has_pending()) return;
  read_some();  // the first request came along with the end of the handshake
  process();
}

void HttpConnection::refuse_handshake() {
  if (stream_->got_plain_http()) {
    // The answer goes without TLS, as the request came.
    const std::string_view reason = stream_->failure();
    stream_ = std::make_unique<PlainStream>(fd_.get());
    return reject(400, reason);
  }
  report(0, stream_->failure());
  finish_sending();
}

void HttpConnection::read_some() {
  const std::size_t enough = input_.size() + kMaxReadAtOnce;
  do {
    if (input_.size() > enough) {
      read_again_ = true;  // TLS may hold bytes that the loop can't see
      return make_resumable();
    }
    if (input_.empty()) phase_began_ = context_.loop.now();
    // A block at first, then twice as much each time.
    const bool has_room = input_.capacity() - input_.size() >= kMinRoom;
    if (!has_room && !input_.reserve(std::max(kMinRoom, input_.size()))) {
      return reject(503, "The server is short of memory for large requests; try again later.");
    }
    const IoResult result = stream_->read(input_.room());
    read_wants_write_ = result.status == IoStatus::kWantWrite;
    if (result.status == IoStatus::kFailed) return abort();
    peer_finished_ = result.status == IoStatus::kEnd;
    if (result.status != IoStatus::kOk) return;
    input_.grew(result.bytes);
  } while (stream_->has_pending());
}

void HttpConnection::process() {
  std::size_t handled = 0;
  while (phase_ == Phase::kReading && !input_.empty()) {
    held_back_ = output_.unsent() > kMaxUnsent;  // settle() sees to it that they are resumed
    if (held_back_) return;
    if (handled++ == kMaxPipelined) return make_resumable();
    switch (parser_.advance(input_)) {
      case HttpRequestParser::Progress::kNeedMore:
        if (parser_.take_expects_continue(input_)) output_.queue_continue();
        return;
      case HttpRequestParser::Progress::kRefused:
        return reject(parser_.refusal().status, parser_.refusal().reason);
      case HttpRequestParser::Progress::kComplete:
        dispatch();
    }
  }
}

void HttpConnection::dispatch() {
  parser_.describe(input_, headers_, request_);
  request_.peer = peer();
  request_.tls = stream_->tls_info();
  request_.listener = listener_;
  request_.over_rate = source_ != nullptr && !source_->take_request(context_.limits, context_.loop.now());
  serial_ = context_.next_serial++;
  phase_ = Phase::kHandling;
  answered_ = false;
  in_handler_ = true;
  context_.handler->on_request(request_, {serial_, slot_, static_cast<std::uint32_t>(context_.loop.worker_index())});
  in_handler_ = false;
  if (answered_) finish_request();
}

void HttpConnection::respond(std::uint64_t serial, HttpResponse& response) {
  if (phase_ == Phase::kHandling && !answered_ && serial == serial_) {
    answered_ = true;
    if (fd_) {
      client_closes_ = !parser_.keep_alive();
      closes_after_ = response.close || client_closes_ || context_.loop.is_stopping();
      queue_answer(response, {.head_only = request_.method == "HEAD", .close = closes_after_});
    }
    // The caller may still look at the request until it returns; resume() wipes it later in this turn.
    if (!in_handler_) make_resumable();
  }
  wipe(response.body);
}

void HttpConnection::resume() {
  is_resumable_ = false;
  if (phase_ == Phase::kHandling && answered_) finish_request();
  if (!fd_) return;
  touch();
  process();
  if (read_again_ && phase_ == Phase::kReading && !held_back_ && !is_resumable_) {
    read_again_ = false;
    read_some();
    process();
  }
}

void HttpConnection::finish_request() {
  request_ = {};
  if (!fd_) return become_free();
  read_paused_ = false;
  if (closes_after_) {
    phase_ = Phase::kClosing;
    return input_.release();
  }
  input_.erase(0, parser_.request_size());
  parser_.reset();
  phase_ = Phase::kReading;
  phase_began_ = context_.loop.now();
}

void HttpConnection::report(int status, std::string_view reason) {
  context_.handler->on_rejected(peer(), status, reason);
}

void HttpConnection::reject(int status, std::string_view reason) {
  report(status, reason);
  phase_ = Phase::kClosing;
  closes_after_ = true;
  client_closes_ = false;
  input_.release();
  queue_answer(plain_refusal(status, reason), {.close = true});
}

void HttpConnection::queue_answer(const HttpResponse& response, HttpAnswerForm form) {
  touch();
  context_.answers_queued = true;
  // Without memory for it, no answer is better than half of one.
  if (!output_.queue_answer(response, form, context_.date.text())) abort();
}

void HttpConnection::replace_answers() {
  if (fd_ && !output_.replace_answers(*context_.handler, context_.date.text())) abort();
}

void HttpConnection::begin_stop() {
  if (!fd_) return;
  touch();
  if (phase_ == Phase::kHandshake) return abort();
  if (phase_ != Phase::kReading || !input_.empty() || peer_finished_) return;
  read_some();  // a request may have come in this very moment
  process();
}

void HttpConnection::abort() { close_socket(); }

}  // namespace kagimori
