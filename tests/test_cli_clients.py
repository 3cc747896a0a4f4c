"""The commands that are clients of a running server: users, their policies and access keys, accounts."""

import json

import pytest
from harness import User
from test_cli_commands import ACCOUNT, POLICY, client, client_json, error_code, secret_of



@pytest.fixture
def someone(server):
    """The name of a user that a test may make; gone afterwards."""
    from conftest import remove_user

    name = "cli-someone"
    yield name
    remove_user(server.admin.client("iam"), name)


def test_a_user_from_its_making_to_its_end(admin, someone, tmp_path):
    assert f"user/staff/{someone}" in client(admin, "user", "create", someone, "--path", "/staff/")
    assert someone in client(admin, "user", "list")
    (listed,) = [u for u in client_json(admin, "user", "list")["Users"] if u["UserName"] == someone]
    assert listed["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/staff/{someone}"

    file = tmp_path / "policy.json"
    file.write_text(json.dumps(POLICY))
    client(admin, "user", "policy", "put", someone, "one", "--file", file)
    client(admin, "user", "policy", "put", someone, "two", "--file", "-", stdin=json.dumps(POLICY))
    assert client_json(admin, "user", "policy", "list", someone) == {"PolicyNames": ["one", "two"]}
    assert json.loads(client(admin, "user", "policy", "get", someone, "one")) == POLICY
    got = client_json(admin, "user", "policy", "get", someone, "two")
    assert got == {"UserName": someone, "PolicyName": "two", "PolicyDocument": POLICY}

    key_id, secret = secret_of(client(admin, "access-key", "create", "--user", someone))
    assert secret not in client(admin, "access-key", "list", "--user", someone)
    user = User(admin.server, key_id, secret)
    user.client().list_keys()
    assert error_code(user.client().create_key) == "AccessDeniedException"
    shown = client_json(admin, "user", "show", someone)
    assert shown["PolicyNames"] == ["one", "two"] and shown["AccessKeys"][0]["AccessKeyId"] == key_id
    assert key_id in client(admin, "user", "show", someone)

    client(admin, "access-key", "disable", key_id, "--user", someone)
    assert error_code(user.client().list_keys) == "UnrecognizedClientException"
    (key,) = client_json(admin, "access-key", "list", "--user", someone)["AccessKeyMetadata"]
    assert key["Status"] == "Inactive"
    client(admin, "access-key", "enable", key_id, "--user", someone)
    user.client().list_keys()

    assert "Delete the user's access keys and policies first" in client(admin, "user", "delete", someone, exit_code=1)
    client(admin, "access-key", "delete", key_id, "--user", someone)
    client(admin, "user", "policy", "delete", someone, "one")
    client(admin, "user", "policy", "delete", someone, "two")
    assert "no policies" in client(admin, "user", "policy", "list", someone)
    client(admin, "user", "delete", someone)
    assert "NoSuchEntity" in client(admin, "user", "show", someone, exit_code=1)


def test_a_user_makes_and_deletes_its_own_access_key(admin, someone):
    client(admin, "user", "create", someone)
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*AccessKey*", "Resource": "*"}]}
    client(admin, "user", "policy", "put", someone, "own", "--file", "-", stdin=json.dumps(allow))
    made = client_json(admin, "access-key", "create", "--user", someone)["AccessKey"]
    user = User(admin.server, made["AccessKeyId"], made["SecretAccessKey"])
    second = client_json(user, "access-key", "create")["AccessKey"]
    assert second["UserName"] == someone
    listed = client_json(user, "access-key", "list")["AccessKeyMetadata"]
    assert {key["AccessKeyId"] for key in listed} == {made["AccessKeyId"], second["AccessKeyId"]}
    client(user, "access-key", "delete", second["AccessKeyId"])


@pytest.mark.parametrize("arguments, words", [
    (("user", "create", "bad name"), "ValidationError"),
    (("user", "create", "admin"), "EntityAlreadyExists"),
    (("user", "delete", "nobody-of-that-name"), "NoSuchEntity"),
    (("user", "policy", "get", "admin", "no-such-policy"), "NoSuchEntity"),
    (("user", "policy", "put", "admin", "p", "--file", "/no/such/file"), "/no/such/file"),
    (("user", "policy", "put", "admin", "p", "--file", "-"), "empty"),
    (("access-key", "delete", "AKIAQQQQWWWWEEEERRRR"), "NoSuchEntity"),
    (("account", "create", "x", "--id", "12"), "ValidationException"),
    (("account", "create", "x", "--id", ACCOUNT), "AlreadyExists"),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else value)
def test_refusals_are_said_with_exit_code_1(admin, arguments, words):
    said = client(admin, *arguments, exit_code=1)
    assert words in said and said.startswith("kagimori: ") and said.count("\n") == 1


def test_a_malformed_policy_is_refused(admin):
    said = client(admin, "user", "policy", "put", "admin", "p", "--file", "-", stdin="{]", exit_code=1)
    assert "MalformedPolicyDocument" in said


def test_accounts_are_made_and_listed(admin):
    made = client_json(admin, "account", "create", "Example GmbH")
    account = made["Account"]
    root = User(admin.server, made["AccessKey"]["AccessKeyId"], made["AccessKey"]["SecretAccessKey"])
    assert root.client("sts").get_caller_identity()["Account"] == account["AccountId"]
    listed = {a["AccountId"]: a for a in client_json(admin, "account", "list")["Accounts"]}
    assert listed[account["AccountId"]]["Name"] == "Example GmbH"
    assert listed[ACCOUNT]["IsOperator"] is True
    text = client(admin, "account", "list")
    assert account["AccountId"] in text and "SecretAccessKey" not in text

    said = client(admin, "account", "create", "named", "--id", "210987654321")
    assert "210987654321" in said and "shown this once" in said
    assert "AccessDenied" in client(root, "account", "list", exit_code=1)


@pytest.mark.parametrize("variables, words", [
    ({"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_KMS": ""}, "AWS_ENDPOINT_URL"),
    ({"AWS_ENDPOINT_URL": "localhost:8443"}, "https://"),
    ({"AWS_ENDPOINT_URL": "https://user@localhost:8443"}, "https://"),
    ({"AWS_ENDPOINT_URL": "https://127.0.0.1:1"}, "No server answers"),
    ({"AWS_ACCESS_KEY_ID": ""}, "AWS_ACCESS_KEY_ID"),
    ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY"),
    ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "SignatureDoesNotMatch"),
    ({"AWS_ACCESS_KEY_ID": "AKIAQQQQWWWWEEEERRRR"}, "InvalidClientTokenId"),
    ({"AWS_CA_BUNDLE": ""}, "AWS_CA_BUNDLE"),
    ({"AWS_CA_BUNDLE": "/no/such/file"}, "AWS_CA_BUNDLE, /no/such/file, can't be read as CA certificates (No such file"),
    ({"AWS_CA_BUNDLE": "/etc/hostname"}, "AWS_CA_BUNDLE, /etc/hostname, can't be read as CA certificates (no PEM"),
    ({"AWS_DEFAULT_REGION": "eu-nowhere-9"}, "SignatureDoesNotMatch"),
], ids=lambda value: "-" if isinstance(value, str) else ",".join(f"{k}={v}" for k, v in value.items()))
def test_a_wrong_environment_is_named(admin, variables, words):
    said = client(admin, "user", "list", variables=variables, exit_code=1)
    assert words in said
    assert admin.secret_key not in said


def test_plain_http_to_a_tls_port_is_told_to_use_https(admin):
    endpoint = admin.server.url.replace("https://", "http://")
    for command in (("user", "list"), ("account", "list")):
        said = client(admin, *command, "--endpoint", endpoint, exit_code=1)
        assert said == f"kagimori: The server at {endpoint} speaks TLS there. Write the endpoint with https://.\n"


def test_the_endpoint_option_wins(admin):
    variables = {"AWS_ENDPOINT_URL": "https://127.0.0.1:1"}
    client(admin, "user", "list", "--endpoint", admin.server.url, variables=variables)


def test_lists_are_whole(admin):
    iam = admin.client("iam")
    names = {f"cli-many-{i:03}" for i in range(130)}
    for name in names:
        iam.create_user(UserName=name)
    try:
        assert names <= {user["UserName"] for user in client_json(admin, "user", "list")["Users"]}
    finally:
        for name in names:
            iam.delete_user(UserName=name)
