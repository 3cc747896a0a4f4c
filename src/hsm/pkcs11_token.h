#pragma once

#include <memory>
#include <string>

#include "hsm/message.h"

namespace kagimori {

// One token behind a PKCS#11 module (OASIS PKCS #11 2.40), used by one thread. Opens its session and logs in when it is
// asked for something, and again, once, when the session turns out to be lost.
class Pkcs11Token {
 public:
  // Loads the module; kBadConfiguration when that is none. The token is looked for with each login.
  static Result<std::unique_ptr<Pkcs11Token>> load(const std::string& module, std::string token_label);
  virtual ~Pkcs11Token() = default;

  virtual HsmAnswer perform(const HsmRequest& request) = 0;
};

}  // namespace kagimori
