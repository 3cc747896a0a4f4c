#include "hsm/pkcs11_token.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <thread>
#include <vector>

#define CRYPTOKI_COMPAT
#include <p11-kit/pkcs11.h>

namespace kagimori {
namespace {

constexpr CK_ULONG kAesKeyBytes = 32;

CK_BYTE_PTR writable(ByteView bytes) { return const_cast<CK_BYTE_PTR>(bytes.data()); }  // the API knows no const

// The session is of no use any more, or the module's whole state: what a new login may mend.
bool is_loss(CK_RV rv) {
  switch (rv) {
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_OBJECT_HANDLE_INVALID:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
    case CKR_SLOT_ID_INVALID:
    case CKR_DEVICE_ERROR:
    case CKR_DEVICE_REMOVED:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
    case CKR_OPERATION_ACTIVE:
    case CKR_GENERAL_ERROR:
      return true;
    default:
      return false;
  }
}

HsmFault fault_of(CK_RV rv) {
  switch (rv) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
    case CKR_PIN_EXPIRED:
      return HsmFault::kInvalidCredential;
    case CKR_PIN_LOCKED:
      return HsmFault::kUserLockedOut;
    case CKR_USER_PIN_NOT_INITIALIZED:
    case CKR_USER_TYPE_INVALID:
      return HsmFault::kUserNotFound;
    case CKR_USER_ANOTHER_ALREADY_LOGGED_IN:
    case CKR_USER_TOO_MANY_TYPES:
      return HsmFault::kUserLoggedIn;
    default:
      return is_loss(rv) ? HsmFault::kUnreachable : HsmFault::kRefused;
  }
}

HsmAnswer refusal(HsmFault fault, CK_RV rv) { return {fault, rv, {}}; }
HsmAnswer refusal(CK_RV rv) { return refusal(fault_of(rv), rv); }

template <typename T>
CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, T& value) {
  return {type, &value, sizeof value};
}
CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, ByteView value) { return {type, writable(value), value.size()}; }

CK_GCM_PARAMS gcm_parameters(std::array<CK_BYTE, kHsmIvSize>& iv, ByteView additional_data) {
  return {iv.data(),
          kHsmIvSize,
          8 * kHsmIvSize,
          additional_data.empty() ? nullptr : writable(additional_data),
          additional_data.size(),
          8 * kHsmTagSize};
}

class Token final : public Pkcs11Token {
 public:
  Token(void* library, CK_FUNCTION_LIST* module, std::string label)
      : library_(library), module_(module), label_(std::move(label)) {}
  ~Token() override {
    end();
    dlclose(library_);
  }
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;

  HsmAnswer perform(const HsmRequest& request) override {
    // The password is tried even where a session is open: it may not be the one that this was opened with.
    if (request.operation == HsmOperation::kLogIn) end();
    const bool was_open = session_ != CK_INVALID_HANDLE;
    HsmAnswer answer = try_once(request);
    if (answer.fault == HsmFault::kUnreachable && was_open) {
      end();
      answer = try_once(request);
    }
    if (answer.fault == HsmFault::kUnreachable) end();
    return answer;
  }

 private:
  HsmAnswer try_once(const HsmRequest& request) {
    if (const CK_RV rv = open(request.password); rv != CKR_OK) return refusal(rv);
    switch (request.operation) {
      case HsmOperation::kLogIn:
        return {};
      case HsmOperation::kGenerateKey:
        return generate_key(request);
      case HsmOperation::kDestroyKey:
        return destroy_key(request);
      case HsmOperation::kEncrypt:
        return encrypt(request);
      case HsmOperation::kDecrypt:
        return decrypt(request);
      case HsmOperation::kRandom:
        return random(request);
    }
    return refusal(CKR_FUNCTION_NOT_SUPPORTED);
  }

  CK_RV open(ByteView password) {
    if (session_ != CK_INVALID_HANDLE && constant_time_equal(password_.expose(), password)) return CKR_OK;
    // Where tokens are files (SoftHSM), one looks absent while another process writes it.
    constexpr int kLooks = 4;
    constexpr std::chrono::milliseconds kPause{20};
    CK_RV rv = open_once(password);
    for (int look = 1; look < kLooks && rv == CKR_TOKEN_NOT_PRESENT; ++look) {
      std::this_thread::sleep_for(kPause);
      rv = open_once(password);
    }
    return rv;
  }

  CK_RV open_once(ByteView password) {
    end();
    if (const CK_RV rv = module_->C_Initialize(nullptr); rv != CKR_OK) return rv;
    is_initialized_ = true;
    CK_RV rv = open_session();
    if (rv == CKR_OK) rv = module_->C_Login(session_, CKU_USER, writable(password), password.size());
    if (rv != CKR_OK) {
      end();
      return rv;
    }
    password_ = SecretBytes::copy_of(password);
    return CKR_OK;
  }

  CK_RV open_session() {
    CK_ULONG count = 0;
    if (const CK_RV rv = module_->C_GetSlotList(CK_TRUE, nullptr, &count); rv != CKR_OK) return rv;
    std::vector<CK_SLOT_ID> slots(count);
    if (const CK_RV rv = module_->C_GetSlotList(CK_TRUE, slots.data(), &count); rv != CKR_OK) return rv;
    slots.resize(std::min<std::size_t>(count, slots.size()));
    for (const CK_SLOT_ID slot : slots) {
      CK_TOKEN_INFO info{};
      if (module_->C_GetTokenInfo(slot, &info) != CKR_OK || !has_label(info)) continue;
      return module_->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session_);
    }
    return CKR_TOKEN_NOT_PRESENT;
  }

  // Labels are filled up with blanks to 32 characters.
  bool has_label(const CK_TOKEN_INFO& info) const {
    std::string_view label(reinterpret_cast<const char*>(info.label), sizeof info.label);
    label = label.substr(0, label.find_last_not_of(' ') + 1);
    return label == label_;
  }

  void end() {
    if (is_initialized_) module_->C_Finalize(nullptr);  // closes sessions and logs out
    is_initialized_ = false;
    session_ = CK_INVALID_HANDLE;
    password_ = {};
    handles_.clear();
  }

  // CK_INVALID_HANDLE when there is none, or more than one, which then nobody can tell apart.
  CK_RV find(ByteView key_id, CK_OBJECT_HANDLE& handle) {
    const Bytes id = to_bytes(key_id);
    if (const auto known = handles_.find(id); known != handles_.end()) {
      handle = known->second;
      return CKR_OK;
    }
    CK_OBJECT_CLASS object_class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_BBOOL on_token = CK_TRUE;
    std::array<CK_ATTRIBUTE, 4> wanted = {attribute(CKA_CLASS, object_class), attribute(CKA_KEY_TYPE, type),
                                          attribute(CKA_TOKEN, on_token), attribute(CKA_ID, key_id)};
    std::array<CK_OBJECT_HANDLE, 2> found{};
    CK_ULONG count = 0;
    if (const CK_RV rv = module_->C_FindObjectsInit(session_, wanted.data(), wanted.size()); rv != CKR_OK) return rv;
    const CK_RV rv = module_->C_FindObjects(session_, found.data(), found.size(), &count);
    module_->C_FindObjectsFinal(session_);
    handle = count == 1 ? found[0] : CK_INVALID_HANDLE;
    if (rv == CKR_OK && count == 1) handles_.emplace(id, handle);
    return rv;
  }

  HsmAnswer generate_key(const HsmRequest& request) {
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    // An earlier answer may have been lost on its way.
    if (const CK_RV rv = find(request.key_id, key); rv != CKR_OK) return refusal(rv);
    if (key != CK_INVALID_HANDLE) return {};
    CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, nullptr, 0};
    CK_ULONG size = kAesKeyBytes;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    std::array<CK_ATTRIBUTE, 14> wanted = {attribute(CKA_VALUE_LEN, size),    attribute(CKA_TOKEN, yes),
                                           attribute(CKA_PRIVATE, yes),       attribute(CKA_SENSITIVE, yes),
                                           attribute(CKA_ENCRYPT, yes),       attribute(CKA_DECRYPT, yes),
                                           attribute(CKA_EXTRACTABLE, no),    attribute(CKA_WRAP, no),
                                           attribute(CKA_UNWRAP, no),         attribute(CKA_SIGN, no),
                                           attribute(CKA_VERIFY, no),         attribute(CKA_DERIVE, no),
                                           attribute(CKA_ID, request.key_id), attribute(CKA_LABEL, request.label)};
    const CK_RV rv = module_->C_GenerateKey(session_, &mechanism, wanted.data(), wanted.size(), &key);
    if (rv != CKR_OK) return refusal(rv);
    if (!can_be_extracted(key)) {
      handles_.emplace(to_bytes(request.key_id), key);
      return {};
    }
    module_->C_DestroyObject(session_, key);
    return refusal(CKR_ATTRIBUTE_VALUE_INVALID);
  }

  // What the module made of the wish is what counts.
  bool can_be_extracted(CK_OBJECT_HANDLE key) {
    CK_BBOOL sensitive = CK_FALSE, never_extractable = CK_FALSE, local = CK_FALSE;
    std::array<CK_ATTRIBUTE, 3> asked = {attribute(CKA_ALWAYS_SENSITIVE, sensitive),
                                         attribute(CKA_NEVER_EXTRACTABLE, never_extractable),
                                         attribute(CKA_LOCAL, local)};
    if (module_->C_GetAttributeValue(session_, key, asked.data(), asked.size()) != CKR_OK) return true;
    return sensitive != CK_TRUE || never_extractable != CK_TRUE || local != CK_TRUE;
  }

  HsmAnswer destroy_key(const HsmRequest& request) {
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    handles_.clear();
    if (const CK_RV rv = find(request.key_id, key); rv != CKR_OK) return refusal(rv);
    if (key == CK_INVALID_HANDLE) return {};
    const CK_RV rv = module_->C_DestroyObject(session_, key);
    handles_.clear();
    return rv == CKR_OK ? HsmAnswer() : refusal(rv);
  }

  HsmAnswer encrypt(const HsmRequest& request) {
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    if (const CK_RV rv = find(request.key_id, key); rv != CKR_OK) return refusal(rv);
    if (key == CK_INVALID_HANDLE) return refusal(HsmFault::kKeyNotFound, CKR_KEY_HANDLE_INVALID);
    std::array<CK_BYTE, kHsmIvSize> iv{};
    if (const CK_RV rv = module_->C_GenerateRandom(session_, iv.data(), iv.size()); rv != CKR_OK) return refusal(rv);
    CK_GCM_PARAMS parameters = gcm_parameters(iv, request.additional_data);
    CK_MECHANISM mechanism = {CKM_AES_GCM, &parameters, sizeof parameters};
    if (const CK_RV rv = module_->C_EncryptInit(session_, &mechanism, key); rv != CKR_OK) return refusal(rv);
    HsmAnswer answer;
    answer.output = SecretBytes(kHsmIvSize + request.input.size() + kHsmTagSize);
    CK_ULONG size = answer.output.size() - kHsmIvSize;
    const CK_RV rv = module_->C_Encrypt(session_, writable(request.input), request.input.size(),
                                        answer.output.expose_mutable().data() + kHsmIvSize, &size);
    if (rv != CKR_OK) return refusal(rv);
    if (size != request.input.size() + kHsmTagSize) return refusal(CKR_FUNCTION_FAILED);
    // Some HSMs use an IV of their own and tell it here (AWS CloudHSM, PKCS #11 library, AES-GCM).
    std::copy(iv.begin(), iv.end(), answer.output.expose_mutable().begin());
    return answer;
  }

  HsmAnswer decrypt(const HsmRequest& request) {
    if (request.input.size() < kHsmIvSize + kHsmTagSize) return refusal(HsmFault::kInvalidCiphertext, CKR_OK);
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    if (const CK_RV rv = find(request.key_id, key); rv != CKR_OK) return refusal(rv);
    if (key == CK_INVALID_HANDLE) return refusal(HsmFault::kKeyNotFound, CKR_KEY_HANDLE_INVALID);
    std::array<CK_BYTE, kHsmIvSize> iv{};
    std::copy_n(request.input.begin(), kHsmIvSize, iv.begin());
    const ByteView sealed = request.input.subspan(kHsmIvSize);
    CK_GCM_PARAMS parameters = gcm_parameters(iv, request.additional_data);
    CK_MECHANISM mechanism = {CKM_AES_GCM, &parameters, sizeof parameters};
    if (const CK_RV rv = module_->C_DecryptInit(session_, &mechanism, key); rv != CKR_OK) return refusal(rv);
    HsmAnswer answer;
    answer.output = SecretBytes(sealed.size());
    CK_ULONG size = answer.output.size();
    const CK_RV rv =
        module_->C_Decrypt(session_, writable(sealed), sealed.size(), answer.output.expose_mutable().data(), &size);
    // Modules have several words for a wrong tag. Who sends wrong ciphertexts must not be able to end the session.
    const bool is_lost = is_loss(rv) && rv != CKR_GENERAL_ERROR;
    if (rv != CKR_OK) return is_lost ? refusal(rv) : refusal(HsmFault::kInvalidCiphertext, rv);
    if (size > sealed.size()) return refusal(CKR_FUNCTION_FAILED);
    answer.output.truncate(size);
    return answer;
  }

  HsmAnswer random(const HsmRequest& request) {
    HsmAnswer answer;
    answer.output = SecretBytes(request.random_size);
    const auto out = answer.output.expose_mutable();
    const CK_RV rv = module_->C_GenerateRandom(session_, out.data(), out.size());
    return rv == CKR_OK ? std::move(answer) : refusal(rv);
  }

  void* const library_;
  CK_FUNCTION_LIST* const module_;
  const std::string label_;
  bool is_initialized_ = false;
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
  SecretBytes password_;  // that the session was opened with
  std::map<Bytes, CK_OBJECT_HANDLE> handles_;
};

}  // namespace

Result<std::unique_ptr<Pkcs11Token>> Pkcs11Token::load(const std::string& module, std::string token_label) {
  void* const library = dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(ErrorCode::kBadConfiguration, fmt::format("The PKCS #11 module can't be loaded: {}.", dlerror()));
  }
  const auto get_functions = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  if (get_functions == nullptr || get_functions(&functions) != CKR_OK || functions == nullptr) {
    dlclose(library);
    return fail(ErrorCode::kBadConfiguration, fmt::format("{} is not a PKCS #11 module.", module));
  }
  return std::make_unique<Token>(library, functions, std::move(token_label));
}

}  // namespace kagimori
