#include "engine/alarms.h"

namespace kagimori {

std::string_view alarm_name(Alarm alarm) {
  switch (alarm) {
    case Alarm::kKeyUsedRecently:
      return "KeyUsedRecently";
    case Alarm::kUsageLimitNear:
      break;
  }
  return "UsageLimitNear";
}

}  // namespace kagimori
