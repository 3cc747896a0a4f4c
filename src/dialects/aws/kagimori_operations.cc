#include "dialects/aws/kagimori_operations.h"

namespace kagimori::aws {
namespace {

constexpr KagimoriOperation kOperations[] = {
    {"CreateAccount", false, false, kagimori_create_account},
    {"ListAccounts", true, false, kagimori_list_accounts},
    {"ConfirmTime", false, false, kagimori_confirm_time},
    {"PutKeyProtection", false, false, kagimori_put_key_protection},
    {"GetKeyProtection", true, false, kagimori_get_key_protection},
    {"DestroyKey", false, false, kagimori_destroy_key},
    {"GetKeyUsage", true, false, kagimori_get_key_usage},
    {"GetKeyBlastRadius", true, false, kagimori_get_key_blast_radius},
    {"PutKeyUsageLimit", false, false, kagimori_put_key_usage_limit},
    {"GetKeyUsageLimit", true, false, kagimori_get_key_usage_limit},
    {"DeleteKeyUsageLimit", false, false, kagimori_delete_key_usage_limit},
    {"GetAuditCheckpoint", true, false, kagimori_get_audit_checkpoint},
    {"GetAuditInclusionProof", true, false, kagimori_get_audit_inclusion_proof},
    {"GetAuditConsistencyProof", true, false, kagimori_get_audit_consistency_proof},
    {"RotateAuditKey", false, false, kagimori_rotate_audit_key},
    {"AdvanceLifecycleClock", false, true, kagimori_advance_lifecycle_clock},
    {"Sweep", false, true, kagimori_sweep},
    {"HoldSweeper", false, true, kagimori_hold_sweeper},
    {"InjectFault", false, true, kagimori_inject_fault},
    {"InjectStoreFault", false, true, kagimori_inject_store_fault},
};

}  // namespace

const KagimoriOperation* kagimori_operation(std::string_view name) {
  for (const KagimoriOperation& operation : kOperations) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

}  // namespace kagimori::aws
