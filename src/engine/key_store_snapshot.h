#pragma once

#include "base/secret.h"
#include "engine/superseded.h"
#include "model/custom_key_store.h"

namespace kagimori {

// A custom key store as read at one store revision, its secret unwrapped. Immutable and shared.
struct KeyStoreSnapshot {
  CustomKeyStore record;
  SecretBytes secret;
  Superseded superseded;  // set once a change has made this an older truth
};

}  // namespace kagimori
