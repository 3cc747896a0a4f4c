//! What programs do with the AWS SDK for Rust, with ring on the other side. Endpoint, Region and credentials come from the
//! environment; prints one JSON object: each member is true where the server did as AWS does.

use std::collections::BTreeMap;
use std::error::Error;

use aws_config::BehaviorVersion;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{
    DataKeySpec, GrantOperation, KeySpec, KeyState, KeyUsageType, MacAlgorithmSpec, SigningAlgorithmSpec, Tag,
};
use aws_sdk_kms::Client;
use aws_smithy_http_client::tls::{rustls_provider::CryptoMode, Provider, TlsContext, TrustStore};
use ring::signature::{UnparsedPublicKey, VerificationAlgorithm};

type Answer<T> = Result<T, Box<dyn Error>>;
type Found = BTreeMap<&'static str, bool>;

const PLAINTEXT: &[u8] = b"plaintext of Rust";

/// The code of a refusal; empty for an answer or a failure that is none of the service's.
fn code<T, E: ProvideErrorMetadata>(answer: Result<T, SdkError<E>>) -> String {
    match answer {
        Err(SdkError::ServiceError(refusal)) => refusal.err().code().unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

fn text() -> Blob {
    Blob::new(PLAINTEXT)
}

async fn new_key(kms: &Client, spec: KeySpec, usage: KeyUsageType) -> Answer<String> {
    let made = kms.create_key().key_spec(spec).key_usage(usage).send().await?;
    Ok(made.key_metadata().ok_or("no metadata")?.key_id().to_owned())
}

async fn life(kms: &Client, found: &mut Found) -> Answer<()> {
    let tag = Tag::builder().tag_key("stage").tag_value("test").build()?;
    let made = kms.create_key().description("of Rust").tags(tag.clone()).send().await?;
    let metadata = made.key_metadata().ok_or("no metadata")?;
    let key = metadata.key_id();
    found.insert("created", metadata.enabled() && metadata.key_state() == Some(&KeyState::Enabled));
    let described = kms.describe_key().key_id(key).send().await?;
    found.insert("described", described.key_metadata() == Some(metadata));
    found.insert("tagged", kms.list_resource_tags().key_id(key).send().await?.tags() == [tag]);
    kms.create_alias().alias_name("alias/rust").target_key_id(key).send().await?;
    let named = kms.describe_key().key_id("alias/rust").send().await?;
    found.insert("alias", named.key_metadata().map(|about| about.key_id()) == Some(key));
    let twice = kms.create_alias().alias_name("alias/rust").target_key_id(key).send().await;
    found.insert("aliasTwice", twice.is_err_and(|error| error.into_service_error().is_already_exists_exception()));
    let policy = kms.get_key_policy().key_id(key).send().await?;
    let policy = policy.policy().ok_or("no policy")?;
    kms.put_key_policy().key_id(key).policy(policy).send().await?;
    found.insert("policy", kms.get_key_policy().key_id(key).send().await?.policy() == Some(policy));
    kms.enable_key_rotation().key_id(key).rotation_period_in_days(180).send().await?;
    let rotation = kms.get_key_rotation_status().key_id(key).send().await?;
    found.insert("rotation", rotation.key_rotation_enabled() && rotation.rotation_period_in_days() == Some(180));
    kms.disable_key().key_id(key).send().await?;
    let disabled = kms.encrypt().key_id(key).plaintext(text()).send().await;
    found.insert("disabled", disabled.is_err_and(|error| error.into_service_error().is_disabled_exception()));
    kms.schedule_key_deletion().key_id(key).pending_window_in_days(7).send().await?;
    let pending = kms.encrypt().key_id(key).plaintext(text()).send().await;
    found.insert("pendingDeletion", pending.is_err_and(|error| error.into_service_error().is_kms_invalid_state_exception()));
    kms.cancel_key_deletion().key_id(key).send().await?;
    let nobody = kms.describe_key().key_id("alias/nobody").send().await;
    found.insert("notFound", nobody.is_err_and(|error| error.into_service_error().is_not_found_exception()));
    let wrong = kms.create_key().key_spec(KeySpec::from("RSA_1")).send().await;
    found.insert("validation", code(wrong) == "ValidationException");
    Ok(())
}

async fn encryption(kms: &Client, found: &mut Found) -> Answer<()> {
    let key = new_key(kms, KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await?;
    let sealed = kms.encrypt().key_id(&key).plaintext(text()).encryption_context("tenant", "42").send().await?;
    let blob = sealed.ciphertext_blob().ok_or("no ciphertext")?.clone();
    let opened = kms.decrypt().ciphertext_blob(blob.clone()).encryption_context("tenant", "42").send().await?;
    found.insert("decrypted", opened.plaintext() == Some(&text()));
    let other = kms.decrypt().ciphertext_blob(blob).encryption_context("tenant", "43").send().await;
    found.insert("otherContext", other.is_err_and(|error| error.into_service_error().is_invalid_ciphertext_exception()));
    let data = kms.generate_data_key().key_id(&key).key_spec(DataKeySpec::Aes256).send().await?;
    let wrapped = data.ciphertext_blob().ok_or("no ciphertext")?.clone();
    let unwrapped = kms.decrypt().ciphertext_blob(wrapped).send().await?;
    found.insert("dataKey", unwrapped.plaintext() == data.plaintext());
    let dry = kms.encrypt().key_id(&key).plaintext(text()).dry_run(true).send().await;
    found.insert("dryRun", dry.is_err_and(|error| error.into_service_error().is_dry_run_operation_exception()));
    Ok(())
}

/// The bits of the key of a SubjectPublicKeyInfo whose BIT STRING has this many bytes at its end.
async fn public_bits(kms: &Client, key: &str, size: usize) -> Answer<Vec<u8>> {
    let answer = kms.get_public_key().key_id(key).send().await?;
    let spki = answer.public_key().ok_or("no public key")?.as_ref();
    Ok(spki[spki.len() - size..].to_vec())
}

async fn signature(
    kms: &Client, spec: KeySpec, by: SigningAlgorithmSpec, size: usize, with: &'static dyn VerificationAlgorithm,
) -> Answer<bool> {
    let key = new_key(kms, spec, KeyUsageType::SignVerify).await?;
    let signed = kms.sign().key_id(&key).message(text()).signing_algorithm(by.clone()).send().await?;
    let signature = signed.signature().ok_or("no signature")?.clone();
    let bits = public_bits(kms, &key, size).await?;
    let outside = UnparsedPublicKey::new(with, bits).verify(PLAINTEXT, signature.as_ref()).is_ok();
    let inside = kms.verify().key_id(&key).message(text()).signature(signature.clone()).signing_algorithm(by.clone());
    let wrong = kms.verify().key_id(&key).message(Blob::new("another")).signature(signature).signing_algorithm(by);
    let refused = code(wrong.send().await) == "KMSInvalidSignatureException";
    Ok(outside && inside.send().await?.signature_valid() && refused)
}

async fn mac(kms: &Client, found: &mut Found) -> Answer<()> {
    let key = new_key(kms, KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac).await?;
    let made = kms.generate_mac().key_id(&key).message(text()).mac_algorithm(MacAlgorithmSpec::HmacSha256).send().await?;
    let mac = made.mac().ok_or("no MAC")?.clone();
    let good = kms.verify_mac().key_id(&key).message(text()).mac(mac).mac_algorithm(MacAlgorithmSpec::HmacSha256);
    found.insert("mac", good.send().await?.mac_valid());
    let bad = kms.verify_mac().key_id(&key).message(text()).mac(Blob::new([0; 32])).mac_algorithm(MacAlgorithmSpec::HmacSha256);
    found.insert("wrongMac", code(bad.send().await) == "KMSInvalidMacException");
    Ok(())
}

async fn grants_and_lists(kms: &Client, found: &mut Found) -> Answer<()> {
    let key = new_key(kms, KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await?;
    let described = kms.describe_key().key_id(&key).send().await?;
    let arn = described.key_metadata().and_then(|about| about.arn()).ok_or("no ARN")?.to_owned();
    let root = format!("arn:aws:iam::{}:root", arn.split(':').nth(4).ok_or("no account")?);
    let mut made = Vec::new();
    for _ in 0..5 {
        let grant = kms.create_grant().key_id(&key).grantee_principal(&root).operations(GrantOperation::Decrypt).send().await?;
        made.push(grant.grant_id().ok_or("no grant")?.to_owned());
    }
    let mut pages = kms.list_grants().key_id(&key).limit(2).into_paginator().items().send();
    let mut listed = Vec::new();
    while let Some(grant) = pages.next().await {
        listed.push(grant?.grant_id().unwrap_or_default().to_owned());
    }
    made.sort();
    listed.sort();
    found.insert("grantPages", made == listed);
    kms.revoke_grant().key_id(&key).grant_id(&made[0]).send().await?;
    found.insert("revoked", kms.list_grants().key_id(&key).send().await?.grants().len() == 4);
    let mut keys = kms.list_keys().limit(3).into_paginator().items().send();
    let mut seen = Vec::new();
    while let Some(entry) = keys.next().await {
        seen.push(entry?.key_id().unwrap_or_default().to_owned());
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    found.insert("keyPages", seen.contains(&key) && seen.len() == count && count > 5);
    Ok(())
}

async fn at_once(kms: &Client, found: &mut Found) -> Answer<()> {
    let key = new_key(kms, KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt).await?;
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let (kms, key, message) = (kms.clone(), key.clone(), Blob::new(format!("message {number}")));
            tokio::spawn(async move {
                let sealed = kms.encrypt().key_id(key).plaintext(message.clone()).send().await.ok()?;
                let opened = kms.decrypt().ciphertext_blob(sealed.ciphertext_blob?).send().await.ok()?;
                Some(opened.plaintext == Some(message))
            })
        })
        .collect();
    let mut all = true;
    for task in tasks {
        all &= task.await? == Some(true);
    }
    found.insert("atOnce", all);
    Ok(())
}

async fn client() -> Answer<Client> {
    let authorities = std::fs::read(std::env::var("AWS_CA_BUNDLE")?)?;
    let tls = TlsContext::builder().with_trust_store(TrustStore::empty().with_pem_certificate(authorities)).build()?;
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    Ok(Client::new(&config))
}

#[tokio::main]
async fn main() -> Answer<()> {
    let kms = client().await?;
    let mut found = Found::new();
    life(&kms, &mut found).await?;
    encryption(&kms, &mut found).await?;
    let p256 = &ring::signature::ECDSA_P256_SHA256_ASN1;
    found.insert("ecdsa", signature(&kms, KeySpec::EccNistP256, SigningAlgorithmSpec::EcdsaSha256, 65, p256).await?);
    let p384 = &ring::signature::ECDSA_P384_SHA384_ASN1;
    found.insert("ecdsa384", signature(&kms, KeySpec::EccNistP384, SigningAlgorithmSpec::EcdsaSha384, 97, p384).await?);
    let edwards = (KeySpec::from("ECC_NIST_EDWARDS25519"), SigningAlgorithmSpec::from("ED25519_SHA_512"));
    found.insert("ed25519", signature(&kms, edwards.0, edwards.1, 32, &ring::signature::ED25519).await?);
    let pss = &ring::signature::RSA_PSS_2048_8192_SHA256;
    found.insert("pss", signature(&kms, KeySpec::Rsa2048, SigningAlgorithmSpec::RsassaPssSha256, 270, pss).await?);
    mac(&kms, &mut found).await?;
    grants_and_lists(&kms, &mut found).await?;
    at_once(&kms, &mut found).await?;
    println!("{}", serde_json::to_string(&found)?);
    Ok(())
}
