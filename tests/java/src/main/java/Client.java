import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.kms.KmsAsyncClient;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.kms.model.*;

/**
 * What programs do with the AWS SDK for Java v2, with Java's own cryptography on the other side. Endpoint, Region and
 * credentials come from the environment; prints one JSON object: each member is true where the server did as AWS does.
 */
public final class Client {
  private static final Map<String, Boolean> found = new TreeMap<>();
  private static final Map<String, String> CONTEXT = Map.of("department", "marketing", "tenant", "42");
  private static final SdkBytes PLAINTEXT = SdkBytes.fromUtf8String("plaintext of Java");

  interface Call {
    void run() throws Exception;
  }

  /** Whether the call ends with exactly this exception. */
  private static boolean throwsA(Class<? extends KmsException> wanted, Call call) throws Exception {
    try {
      call.run();
      return false;
    } catch (KmsException caught) {
      return caught.getClass() == wanted && caught.requestId() != null && caught.awsErrorDetails() != null;
    }
  }

  private static TrustManager[] trusted() {
    try (InputStream file = Files.newInputStream(Path.of(System.getenv("AWS_CA_BUNDLE")))) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
        store.setCertificateEntry("ca" + number++, certificate);
      }
      TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      return factory.getTrustManagers();
    } catch (Exception failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static String newKey(KmsClient kms, KeySpec spec, KeyUsageType usage) {
    return kms.createKey(r -> r.keySpec(spec).keyUsage(usage)).keyMetadata().keyId();
  }

  private static void life(KmsClient kms) throws Exception {
    KeyMetadata made = kms.createKey(r -> r.description("of Java").tags(Tag.builder().tagKey("stage").tagValue("test").build())).keyMetadata();
    String key = made.keyId();
    found.put("created", made.enabled() && made.keyState() == KeyState.ENABLED && made.keySpec() == KeySpec.SYMMETRIC_DEFAULT
        && made.arn().endsWith(key) && made.origin() == OriginType.AWS_KMS);
    found.put("described", kms.describeKey(r -> r.keyId(key)).keyMetadata().equals(made));
    found.put("tagged", kms.listResourceTags(r -> r.keyId(key)).tags().equals(
        List.of(Tag.builder().tagKey("stage").tagValue("test").build())));
    kms.createAlias(r -> r.aliasName("alias/java").targetKeyId(key));
    found.put("alias", kms.describeKey(r -> r.keyId("alias/java")).keyMetadata().keyId().equals(key));
    found.put("aliasTwice", throwsA(AlreadyExistsException.class, () -> kms.createAlias(r -> r.aliasName("alias/java").targetKeyId(key))));
    String policy = kms.getKeyPolicy(r -> r.keyId(key)).policy();
    kms.putKeyPolicy(r -> r.keyId(key).policy(policy));
    found.put("policy", kms.getKeyPolicy(r -> r.keyId(key)).policy().equals(policy));
    found.put("malformedPolicy", throwsA(MalformedPolicyDocumentException.class, () -> kms.putKeyPolicy(r -> r.keyId(key).policy("{}"))));
    kms.enableKeyRotation(r -> r.keyId(key).rotationPeriodInDays(180));
    found.put("rotation", kms.getKeyRotationStatus(r -> r.keyId(key)).rotationPeriodInDays() == 180);
    kms.disableKey(r -> r.keyId(key));
    found.put("disabled", throwsA(DisabledException.class, () -> kms.encrypt(r -> r.keyId(key).plaintext(PLAINTEXT))));
    kms.scheduleKeyDeletion(r -> r.keyId(key).pendingWindowInDays(7));
    found.put("pendingDeletion", throwsA(KmsInvalidStateException.class, () -> kms.encrypt(r -> r.keyId(key).plaintext(PLAINTEXT))));
    kms.cancelKeyDeletion(r -> r.keyId(key));
    found.put("cancelled", kms.describeKey(r -> r.keyId(key)).keyMetadata().keyState() == KeyState.DISABLED);
    found.put("notFound", throwsA(NotFoundException.class, () -> kms.describeKey(r -> r.keyId("alias/nobody"))));
    found.put("validation", throwsA(KmsException.class, () -> kms.createKey(r -> r.keySpec("RSA_1"))));
  }

  private static void encryption(KmsClient kms) throws Exception {
    String key = newKey(kms, KeySpec.SYMMETRIC_DEFAULT, KeyUsageType.ENCRYPT_DECRYPT);
    SdkBytes blob = kms.encrypt(r -> r.keyId(key).plaintext(PLAINTEXT).encryptionContext(CONTEXT)).ciphertextBlob();
    found.put("decrypted", kms.decrypt(r -> r.ciphertextBlob(blob).encryptionContext(CONTEXT)).plaintext().equals(PLAINTEXT));
    found.put("otherContext", throwsA(InvalidCiphertextException.class, () -> kms.decrypt(r -> r.ciphertextBlob(blob))));
    GenerateDataKeyResponse data = kms.generateDataKey(r -> r.keyId(key).keySpec(DataKeySpec.AES_256).encryptionContext(CONTEXT));
    found.put("dataKey", kms.decrypt(r -> r.ciphertextBlob(data.ciphertextBlob()).encryptionContext(CONTEXT)).plaintext().equals(data.plaintext()));
    String other = newKey(kms, KeySpec.SYMMETRIC_DEFAULT, KeyUsageType.ENCRYPT_DECRYPT);
    SdkBytes moved = kms.reEncrypt(r -> r.ciphertextBlob(blob).sourceEncryptionContext(CONTEXT).destinationKeyId(other)).ciphertextBlob();
    found.put("reEncrypted", kms.decrypt(r -> r.ciphertextBlob(moved).keyId(other)).plaintext().equals(PLAINTEXT));
    found.put("incorrectKey", throwsA(IncorrectKeyException.class, () -> kms.decrypt(r -> r.ciphertextBlob(moved).keyId(key))));
    found.put("dryRun", throwsA(DryRunOperationException.class, () -> kms.encrypt(r -> r.keyId(key).plaintext(PLAINTEXT).dryRun(true))));
    found.put("random", kms.generateRandom(r -> r.numberOfBytes(64)).plaintext().asByteArray().length == 64);
  }

  private static PublicKey publicKey(KmsClient kms, String key, String algorithm) throws Exception {
    byte[] der = kms.getPublicKey(r -> r.keyId(key)).publicKey().asByteArray();
    return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(der));
  }

  private static boolean verifies(PublicKey key, Signature verifier, SdkBytes signature) throws Exception {
    verifier.initVerify(key);
    verifier.update(PLAINTEXT.asByteArray());
    return verifier.verify(signature.asByteArray());
  }

  private static void signatures(KmsClient kms) throws Exception {
    String ec = newKey(kms, KeySpec.ECC_NIST_P256, KeyUsageType.SIGN_VERIFY);
    SdkBytes ecdsa = kms.sign(r -> r.keyId(ec).message(PLAINTEXT).signingAlgorithm(SigningAlgorithmSpec.ECDSA_SHA_256)).signature();
    found.put("ecdsa", verifies(publicKey(kms, ec, "EC"), Signature.getInstance("SHA256withECDSA"), ecdsa));
    String rsa = newKey(kms, KeySpec.RSA_2048, KeyUsageType.SIGN_VERIFY);
    SdkBytes pss = kms.sign(r -> r.keyId(rsa).message(PLAINTEXT).signingAlgorithm(SigningAlgorithmSpec.RSASSA_PSS_SHA_512)).signature();
    Signature verifier = Signature.getInstance("RSASSA-PSS");
    verifier.setParameter(new PSSParameterSpec("SHA-512", "MGF1", MGF1ParameterSpec.SHA512, 64, 1));
    found.put("pss", verifies(publicKey(kms, rsa, "RSA"), verifier, pss));
    String edwards = newKey(kms, KeySpec.ECC_NIST_EDWARDS25519, KeyUsageType.SIGN_VERIFY);
    SdkBytes eddsa = kms.sign(r -> r.keyId(edwards).message(PLAINTEXT).signingAlgorithm("ED25519_SHA_512")).signature();
    found.put("ed25519", verifies(publicKey(kms, edwards, "Ed25519"), Signature.getInstance("Ed25519"), eddsa));
    found.put("verified", kms.verify(r -> r.keyId(ec).message(PLAINTEXT).signature(ecdsa).signingAlgorithm(SigningAlgorithmSpec.ECDSA_SHA_256)).signatureValid());
    found.put("wrongSignature", throwsA(KmsInvalidSignatureException.class, () -> kms.verify(r -> r.keyId(ec).message(SdkBytes.fromUtf8String("another"))
        .signature(ecdsa).signingAlgorithm(SigningAlgorithmSpec.ECDSA_SHA_256))));
    found.put("wrongUsage", throwsA(InvalidKeyUsageException.class, () -> kms.encrypt(r -> r.keyId(ec).plaintext(PLAINTEXT))));
    Cipher oaep = Cipher.getInstance("RSA/ECB/OAEPPadding");
    String decrypter = newKey(kms, KeySpec.RSA_3072, KeyUsageType.ENCRYPT_DECRYPT);
    oaep.init(Cipher.ENCRYPT_MODE, publicKey(kms, decrypter, "RSA"), OAEP);
    SdkBytes sealed = SdkBytes.fromByteArray(oaep.doFinal(PLAINTEXT.asByteArray()));
    found.put("oaep", kms.decrypt(r -> r.keyId(decrypter).ciphertextBlob(sealed).encryptionAlgorithm(EncryptionAlgorithmSpec.RSAES_OAEP_SHA_256))
        .plaintext().equals(PLAINTEXT));
  }

  private static final OAEPParameterSpec OAEP = new OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT);

  private static void importedMac(KmsClient kms) throws Exception {
    String key = kms.createKey(r -> r.keySpec(KeySpec.HMAC_256).keyUsage(KeyUsageType.GENERATE_VERIFY_MAC).origin(OriginType.EXTERNAL)).keyMetadata().keyId();
    GetParametersForImportResponse parameters = kms.getParametersForImport(r -> r.keyId(key).wrappingAlgorithm(AlgorithmSpec.RSAES_OAEP_SHA_256)
        .wrappingKeySpec(WrappingKeySpec.RSA_4096));
    byte[] material = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
    cipher.init(Cipher.ENCRYPT_MODE, KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(parameters.publicKey().asByteArray())), OAEP);
    SdkBytes wrapped = SdkBytes.fromByteArray(cipher.doFinal(material));
    kms.importKeyMaterial(r -> r.keyId(key).importToken(parameters.importToken()).encryptedKeyMaterial(wrapped)
        .expirationModel(ExpirationModelType.KEY_MATERIAL_DOES_NOT_EXPIRE));
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(material, "HmacSHA256"));
    SdkBytes ours = SdkBytes.fromByteArray(mac.doFinal(PLAINTEXT.asByteArray()));
    found.put("importedMac", kms.generateMac(r -> r.keyId(key).message(PLAINTEXT).macAlgorithm(MacAlgorithmSpec.HMAC_SHA_256)).mac().equals(ours));
    found.put("wrongMac", throwsA(KmsInvalidMacException.class, () -> kms.verifyMac(r -> r.keyId(key).message(PLAINTEXT).mac(SdkBytes.fromByteArray(new byte[32]))
        .macAlgorithm(MacAlgorithmSpec.HMAC_SHA_256))));
    kms.deleteImportedKeyMaterial(r -> r.keyId(key));
    found.put("pendingImport", kms.describeKey(r -> r.keyId(key)).keyMetadata().keyState() == KeyState.PENDING_IMPORT);
  }

  private static void listsAndGrants(KmsClient kms) throws Exception {
    String key = newKey(kms, KeySpec.SYMMETRIC_DEFAULT, KeyUsageType.ENCRYPT_DECRYPT);
    String arn = kms.describeKey(r -> r.keyId(key)).keyMetadata().arn();
    String root = "arn:aws:iam::" + arn.split(":")[4] + ":root";
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      String name = "java" + i;
      made.add(kms.createGrant(r -> r.keyId(key).granteePrincipal(root).operations(GrantOperation.DECRYPT).name(name)).grantId());
    }
    List<String> listed = kms.listGrantsPaginator(r -> r.keyId(key).limit(2)).grants().stream().map(GrantListEntry::grantId).sorted().toList();
    found.put("grantPages", listed.equals(made.stream().sorted().toList()));
    kms.revokeGrant(r -> r.keyId(key).grantId(made.get(0)));
    found.put("revoked", kms.listGrants(r -> r.keyId(key)).grants().size() == 4);
    List<String> keys = kms.listKeysPaginator(r -> r.limit(3)).keys().stream().map(KeyListEntry::keyId).toList();
    found.put("keyPages", keys.contains(key) && keys.stream().distinct().count() == keys.size() && keys.size() > 5);
  }

  private static void async(KmsAsyncClient kms) {
    String key = kms.createKey(r -> {}).join().keyMetadata().keyId();
    List<CompletableFuture<Boolean>> all = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      SdkBytes text = SdkBytes.fromUtf8String("message " + i);
      all.add(kms.encrypt(r -> r.keyId(key).plaintext(text))
          .thenCompose(sealed -> kms.decrypt(r -> r.ciphertextBlob(sealed.ciphertextBlob())))
          .thenApply(opened -> opened.plaintext().equals(text)));
    }
    found.put("async", all.stream().allMatch(CompletableFuture::join));
  }

  public static void main(String[] arguments) throws Exception {
    URI endpoint = URI.create(System.getenv("AWS_ENDPOINT_URL"));
    try (KmsClient kms = KmsClient.builder().endpointOverride(endpoint)
             .httpClient(UrlConnectionHttpClient.builder().tlsTrustManagersProvider(Client::trusted).build()).build();
         KmsAsyncClient async = KmsAsyncClient.builder().endpointOverride(endpoint)
             .httpClient(NettyNioAsyncHttpClient.builder().tlsTrustManagersProvider(Client::trusted).build()).build()) {
      life(kms);
      encryption(kms);
      signatures(kms);
      importedMac(kms);
      listsAndGrants(kms);
      async(async);
    }
    StringBuilder json = new StringBuilder("{");
    found.forEach((name, value) -> json.append(json.length() > 1 ? "," : "").append('"').append(name).append("\":").append(value));
    System.out.println(json.append('}'));
  }
}
