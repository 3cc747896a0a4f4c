#pragma once

#include <string_view>

#include "dialects/aws/json_call.h"
#include "dialects/aws/test_seam.h"

namespace kagimori::aws {

// What no known API covers (design, section 8): JSON 1.1 with target Kagimori.<Operation>, action kagimori:<Operation>.
struct KagimoriOperation {
  std::string_view name;
  bool read_only = false;
  bool test_only = false;  // exists in test mode only; JsonCall::test_seam is not null then
  JsonAnswer (*handle)(JsonCall& call) = nullptr;
};
// Null when there is no such operation.
const KagimoriOperation* kagimori_operation(std::string_view name);

JsonAnswer kagimori_create_account(JsonCall& call);
JsonAnswer kagimori_list_accounts(JsonCall& call);
JsonAnswer kagimori_confirm_time(JsonCall& call);
JsonAnswer kagimori_put_key_protection(JsonCall& call);
JsonAnswer kagimori_get_key_protection(JsonCall& call);
JsonAnswer kagimori_destroy_key(JsonCall& call);
JsonAnswer kagimori_get_key_usage(JsonCall& call);
JsonAnswer kagimori_get_key_blast_radius(JsonCall& call);
JsonAnswer kagimori_put_key_usage_limit(JsonCall& call);
JsonAnswer kagimori_get_key_usage_limit(JsonCall& call);
JsonAnswer kagimori_delete_key_usage_limit(JsonCall& call);
JsonAnswer kagimori_get_audit_checkpoint(JsonCall& call);
JsonAnswer kagimori_get_audit_inclusion_proof(JsonCall& call);
JsonAnswer kagimori_get_audit_consistency_proof(JsonCall& call);
JsonAnswer kagimori_rotate_audit_key(JsonCall& call);

// Test mode:
//   AdvanceLifecycleClock {Seconds}               moves lifecycle time forward
//   Sweep {}                                      does all that is due, and answers when it is done
//   HoldSweeper {Held}                            the sweeper does nothing by itself until it is let go (Sweep still
//   does) InjectFault {ErrorCode, Operation, Times}     the next Times requests of Operation are answered with
//   ErrorCode InjectStoreFault {ErrorCode, Table, Call, Times}  the store fails the next Times reads (Call READ) of
//   Table
//   ("keys"),
//                                                 or commits that write it (COMMIT), with one of the house's error
//                                                 codes
JsonAnswer kagimori_advance_lifecycle_clock(JsonCall& call);
JsonAnswer kagimori_sweep(JsonCall& call);
JsonAnswer kagimori_hold_sweeper(JsonCall& call);
JsonAnswer kagimori_inject_fault(JsonCall& call);
JsonAnswer kagimori_inject_store_fault(JsonCall& call);

}  // namespace kagimori::aws
