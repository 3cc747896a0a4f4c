#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace kagimori {

// The part of docs/configuration.md that lists every option, made of the table; a test holds the page to it.
std::string configuration_reference();

// The text of a first configuration file: one TLS listener on 127.0.0.1:port. Everything else has its default.
std::string starter_configuration(std::uint16_t port, std::string_view region);

}  // namespace kagimori
