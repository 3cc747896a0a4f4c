#include "engine/mac.h"

#include "crypto/hmac.h"
#include "engine/dry_run.h"
#include "engine/key_lookup.h"

namespace kagimori {
namespace {

HashAlgorithm hash_of(std::string_view algorithm) {
  if (algorithm == "HMAC_SHA_224") return HashAlgorithm::kSha224;
  if (algorithm == "HMAC_SHA_384") return HashAlgorithm::kSha384;
  return algorithm == "HMAC_SHA_512" ? HashAlgorithm::kSha512 : HashAlgorithm::kSha256;
}

Result<CachedKey> admit(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                        const MacRequest& request, KeyUse use) {
  trail.parameter("keyId", request.key_id).parameter("macAlgorithm", request.algorithm);
  TRY_ASSIGN(CachedKey key, find_cached_key(engine, worker, caller, trail, request.key_id, use.action));
  use.facts.mac_algorithm = request.algorithm;
  use.usage = "GENERATE_VERIFY_MAC";
  use.algorithm = request.algorithm;
  use.bytes = request.message.size();
  TRY(authorize_use(caller, key, use));
  TRY(check_use(trail, key, use));
  return key;
}

Result<Bytes> mac_of(EngineWorker& worker, const CachedKey& key, const MacRequest& request) {
  TRY(require_material(key));
  const CryptoTimer timer(worker.metrics, CryptoWork::kMac);
  const SecretBytes& material = key.snapshot().primary().material;
  return hmac(*worker.crypto, hash_of(request.algorithm), material.expose(), request.message);
}

}  // namespace

Result<GenerateMacResponse> generate_mac(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                         const MacRequest& request) {
  TRY_ASSIGN(const CachedKey key, admit(engine, worker, caller, trail, request,
                                        {KmsOperation::kGenerateMac, "kms:GenerateMac", Purpose::kProtect, {}}));
  if (request.dry_run) return dry_run_done();
  TRY(take_allowance(key, request.message.size()));
  GenerateMacResponse response;
  TRY_ASSIGN(response.mac, mac_of(worker, key, request));
  response.key_arn = key.snapshot().arn;
  return response;
}

Result<std::string> verify_mac(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                               const MacRequest& request, ByteView mac) {
  TRY_ASSIGN(const CachedKey key, admit(engine, worker, caller, trail, request,
                                        {KmsOperation::kVerifyMac, "kms:VerifyMac", Purpose::kProcess, {}}));
  TRY_ASSIGN(const Bytes expected, mac_of(worker, key, request));
  if (!constant_time_equal(expected, mac)) return fail(ErrorCode::kKMSInvalidMac);
  if (request.dry_run) return dry_run_done();
  return key.snapshot().arn;
}

}  // namespace kagimori
