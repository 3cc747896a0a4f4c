package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func dataKey(client *kms.Client, keyID string) {
	made := must(client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &keyID, KeySpec: types.DataKeySpecAes256}))
	opened := must(client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: made.CiphertextBlob}))
	seen["dataKey"] = len(made.Plaintext) == 32 && bytes.Equal(made.Plaintext, opened.Plaintext)
}

// A signature of another message.
func wrongSignature(client *kms.Client) {
	made := must(client.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: types.KeySpecEccNistP256, KeyUsage: types.KeyUsageTypeSignVerify}))
	keyID, algorithm := made.KeyMetadata.KeyId, types.SigningAlgorithmSpecEcdsaSha256
	signed := must(client.Sign(ctx, &kms.SignInput{KeyId: keyID, Message: []byte("a"), SigningAlgorithm: algorithm}))
	verify := func(message string) error {
		_, err := client.Verify(ctx, &kms.VerifyInput{
			KeyId: keyID, Message: []byte(message), Signature: signed.Signature, SigningAlgorithm: algorithm})
		return err
	}
	var invalid *types.KMSInvalidSignatureException
	seen["wrongSignature"] = verify("a") == nil && errors.As(verify("b"), &invalid)
}

// An imported HMAC key: what it makes can be computed here too. Other material is refused from then on.
func importedMac(client *kms.Client) {
	made := must(client.CreateKey(ctx, &kms.CreateKeyInput{
		Origin: types.OriginTypeExternal, KeySpec: types.KeySpecHmac256, KeyUsage: types.KeyUsageTypeGenerateVerifyMac}))
	keyID := made.KeyMetadata.KeyId
	parameters := must(client.GetParametersForImport(ctx, &kms.GetParametersForImportInput{
		KeyId: keyID, WrappingAlgorithm: types.AlgorithmSpecRsaesOaepSha256, WrappingKeySpec: types.WrappingKeySpecRsa3072}))
	public := must(x509.ParsePKIXPublicKey(parameters.PublicKey)).(*rsa.PublicKey)
	send := func(material []byte) error {
		wrapped := must(rsa.EncryptOAEP(sha256.New(), rand.Reader, public, material, nil))
		_, err := client.ImportKeyMaterial(ctx, &kms.ImportKeyMaterialInput{KeyId: keyID, ImportToken: parameters.ImportToken,
			EncryptedKeyMaterial: wrapped, ExpirationModel: types.ExpirationModelTypeKeyMaterialDoesNotExpire})
		return err
	}
	material := make([]byte, 32)
	must(rand.Read(material))
	must(0, send(material))
	mac := must(client.GenerateMac(ctx, &kms.GenerateMacInput{
		KeyId: keyID, Message: []byte("m"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256})).Mac
	own := hmac.New(sha256.New, material)
	own.Write([]byte("m"))
	seen["importedMac"] = made.KeyMetadata.KeyState == types.KeyStatePendingImport && hmac.Equal(mac, own.Sum(nil))
	material[0] ^= 1
	var incorrect *types.IncorrectKeyMaterialException
	seen["otherMaterial"] = errors.As(send(material), &incorrect)
}

// The period of a rotation is changed by enabling it anew.
func rotationPeriod(client *kms.Client) {
	keyID := must(client.CreateKey(ctx, &kms.CreateKeyInput{})).KeyMetadata.KeyId
	periods := []int32{}
	for _, days := range []int32{180, 365} {
		must(client.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: keyID, RotationPeriodInDays: &days}))
		status := must(client.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: keyID}))
		periods = append(periods, aws.ToInt32(status.RotationPeriodInDays))
	}
	seen["rotationPeriods"] = periods
}

// Every key once, in pages of two.
func listedKeys(client *kms.Client) {
	ids, pages := []string{}, 0
	for pager := kms.NewListKeysPaginator(client, &kms.ListKeysInput{Limit: aws.Int32(2)}); pager.HasMorePages(); pages++ {
		for _, key := range must(pager.NextPage(ctx)).Keys {
			ids = append(ids, *key.KeyId)
		}
	}
	seen["listedKeys"], seen["listedPages"] = ids, pages
}
