// The AWS SDK for Go v2 against the server, mostly in the order in which Terraform's AWS provider, which is built on that
// SDK, makes, reads, changes and destroys its resources. Prints what it saw as one JSON object.
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

var ctx = context.Background()
var seen = map[string]any{}

// must ends the program with the step that failed.
func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%+v\n", err)
		os.Exit(1)
	}
	return value
}

// eventually asks until the answer is as wished, as the provider does after each change.
func eventually(what string, is func() bool) {
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			must(0, fmt.Errorf("%s did not come true", what))
		}
	}
}

func sameJSON(a, b string) bool {
	var left, right any
	return json.Unmarshal([]byte(a), &left) == nil && json.Unmarshal([]byte(b), &right) == nil && reflect.DeepEqual(left, right)
}

func policy(account string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Sid": "Root", "Effect": "Allow",
		"Principal": {"AWS": "arn:aws:iam::%s:root"}, "Action": "kms:*", "Resource": "*"}]}`, account)
}

func tagsOf(client *kms.Client, keyID string) map[string]string {
	found := map[string]string{}
	pages := kms.NewListResourceTagsPaginator(client, &kms.ListResourceTagsInput{KeyId: &keyID})
	for pages.HasMorePages() {
		for _, tag := range must(pages.NextPage(ctx)).Tags {
			found[*tag.TagKey] = *tag.TagValue
		}
	}
	return found
}

func aliasTarget(client *kms.Client, name string) string {
	pages := kms.NewListAliasesPaginator(client, &kms.ListAliasesInput{Limit: aws.Int32(2)})
	for pages.HasMorePages() {
		for _, alias := range must(pages.NextPage(ctx)).Aliases {
			if *alias.AliasName == name {
				return aws.ToString(alias.TargetKeyId)
			}
		}
	}
	return ""
}

func granted(client *kms.Client, keyID, grantID string) *types.GrantListEntry {
	pages := kms.NewListGrantsPaginator(client, &kms.ListGrantsInput{KeyId: &keyID})
	for pages.HasMorePages() {
		for _, grant := range must(pages.NextPage(ctx)).Grants {
			if *grant.GrantId == grantID {
				return &grant
			}
		}
	}
	return nil
}

// aws_kms_key: creates it as wished, waits until all of it reads back, changes every argument that can be changed.
func keyResource(client *kms.Client, account string) string {
	wished := policy(account)
	made := must(client.CreateKey(ctx, &kms.CreateKeyInput{
		Description: aws.String("by terraform"), KeyUsage: types.KeyUsageTypeEncryptDecrypt, Policy: &wished,
		KeySpec: types.KeySpecSymmetricDefault, MultiRegion: aws.Bool(false),
		Tags: []types.Tag{{TagKey: aws.String("stage"), TagValue: aws.String("test")}, {TagKey: aws.String("x:y"), TagValue: aws.String("")}},
	})).KeyMetadata
	keyID := *made.KeyId
	must(client.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &keyID, RotationPeriodInDays: aws.Int32(100)}))
	eventually("rotation", func() bool {
		status := must(client.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &keyID}))
		return status.KeyRotationEnabled && aws.ToInt32(status.RotationPeriodInDays) == 100
	})
	must(client.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &keyID}))
	must(client.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &keyID}))
	eventually("enabled", func() bool {
		return must(client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &keyID})).KeyMetadata.KeyState == types.KeyStateEnabled
	})
	read := must(client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &keyID, PolicyName: aws.String("default")}))
	seen["policyUnchanged"] = sameJSON(*read.Policy, wished)
	seen["tags"] = tagsOf(client, keyID)

	changed := policy(account)[:len(policy(account))-2] + fmt.Sprintf(`, {"Sid": "More", "Effect": "Allow",
		"Principal": {"AWS": "arn:aws:iam::%s:root"}, "Action": "kms:DescribeKey", "Resource": "*"}]}`, account)
	must(client.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &keyID, PolicyName: aws.String("default"), Policy: &changed}))
	must(client.UpdateKeyDescription(ctx, &kms.UpdateKeyDescriptionInput{KeyId: &keyID, Description: aws.String("changed")}))
	must(client.UntagResource(ctx, &kms.UntagResourceInput{KeyId: &keyID, TagKeys: []string{"x:y"}}))
	must(client.TagResource(ctx, &kms.TagResourceInput{KeyId: &keyID, Tags: []types.Tag{{TagKey: aws.String("stage"), TagValue: aws.String("live")}}}))
	must(client.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &keyID}))
	read = must(client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &keyID, PolicyName: aws.String("default")}))
	seen["policyChanged"] = sameJSON(*read.Policy, changed)
	seen["tagsChanged"] = tagsOf(client, keyID)
	seen["description"] = *must(client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &keyID})).KeyMetadata.Description
	seen["rotationChanged"] = must(client.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &keyID})).KeyRotationEnabled
	return keyID
}

// aws_kms_alias.
func aliasResource(client *kms.Client, keyID, otherID string) {
	name := "alias/terraform/" + keyID
	must(client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &keyID}))
	seen["aliasTarget"] = aliasTarget(client, name) == keyID
	must(client.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: &name, TargetKeyId: &otherID}))
	seen["aliasMoved"] = aliasTarget(client, name) == otherID
	must(client.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: &name}))
	seen["aliasGone"] = aliasTarget(client, name) == ""
	_, err := client.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: &name})
	var notFound *types.NotFoundException
	seen["aliasGoneTwice"] = errors.As(err, &notFound)
}

// aws_kms_grant.
func grantResource(client *kms.Client, keyID, role string) {
	made := must(client.CreateGrant(ctx, &kms.CreateGrantInput{
		KeyId: &keyID, GranteePrincipal: &role, RetiringPrincipal: &role, Name: aws.String("terraform"),
		Operations:  []types.GrantOperation{types.GrantOperationEncrypt, types.GrantOperationDecrypt},
		Constraints: &types.GrantConstraints{EncryptionContextSubset: map[string]string{"tenant": "acme"}},
	}))
	entry := granted(client, keyID, *made.GrantId)
	seen["grant"] = map[string]any{
		"name": *entry.Name, "grantee": *entry.GranteePrincipal == role, "retiring": *entry.RetiringPrincipal == role,
		"operations": entry.Operations, "subset": entry.Constraints.EncryptionContextSubset,
	}
	must(client.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: &keyID, GrantId: made.GrantId}))
	seen["grantGone"] = granted(client, keyID, *made.GrantId) == nil
}

// aws_iam_role, aws_iam_policy, aws_iam_role_policy_attachment. The undoing is what is returned.
func roleResource(client *iam.Client, account string) (string, func()) {
	name := fmt.Sprintf("terraform-%d", time.Now().UnixNano())
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"sts:AssumeRole"}]}`, account)
	role := must(client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust, Path: aws.String("/apps/")})).Role
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt"],"Resource":"*"}]}`
	made := must(client.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &document})).Policy
	must(client.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: made.Arn}))
	attached := must(client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &name})).AttachedPolicies
	seen["attached"] = len(attached) == 1 && *attached[0].PolicyArn == *made.Arn
	waiter := iam.NewRoleExistsWaiter(client)
	seen["roleExists"] = waiter.Wait(ctx, &iam.GetRoleInput{RoleName: &name}, 10*time.Second) == nil
	return *role.Arn, func() {
		must(client.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: made.Arn}))
		must(client.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: made.Arn}))
		must(client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name}))
	}
}

// Envelope encryption as a role, with the SDK's own refreshing credentials.
func asRole(settings aws.Config, keyID, role string) {
	settings.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(settings), role))
	client := kms.NewFromConfig(settings)
	context := map[string]string{"tenant": "acme", "größe": "ü"}
	sealed := must(client.Encrypt(ctx, &kms.EncryptInput{KeyId: &keyID, Plaintext: []byte("the document"), EncryptionContext: context}))
	opened := must(client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: context}))
	seen["document"] = string(opened.Plaintext)
	_, err := client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	var invalid *types.InvalidCiphertextException
	seen["otherContext"] = errors.As(err, &invalid)
	_, err = client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &keyID, KeySpec: types.DataKeySpecAes256})
	seen["notAllowed"] = fmt.Sprint(err)
}

// Signatures that Go's own cryptography verifies, and a MAC.
func signatures(client *kms.Client) {
	digest := sha256.Sum256([]byte("a message"))
	for _, one := range []struct {
		spec      types.KeySpec
		algorithm types.SigningAlgorithmSpec
	}{{types.KeySpecEccNistP256, types.SigningAlgorithmSpecEcdsaSha256}, {types.KeySpecRsa2048, types.SigningAlgorithmSpecRsassaPssSha256}} {
		keyID := must(client.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: one.spec, KeyUsage: types.KeyUsageTypeSignVerify})).KeyMetadata.KeyId
		signed := must(client.Sign(ctx, &kms.SignInput{KeyId: keyID, Message: digest[:], MessageType: types.MessageTypeDigest, SigningAlgorithm: one.algorithm}))
		der := must(client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: keyID})).PublicKey
		good := false
		switch public := must(x509.ParsePKIXPublicKey(der)).(type) {
		case *ecdsa.PublicKey:
			good = ecdsa.VerifyASN1(public, digest[:], signed.Signature)
		case *rsa.PublicKey:
			good = rsa.VerifyPSS(public, crypto.SHA256, digest[:], signed.Signature, nil) == nil
		}
		seen["verified "+string(one.spec)] = good
	}
	keyID := must(client.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: types.KeySpecHmac256, KeyUsage: types.KeyUsageTypeGenerateVerifyMac})).KeyMetadata.KeyId
	mac := must(client.GenerateMac(ctx, &kms.GenerateMacInput{KeyId: keyID, Message: []byte("m"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256})).Mac
	mac[0] ^= 1
	_, err := client.VerifyMac(ctx, &kms.VerifyMacInput{KeyId: keyID, Message: []byte("m"), Mac: mac, MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
	var invalid *types.KMSInvalidMacException
	seen["wrongMac"] = errors.As(err, &invalid)
}

// aws_kms_external_key: key material of one's own.
func importedKey(client *kms.Client) {
	keyID := must(client.CreateKey(ctx, &kms.CreateKeyInput{Origin: types.OriginTypeExternal})).KeyMetadata.KeyId
	parameters := must(client.GetParametersForImport(ctx, &kms.GetParametersForImportInput{
		KeyId: keyID, WrappingAlgorithm: types.AlgorithmSpecRsaesOaepSha256, WrappingKeySpec: types.WrappingKeySpecRsa2048}))
	public := must(x509.ParsePKIXPublicKey(parameters.PublicKey)).(*rsa.PublicKey)
	material := make([]byte, 32)
	must(rand.Read(material))
	wrapped := must(rsa.EncryptOAEP(sha256.New(), rand.Reader, public, material, nil))
	until := time.Now().Add(time.Hour).Truncate(time.Second)
	must(client.ImportKeyMaterial(ctx, &kms.ImportKeyMaterialInput{KeyId: keyID, ImportToken: parameters.ImportToken,
		EncryptedKeyMaterial: wrapped, ExpirationModel: types.ExpirationModelTypeKeyMaterialExpires, ValidTo: &until}))
	about := must(client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: keyID})).KeyMetadata
	seen["imported"] = about.KeyState == types.KeyStateEnabled && about.ValidTo.Equal(until)
}

func destroy(client *kms.Client, keyID string) {
	must(client.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &keyID}))
	_, err := client.Encrypt(ctx, &kms.EncryptInput{KeyId: &keyID, Plaintext: []byte("x")})
	var disabled *types.DisabledException
	seen["disabled"] = errors.As(err, &disabled)
	must(client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &keyID, PendingWindowInDays: aws.Int32(7)}))
	about := must(client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &keyID})).KeyMetadata
	seen["state"] = about.KeyState
	seen["deletionInDays"] = int(time.Until(*about.DeletionDate).Hours()/24 + 0.5)
}

func main() {
	settings := must(config.LoadDefaultConfig(ctx))
	client := kms.NewFromConfig(settings)
	caller := must(sts.NewFromConfig(settings).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	keyID := keyResource(client, *caller.Account)
	other := must(client.CreateKey(ctx, &kms.CreateKeyInput{})).KeyMetadata.KeyId
	aliasResource(client, keyID, *other)
	role, undo := roleResource(iam.NewFromConfig(settings), *caller.Account)
	grantResource(client, keyID, role)
	asRole(settings, keyID, role)
	undo()
	signatures(client)
	importedKey(client)
	dataKey(client, keyID)
	wrongSignature(client)
	importedMac(client)
	rotationPeriod(client)
	wholeRole(iam.NewFromConfig(settings), *caller.Account)
	wholePolicy(iam.NewFromConfig(settings))
	destroy(client, keyID)
	listedKeys(client)
	seen["caller"] = []string{*caller.Account, *caller.Arn, *caller.UserId}
	must(0, json.NewEncoder(os.Stdout).Encode(seen))
}
