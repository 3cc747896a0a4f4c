"""The server against every operation, member and constraint of the model of AWS KMS that botocore brings: what is valid is
not refused for its shape, what is not is refused with AWS's sentence, and answers are as the model has them. The walk
sends signed JSON as it is, since botocore would refuse by itself what the server has to refuse."""

import functools

import conformance
import pytest
from attestation import certify
from conformance import COMMON, MISSING, OPERATIONS, SUMMARY, Walk, all_wrong, encoded, inside, mismatches, nodes, outside, placed
from harness import SECOND_REGION, Server, free_port
from kms_case import Case, new_key
from wire import Wire
from xks_case import connect, new_store
from xks_proxy import XksProxy

FAILED = "failed to satisfy constraint"
# What a value at the edge of its type is answered with beside success: it is no key, token or ciphertext of anybody, or the
# service has a limit of its own (AWS KMS API reference, pages of the operations; developer guide, "Quotas").
NOTHING_SUCH = {
    "KeyIdType": {"NotFoundException"}, "AliasNameType": {"NotFoundException", "ValidationException"},
    "GrantIdType": {"NotFoundException", "InvalidGrantIdException"},
    "GrantTokenType": {"InvalidGrantTokenException", "ValidationException"},  # RetireGrant: or KeyId and GrantId
    "GrantTokenList": {"InvalidGrantTokenException"},
    "MarkerType": {"InvalidMarkerException", "ValidationException"},
    "PolicyType": {"MalformedPolicyDocumentException", "LimitExceededException"},  # 32 KiB
    "PolicyNameType": {"NotFoundException"},  # "default" is the only one
    "PrincipalIdType": {"InvalidArnException", "NotFoundException", "AccessDeniedException", "ValidationException"},
    "ServicePrincipalType": {"ValidationException"},  # wants Constraints.SourceArn, excludes GranteePrincipal
    "GrantConstraintSourceArnType": {"ValidationException"}, "GrantConstraints": {"ValidationException"},
    "CiphertextType": {"InvalidCiphertextException", "KMSInvalidSignatureException", "KMSInvalidMacException",
                       "InvalidImportTokenException", "InvalidKeyUsageException"},
    "PublicKeyType": {"ValidationException"}, "EncryptionContextType": {"InvalidCiphertextException"},
    "PlaintextType": {"KMSInvalidSignatureException", "KMSInvalidMacException"},
    "AttestationDocumentType": {"ValidationException"},
    "PendingWindowInDaysType": {"ValidationException"},  # 7 to 30
    "RegionType": {"ValidationException", "UnsupportedOperationException"},
    "NumberOfBytesType": {"ValidationException"},  # excludes KeySpec
    "DataKeySpec": {"ValidationException"},
    "CustomKeyStoreIdType": {"UnsupportedOperationException", "CustomKeyStoreNotFoundException", "ValidationException"},
    "CustomKeyStoreNameType": {"CustomKeyStoreNotFoundException"},
    "XksKeyIdType": {"UnsupportedOperationException", "ValidationException"},
    **dict.fromkeys(("RecipientInfo", "KeyEncryptionMechanism"), {"ValidationException"}),
    **dict.fromkeys(("KeySpec", "CustomerMasterKeySpec", "KeyUsageType", "OriginType"),
                    {"ValidationException", "UnsupportedOperationException"}),
    **dict.fromkeys(("XksProxyVpcEndpointServiceNameType", "XksProxyConnectivityType"), {"ValidationException"}),  # go together
    # Of the other type of store.
    **dict.fromkeys(("CloudHsmClusterIdType", "TrustAnchorCertificateType", "KeyStorePasswordType", "CustomKeyStoreType"),
                    {"ValidationException", "UnsupportedOperationException"}),
    **dict.fromkeys(("EncryptionAlgorithmSpec", "SigningAlgorithmSpec", "MacAlgorithmSpec", "KeyAgreementAlgorithmSpec",
                     "EncapsulationAlgorithmSpec"), {"InvalidKeyUsageException", "KMSInvalidSignatureException", "ValidationException"}),
    "MessageType": {"ValidationException", "KMSInvalidSignatureException", "InvalidKeyUsageException"},
    **dict.fromkeys(("DryRunModifierList", "DryRunModifierType"), {"ValidationException"}),  # want DryRun
    "BackingKeyIdType": {"NotFoundException", "IncorrectKeyMaterialException"},
    "ImportType": {"IncorrectKeyMaterialException"}, **dict.fromkeys(("AlgorithmSpec", "WrappingKeySpec"), {"UnsupportedOperationException"}),
    **dict.fromkeys(("ExpirationModelType", "DateType"), {"ValidationException"}),  # either with the other
    "GrantOperation": {"ValidationException"}, "GrantOperationList": {"ValidationException"},  # must fit the key
    "ResourceOwnerType": {"UnsupportedOperationException"}, "DataKeyPairSpec": {"UnsupportedOperationException"},
}
# What a member of any type may be answered with, once it is let through: the rest of the call does not fit the state.
REST = {
    "CancelKeyDeletion": {"KMSInvalidStateException"}, "RetireGrant": {"NotFoundException"},
    "RevokeGrant": {"NotFoundException"}, "Decrypt": {"InvalidCiphertextException"}, "ReEncrypt": {"InvalidCiphertextException"},
    "ReplicateKey": {"AlreadyExistsException"},
    **dict.fromkeys(("Encapsulate", "Decapsulate"), {"InvalidKeyUsageException"}),
}
# What the operation answers though its model has no such error.
UNDECLARED = {("DescribeKey", "InvalidGrantTokenException"), ("ListKeys", "UnsupportedOperationException")}
DRY = {"DataKeyPairSpec"}  # to make a key pair of each kind takes long
# AWS answers with the empty string for the name of a grant without one (recorded answers of ListGrants).
UNLIKE_THE_MODEL = ("answer.Grants[].Name is ''", "answer.Grants[].Name is of size 0")
WITHOUT_KEY = {"CreateKey": {}, "GenerateRandom": {"NumberOfBytes": 8}, "ListAliases": {}, "ListKeys": {},
               "DescribeCustomKeyStores": {}}
KEM = ("Encapsulate", "Decapsulate")
# Of these any error that the model has will do: what the store is told to be, and whether it is there, lies outside.
STORES = {operation for operation in OPERATIONS if operation.endswith("CustomKeyStore")}


def api(kms, operation):
    return next(method for method, name in kms.meta.method_to_api_mapping.items() if name == operation)


def wire(value):
    """boto3's members as JSON has them."""
    if isinstance(value, bytes):
        return encoded(value)
    if isinstance(value, dict):
        return {name: wire(inner) for name, inner in value.items()}
    return [wire(inner) for inner in value] if isinstance(value, list) else value


class Walker:
    def __init__(self, admin, proxy):
        self.kms, self.proxy, self.walks = admin.client("kms"), proxy, {}
        self.post = Wire(admin).call

    def walk(self, operation):
        if operation not in self.walks:
            self.walks[operation] = self.walked(operation)
        return self.walks[operation]

    def walked(self, operation):
        walk = Walk(operation)
        code, text = self.post(operation, {})
        if code == "UnsupportedOperationException" and text == f"{operation} is not supported by this server.":
            walk.served = False
            return walk
        good = self.good_call(operation)
        for node in nodes(operation):
            for kind in node.constraints():
                self.check(walk, good, node, kind)
        self.told_together(walk)
        if operation == "CancelKeyDeletion":
            self.kms.schedule_key_deletion(KeyId=good["KeyId"])
        self.answered(walk, self.good_call(operation) if operation != "CancelKeyDeletion" else good)
        return walk

    def answered(self, walk, good):
        code, answer = self.post(walk.operation, good)
        if code is not None and walk.operation in KEM and self.kem_key is None:
            walk.impossible = code == "InvalidKeyUsageException"
        elif code is not None:
            walk.problems.append(f"the good call: {code}: {answer}")
        else:
            self.compare(walk, answer)
            walk.answered = not walk.problems

    def compare(self, walk, answer):
        output = OPERATIONS[walk.operation].get("output")
        wrong = list(mismatches(output["shape"], answer)) if output else [f"answer {answer}"] * bool(answer)
        walk.problems += [one for one in wrong if not one.startswith(UNLIKE_THE_MODEL)]

    @functools.cached_property
    def kem_key(self):
        """A key for Encapsulate and Decapsulate; none where the server's OpenSSL has no ML-KEM."""
        try:
            return new_key(self.kms, KeySpec="ML_KEM_768", KeyUsage="ENCAPSULATE_DECAPSULATE")
        except self.kms.exceptions.UnsupportedOperationException:
            return None

    def kem_call(self, operation):
        members = {"KeyId": self.kem_key or new_key(self.kms), "EncapsulationAlgorithm": "ML_KEM"}
        if operation == "Encapsulate":
            return members
        blob = b"x" if self.kem_key is None else self.kms.encapsulate(**members)["SharedSecretCiphertextBlob"]
        return {**members, "SharedSecretCiphertextBlob": encoded(blob)}

    def store_call(self, operation):
        """Each is of a store of its own, behind a proxy that all share."""
        self.proxy.prefix = f"/walk-{len(self.proxy.requests)}/kms/xks/v1"
        if operation == "CreateCustomKeyStore":
            return wire({"CustomKeyStoreName": self.proxy.prefix, **self.proxy.members()})
        store = new_store(self.kms, self.proxy)
        if operation == "DisconnectCustomKeyStore":
            connect(self.kms, store)
        more = {"NewCustomKeyStoreName": self.proxy.prefix} if operation == "UpdateCustomKeyStore" else {}
        return {"CustomKeyStoreId": store, **more}

    def good_call(self, operation):
        if operation in STORES:
            return self.store_call(operation)
        if operation in WITHOUT_KEY:
            return WITHOUT_KEY[operation]
        if operation in KEM:
            return self.kem_call(operation)
        method = api(self.kms, operation)
        return wire(Case(self.kms, method).members(method))

    def check(self, walk, good, node, kind):
        shape = OPERATIONS[walk.operation]["input"]["shape"]
        before = len(walk.problems)
        if kind == "type":
            for value in conformance.WRONG_TYPES[node.model["type"]]:
                self.refused_type(walk, placed(good, node.path, shape, value), node, value)
                self.refused_type(walk, placed(all_wrong(walk.operation)[0], node.path, shape, value), node, value)
        for value, sentence in outside(node, kind):
            self.refused(walk, placed(good, node.path, shape, value), node, value, sentence)
        if kind != "required":
            for value in inside(node, kind):
                self.accepted(walk, placed(good, node.path, shape, value), node, value)
        if len(walk.problems) == before:
            walk.covered.add((node, kind))

    def told_together(self, walk):
        """What is wrong with a request is told at once, not one member after the other."""
        body, paths = all_wrong(walk.operation)
        code, text = self.post(walk.operation, body)
        walk.problems += [f"{path} is not told with the others: {code}: {text[:300]}" for path in paths if f"'{path}'" not in text]

    def refused_type(self, walk, body, node, value):
        code, text = self.post(walk.operation, body)
        if code != "SerializationException":
            walk.problems.append(f"{node.told} = {value!r}: {code}: {text}, not a SerializationException")

    def refused(self, walk, body, node, value, sentence):
        code, text = self.post(walk.operation, body)
        shown = isinstance(value, (str, int)) and node.model["type"] != "blob" and "sensitive" not in node.model
        wanted = f"Value '{value}' at" if shown and len(str(value)) < 10_000 else "at"
        wanted = "Value null at" if value is MISSING else wanted
        wanted = f"{wanted} '{node.told}' {FAILED}: {sentence}"
        if code != "ValidationException" or wanted not in text:
            walk.problems.append(f"{node.told} = {str(value)[:80]!r}: {code}: {str(text)[:300]}, not {wanted[-300:]}")
        elif "enum" in node.model and value is not MISSING:
            listed = text.split(f"at '{node.told}' {FAILED}: {sentence}")[1].split("]")[0].split(", ")
            if sorted(listed) != sorted(node.model["enum"]):
                walk.problems.append(f"{node.told}: the values are told as {listed}")
        elif "sensitive" in node.model and isinstance(value, str) and value and value in text:
            walk.problems.append(f"{node.told} is told, though sensitive")

    def accepted(self, walk, body, node, value):
        if node.shape in DRY:
            body = {**body, "DryRun": True}
        code, text = self.post(walk.operation, body)
        declared = {error["shape"] for error in OPERATIONS[walk.operation].get("errors", ())}
        fine = NOTHING_SUCH.get(node.shape, set()) | REST.get(walk.operation, set())
        fine |= {"DryRunOperationException"} if node.shape in DRY else set()
        fine |= declared if walk.operation in STORES else set()
        if code is None:
            self.compare(walk, text)
        elif code not in fine or FAILED in text:
            walk.problems.append(f"{node.told} = {str(value)[:80]!r} is valid, but {code}: {str(text)[:300]}")
        elif code not in declared | COMMON and (walk.operation, code) not in UNDECLARED:
            walk.problems.append(f"{node.told} = {str(value)[:80]!r}: the operation has no {code}")


@pytest.fixture(scope="module")
def walker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conformance")
    with XksProxy(folder) as proxy:
        (folder / "roots.pem").write_text(certify("root").pem)  # without one, Recipient is refused as a whole
        settings = {**proxy.settings(), "attestation.trust_roots": folder / "roots.pem", "account.regions": SECOND_REGION, "quotas.custom_key_stores": 1000}
        server = Server(folder / "data", free_port(), settings=settings).init().start()
        yield Walker(server.admin, proxy)
        assert server.stop() == 0, server.log_tail()
    assert not proxy.errors


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operation(walker, operation):
    problems = walker.walk(operation).problems
    assert not problems, "\n".join(problems)


def test_all_that_is_served_is_covered(walker):
    walks = [walker.walk(operation) for operation in OPERATIONS]
    SUMMARY.extend(conformance.summary(walks))
    for walk in walks:
        if walk.served:
            assert (walk.answered or walk.impossible) and walk.covered == walk.all(), walk.operation
