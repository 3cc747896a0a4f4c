#include "dialects/aws/aws_handler.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "dialects/aws/kagimori_operations.h"
#include "dialects/aws/kms_operations.h"
#include "dialects/aws/wire_error.h"
#include "protocol/percent.h"
#include "protocol/trace_context.h"

namespace kagimori::aws {
namespace {

constexpr std::string_view kKmsTarget = "TrentService.";
constexpr std::string_view kKagimoriTarget = "Kagimori.";
constexpr std::size_t kMaxUserAgent = 256;
// A request that keeps missing its cache entries (a cache far too small) ends here.
constexpr int kMaxFills = 32;
// The event of a request of an identified caller that names no operation.
constexpr OperationInfo kUnknown{"Unknown", true, Plane::kManagement};

std::string_view media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && content_type.back() == ' ') content_type.remove_suffix(1);
  return content_type;
}

HttpResponse too_many_requests() { return plain_answer(429, "Too many requests from this address. Send fewer.\n"); }

HttpResponse wrong_method(std::string allowed) {
  HttpResponse response =
      plain_answer(405, "This method is not for this path. The header Allow lists those that are.\n");
  response.headers.push_back({"Allow", std::move(allowed)});
  return response;
}

bool only_reads(std::string_view method) { return method == "GET" || method == "HEAD"; }

HttpResponse encode_json(Result<std::string> body, const std::string& request_id) {
  return body ? json_success(*std::move(body), request_id) : json_error(body.error(), request_id);
}
HttpResponse encode_iam(Result<std::string> body, const std::string& request_id) {
  return body ? xml_success(*std::move(body), request_id) : xml_error(body.error(), request_id, kIamNamespace);
}
HttpResponse encode_sts(Result<std::string> body, const std::string& request_id) {
  return body ? xml_success(*std::move(body), request_id) : xml_error(body.error(), request_id, kStsNamespace);
}
HttpResponse encode_sts_json(Result<std::string> body, const std::string& request_id) {
  return body ? query_json_success(*std::move(body), request_id) : query_json_error(body.error(), request_id);
}

// What tells one service of the Query protocol from another.
struct QueryService {
  std::string_view name;
  Dialect dialect;
  const QueryOperation* (*find)(std::string_view action);
  HttpResponse (*encode)(Result<std::string> body, const std::string& request_id);
};
constexpr QueryService kIam{"iam", Dialect::kAwsIam, iam_operation, encode_iam};
constexpr QueryService kSts{"sts", Dialect::kAwsSts, sts_operation, encode_sts};
constexpr QueryService kStsInJson{"sts", Dialect::kAwsSts, sts_json_operation, encode_sts_json};

// What a JSON 1.1 target leads to.
struct Target {
  Dialect dialect = Dialect::kAwsKms;
  OperationInfo info;
  RequestFamily family = RequestFamily::kAdministration;
  JsonAnswer (*handle)(JsonCall&) = nullptr;
};

std::optional<Target> find_target(std::string_view target, bool test_mode) {
  if (target.starts_with(kKmsTarget)) {
    const auto operation = kms_operation_by_name(target.substr(kKmsTarget.size()));
    if (!operation) return std::nullopt;
    const KmsOperationInfo& info = kms_operation_info(*operation);
    return Target{
        Dialect::kAwsKms, {info.name, info.read_only, info.plane}, request_family(*operation), kms_handler(*operation)};
  }
  if (target.starts_with(kKagimoriTarget)) {
    const KagimoriOperation* const operation = kagimori_operation(target.substr(kKagimoriTarget.size()));
    if (operation == nullptr || (operation->test_only && !test_mode)) return std::nullopt;
    return Target{Dialect::kKagimori,
                  {operation->name, operation->read_only, Plane::kManagement},
                  RequestFamily::kAdministration,
                  operation->handle};
  }
  return std::nullopt;
}

// The second to last part of ACCESS-KEY/DATE/REGION/SERVICE/aws4_request.
std::string scope_service(std::string_view credential) {
  credential = credential.substr(0, std::min(credential.rfind('/'), credential.size()));
  return std::string(credential.substr(credential.rfind('/') + 1));
}

// The value of the first parameter that is written `name_and_equals`; empty without one.
std::string url_parameter(std::string_view query, std::string_view name_and_equals) {
  std::string value;
  while (!query.empty() && value.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.starts_with(name_and_equals)) form_decode(value, pair.substr(name_and_equals.size()));
  }
  return value;
}
std::string presigned_credential(std::string_view query) { return url_parameter(query, "X-Amz-Credential="); }

// A request of IAM or STS whose parameters are in the URL: clients may GET and POST these, presigned or with a header.
bool form_is_in_url(const HttpRequest& request) {
  const bool may = (request.method == "GET" || request.method == "POST") && request.path == "/" && request.body.empty();
  if (!may || !request.header("X-Amz-Target").empty()) return false;
  return !presigned_credential(request.query).empty() || !url_parameter(request.query, "Action=").empty();
}

// The service of the credential scope, so that one endpoint can tell IAM from STS. Not proof of anything: the signature
// is checked against it.
std::string claimed_service(const HttpRequest& request) {
  const std::string_view header = request.header("Authorization");
  if (header.empty()) return scope_service(presigned_credential(request.query));
  const std::size_t credential = header.find("Credential=");
  if (credential == std::string_view::npos) return {};
  return scope_service(header.substr(credential, header.find_first_of(", ", credential) - credential));
}

const QueryService& query_service(const HttpRequest& request) {
  if (claimed_service(request) != kSts.name) return kIam;
  const std::string_view accept = request.header("Accept");
  return media_type(accept.substr(0, accept.find(','))) == "application/json" ? kStsInJson : kSts;
}

}  // namespace

Result<std::unique_ptr<AwsHandler>> AwsHandler::create(const AwsDialect& dialect, HttpWorker& http) {
  TRY_ASSIGN(auto worker, dialect.engine.make_worker(http.index()));
  return std::unique_ptr<AwsHandler>(new AwsHandler(dialect, http, std::move(worker)));
}

void AwsHandler::on_request(const HttpRequest& request, ResponseToken token) {
  process({request, token, make_uuid(*worker_->random), dialect_.engine.now()});
}

bool AwsHandler::before_answers() {
  withheld_.clear();
  withheld_.swap(answered_);
  const Status written = dialect_.engine.flush(*worker_);
  if (!written) LogLine(LogLevel::kError, written.error().message);
  return written.has_value();
}

HttpResponse AwsHandler::instead_of(std::size_t mark) {
  const Answered& answered = withheld_[mark - 1];
  LogLine(LogLevel::kError, "request failed")
      .field("requestId", answered.request_id)
      .field("reason", "its event can't be written to the audit log");
  return answered.encode(fail(ErrorCode::kInternal, ""), answered.request_id);
}

void AwsHandler::on_rejected(const HttpPeer& peer, int status, std::string_view reason) {
  dialect_.engine.note_stranger(peer.address, reason);
  LogLine(LogLevel::kInfo, "rejected").field("source", peer.address).field("status", status).field("reason", reason);
}

void AwsHandler::process(Pending pending) {
  const HttpRequest& request = pending.request;
  if (request.path != "/") return answer_page(pending);
  if (request.over_rate && request.method != "POST") return http_.respond(pending.token, too_many_requests());
  if (form_is_in_url(request)) return process_query(std::move(pending));
  if (only_reads(request.method)) {
    return http_.respond(pending.token,
                         plain_answer(404, "This is Kagimori. Requests are POST / of the AWS KMS API.\n"));
  }
  if (request.method != "POST") return http_.respond(pending.token, wrong_method("GET, POST"));
  const std::string_view target = request.header("X-Amz-Target");
  if (target.empty() && media_type(request.header("Content-Type")) == "application/x-www-form-urlencoded") {
    return process_query(std::move(pending));
  }
  process_json(std::move(pending), target);
}

void AwsHandler::answer_page(const Pending& pending) {
  const HttpRequest& request = pending.request;
  // Whatever the rate: behind a proxy the probes come from the address that asks for everything else too.
  auto page = dialect_.plain_pages != nullptr ? dialect_.plain_pages(request.path) : std::nullopt;
  if (page && !only_reads(request.method)) page = wrong_method("GET, HEAD");
  if (!page) page = request.over_rate ? too_many_requests() : plain_answer(404, "Send requests to the path /.\n");
  http_.respond(pending.token, *std::move(page));
}

std::optional<Error> AwsHandler::ordered_fault(std::string_view operation) const {
  return dialect_.test_seam == nullptr ? std::nullopt : dialect_.test_seam->faults.take(operation);
}

Result<Caller> AwsHandler::authenticate(const Pending& pending, Dialect dialect, std::string_view service) {
  const HttpRequest& request = pending.request;
  if (request.over_rate) {
    return fail(ErrorCode::kThrottling,
                "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.");
  }
  Origin origin;
  origin.dialect = dialect;
  origin.planes = dialect_.listener_planes[request.listener];
  origin.source_address = request.peer.address;
  origin.user_agent = request.header("User-Agent").substr(0, kMaxUserAgent);
  origin.tls_version = request.tls.version;
  origin.tls_cipher = request.tls.cipher;
  origin.request_id = pending.request_id;
  if (const auto trace = parse_traceparent(request.header("traceparent"))) {
    origin.trace_id = trace->trace_id;
    origin.parent_span_id = trace->parent_id;
  }
  std::array<HeaderView, 128> headers;
  const std::size_t count = std::min(request.headers.size(), headers.size());
  for (std::size_t i = 0; i < count; ++i) headers[i] = {request.headers[i].name, request.headers[i].value};
  const SigV4Request signed_request{request.method, request.path, request.query, std::span(headers.data(), count),
                                    as_bytes(request.body)};
  return dialect_.engine.authenticate(*worker_, signed_request, std::move(origin), service);
}

Status AwsHandler::admit(Pending& pending, const Caller& caller, const Trail& trail, RequestFamily family) {
  TRY(dialect_.engine.admit(caller, trail));
  if (std::exchange(pending.counted, true)) return {};
  return dialect_.engine.throttle(*worker_, caller, family);
}

void AwsHandler::process_json(Pending pending, std::string_view target_text) {
  pending.encode = encode_json;
  const auto refuse = [this](const Pending& refused, const Error& error) { respond(refused, fail(error), {}); };
  const std::optional<Target> target = find_target(target_text, dialect_.test_seam != nullptr);
  pending.dialect = target ? target->dialect : Dialect::kAwsKms;
  auto caller = authenticate(pending, pending.dialect, "kms");
  if (!caller) {
    if (caller.error().code == ErrorCode::kCacheMiss) return fill_and_retry(std::move(pending), refuse);
    return refuse_stranger(pending, caller.error());
  }
  pending.principal = caller->identity->arn;
  if (!target) {
    const Error unknown{ErrorCode::kUnknownOperation, ""};
    dialect_.engine.emit(*worker_, *caller, Trail(kUnknown), &unknown);
    return refuse(pending, unknown);
  }
  pending.operation = target->info.name;
  Trail trail(target->info);

  JsonAnswer answer;
  const auto body = document_.parse(as_bytes(pending.request.body));
  if (const auto fault = ordered_fault(target->info.name)) {
    answer = answer_error(*fault);
  } else if (media_type(pending.request.header("Content-Type")) != "application/x-amz-json-1.1") {
    answer = answer_error({ErrorCode::kSerialization, "The content type must be application/x-amz-json-1.1."});
  } else if (!body || !(*body)->is_object()) {
    answer = answer_error(body ? Error{ErrorCode::kSerialization, "The body must be a JSON object."} : body.error());
  } else if (const Status admitted = admit(pending, *caller, trail, target->family); !admitted) {
    answer = answer_error(admitted.error());
  } else if (target->handle == nullptr) {
    answer = answer_error(
        {ErrorCode::kUnsupportedOperation, std::string(target->info.name) + " is not supported by this server."});
  } else {
    JsonCall call{dialect_.engine, *worker_, *caller, trail, **body, dialect_.test_seam};
    answer = target->handle(call);
  }
  document_.wipe();
  if (answer.body) return finish_json(std::move(pending), *caller, trail, *std::move(answer.body));
  if (answer.work) {
    return run(std::move(pending), *std::move(caller), std::move(trail), std::move(answer.work),
               std::move(answer.prepare), answer.calls_outside);
  }
  answer.start([this, pending = std::move(pending), caller = *std::move(caller), trail = std::move(trail)](
                   Result<std::string> done) { finish_json(pending, caller, trail, std::move(done)); });
}

void AwsHandler::finish_json(Pending pending, const Caller& caller, const Trail& trail, Result<std::string> body) {
  const Error* const error = body ? nullptr : &body.error();
  if (error != nullptr && error->code == ErrorCode::kCacheMiss) {
    return fill_and_retry(std::move(pending), [this, caller, trail](const Pending& refused, const Error& why) {
      finish_json(refused, caller, trail, fail(why));
    });
  }
  dialect_.engine.emit(*worker_, caller, trail, error);
  const std::string key_arn = trail.resources().empty() ? std::string() : trail.resources().front();
  respond(pending, std::move(body), key_arn);
}

void AwsHandler::process_query(Pending pending) {
  const QueryService& service = query_service(pending.request);
  pending.encode = service.encode;
  pending.dialect = service.dialect;
  const auto refuse = [this](const Pending& refused, const Error& error) { respond(refused, fail(error), {}); };
  auto caller = authenticate(pending, service.dialect, service.name);
  if (!caller) {
    if (caller.error().code == ErrorCode::kCacheMiss) return fill_and_retry(std::move(pending), refuse);
    return refuse_stranger(pending, caller.error());
  }
  pending.principal = caller->identity->arn;
  const auto refuse_unknown = [&](const Error& error) {
    dialect_.engine.emit(*worker_, *caller, Trail(kUnknown), &error);
    return refuse(pending, error);
  };
  const auto form = Form::parse(form_is_in_url(pending.request) ? pending.request.query : pending.request.body);
  if (!form) return refuse_unknown(form.error());
  const std::string_view action = form->get("Action").value_or("");
  const QueryOperation* const operation = service.find(action);
  if (operation == nullptr) {
    return refuse_unknown(
        {ErrorCode::kUnknownOperation, "Could not find operation " + std::string(action.substr(0, 128))});
  }
  pending.operation = operation->name;
  Trail trail({operation->name, operation->read_only, operation->plane});
  auto work = operation->parse(*form, pending.request_id);
  Status admitted = work ? admit(pending, *caller, trail, RequestFamily::kAdministration) : Status(fail(work.error()));
  if (const auto fault = ordered_fault(operation->name)) admitted = fail(*fault);
  if (!admitted) {
    dialect_.engine.emit(*worker_, *caller, trail, &admitted.error());
    return refuse(pending, admitted.error());
  }
  run(std::move(pending), *std::move(caller), std::move(trail), *std::move(work));
}

void AwsHandler::fill_and_retry(Pending pending, Refuse refuse) {
  if (!worker_->misses_allowance() && ++pending.fills > kMaxFills) {
    return refuse(pending, {ErrorCode::kServiceUnavailable, "The server's caches are too small for this request."});
  }
  dialect_.engine.fill(*worker_,
                       [this, pending = std::move(pending), refuse = std::move(refuse)](const Status& filled) {
                         if (filled) return process(pending);
                         refuse(pending, filled.error());
                       });
}

void AwsHandler::run(Pending pending, Caller caller, Trail trail, Engine::Work work, Engine::Prepare prepare,
                     bool calls_outside) {
  dialect_.engine.run(
      *worker_, std::move(caller), std::move(trail), std::move(work),
      [this, pending = std::move(pending)](Result<std::string> body, const Trail& done) {
        respond(pending, std::move(body), done.resources().empty() ? std::string_view() : done.resources().front());
      },
      std::move(prepare), calls_outside);
}

void AwsHandler::refuse_stranger(const Pending& pending, const Error& error) {
  if (wire_error(error.code).json_status < 500) dialect_.engine.note_stranger(pending.request.peer.address, error.code);
  respond(pending, fail(error), {});
}

void AwsHandler::respond(const Pending& pending, Result<std::string> body, std::string_view key_arn) {
  const std::int64_t micros = dialect_.engine.now().micros - pending.began.micros;
  const std::string_view result = body ? std::string_view("ok") : error_code_name(body.error().code);
  worker_->metrics.count(pending.dialect, pending.operation, result, micros);
  dialect_.engine.log_request(*worker_, {pending.request_id, pending.request.peer.address, pending.principal,
                                         pending.operation, key_arn, result, micros});
  if (!body && wire_error(body.error().code).json_status >= 500) {
    LogLine(LogLevel::kError, "request failed")
        .field("requestId", pending.request_id)
        .field("reason", body.error().message);
  }
  answered_.push_back({pending.encode, pending.request_id});
  HttpResponse response = pending.encode(std::move(body), pending.request_id);
  response.mark = answered_.size();
  http_.respond(pending.token, std::move(response));
}

}  // namespace kagimori::aws
