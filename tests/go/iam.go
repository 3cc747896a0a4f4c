package main

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func iamTags(tags []types.Tag) map[string]string {
	found := map[string]string{}
	for _, tag := range tags {
		found[*tag.Key] = *tag.Value
	}
	return found
}

func iamTag(key, value string) []types.Tag { return []types.Tag{{Key: &key, Value: &value}} }

func trust(account, effect string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": %q,
		"Principal": {"AWS": "arn:aws:iam::%s:root"}, "Action": "sts:AssumeRole"}]}`, effect, account)
}

func allow(action string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [%q], "Resource": ["*"]}]}`, action)
}

func gone(err error) bool {
	var missing *types.NoSuchEntityException
	return errors.As(err, &missing)
}

// same tells whether IAM gave back the document: it answers percent-encoded ones.
func same(encoded *string, wished string) bool {
	return sameJSON(must(url.QueryUnescape(*encoded)), wished)
}

func readRole(client *iam.Client, name, wished string) map[string]any {
	role := must(client.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})).Role
	inline := must(client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &name})).PolicyNames
	return map[string]any{
		"path": *role.Path, "description": *role.Description, "seconds": *role.MaxSessionDuration, "tags": iamTags(role.Tags),
		"trust": same(role.AssumeRolePolicyDocument, wished), "inline": len(inline),
	}
}

// aws_iam_role with every argument that it has: made, read, changed, destroyed.
func wholeRole(client *iam.Client, account string) {
	name := fmt.Sprintf("terraform-whole-%d", time.Now().UnixNano())
	wished := trust(account, "Allow")
	must(client.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: &name, Path: aws.String("/made/"), Description: aws.String("by terraform"), AssumeRolePolicyDocument: &wished,
		MaxSessionDuration: aws.Int32(7200), Tags: iamTag("stage", "test"),
	}))
	seen["role"] = readRole(client, name, wished)

	changed := trust(account, "Deny")
	must(client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &name, PolicyDocument: &changed}))
	must(client.UpdateRole(ctx, &iam.UpdateRoleInput{
		RoleName: &name, Description: aws.String("changed"), MaxSessionDuration: aws.Int32(3600)}))
	must(client.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &name, TagKeys: []string{"stage"}}))
	must(client.TagRole(ctx, &iam.TagRoleInput{RoleName: &name, Tags: iamTag("x:y", "")}))
	seen["roleChanged"] = readRole(client, name, changed)

	// The provider takes a role out of its instance profiles before it deletes it, whether or not there are any.
	profiles := must(client.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: &name}))
	seen["noProfiles"] = len(profiles.InstanceProfiles) == 0
	must(client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name}))
	_, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	seen["roleGone"] = gone(err)
}

func readPolicy(client *iam.Client, arn *string, wished string) map[string]any {
	policy := must(client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})).Policy
	version := must(client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: policy.DefaultVersionId}))
	return map[string]any{
		"path": *policy.Path, "description": *policy.Description, "version": *policy.DefaultVersionId, "tags": iamTags(policy.Tags),
		"document": same(version.PolicyVersion.Document, wished),
	}
}

// aws_iam_policy likewise: a change is a new default version, and the others go before the policy does.
func wholePolicy(client *iam.Client) {
	wished, changed := allow("kms:Encrypt"), allow("kms:Decrypt")
	arn := must(client.CreatePolicy(ctx, &iam.CreatePolicyInput{
		PolicyName: aws.String(fmt.Sprintf("terraform-whole-%d", time.Now().UnixNano())), Path: aws.String("/made/"),
		Description: aws.String("by terraform"), PolicyDocument: &wished, Tags: iamTag("stage", "test"),
	})).Policy.Arn
	seen["policy"] = readPolicy(client, arn, wished)
	must(client.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: &changed, SetAsDefault: true}))
	seen["policyVersioned"] = readPolicy(client, arn, changed)

	others := 0
	for _, version := range must(client.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: arn})).Versions {
		if !version.IsDefaultVersion {
			must(client.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: version.VersionId}))
			others++
		}
	}
	seen["otherVersions"] = others
	must(client.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn}))
	_, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})
	seen["policyGone"] = gone(err)
}
