#pragma once

#include <memory>
#include <string>

#include "audit/sink.h"
#include "base/outgoing_http.h"

namespace kagimori {

// POSTs events to a URL as {"events": [{"number": N, "event": {...}}, ...]}; any status of 2xx confirms all of them.
// `authorization`: what the header of that name says; empty: there is none.
std::unique_ptr<audit::Sink> make_webhook_sink(std::unique_ptr<OutgoingHttp> http, std::string url,
                                               const std::string& authorization);

}  // namespace kagimori
