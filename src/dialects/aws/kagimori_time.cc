// Kagimori.ConfirmTime.

#include "dialects/aws/kagimori_operations.h"
#include "engine/clock_record.h"

namespace kagimori::aws {

JsonAnswer kagimori_confirm_time(JsonCall& call) {
  return answer_later([&clock = call.engine.lifecycle_clock()](Transaction& transaction) -> Result<std::string> {
    TRY(confirm_time(transaction, clock));
    return std::string();
  });
}

}  // namespace kagimori::aws
