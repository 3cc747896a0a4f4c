"""64 clients at once, each with operations of every kind."""

import os
from concurrent.futures import ThreadPoolExecutor

from kms_case import new_alias, refused

CLIENTS = 64
ROUNDS = 6


def test_64_clients_with_mixed_operations(server, kms, key):
    client = server.admin.client(max_pool_connections=CLIENTS)

    def work(number):
        context = {"client": str(number)}
        mine, alias = client.create_key(Description=str(number))["KeyMetadata"]["KeyId"], new_alias()
        client.create_alias(AliasName=alias, TargetKeyId=mine)
        kept = []
        for one in range(ROUNDS):
            secret = os.urandom(64)
            blob = client.encrypt(KeyId=alias, Plaintext=secret, EncryptionContext=context)["CiphertextBlob"]
            kept.append((blob, secret))
            data_key = client.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
            opened = client.decrypt(CiphertextBlob=data_key["CiphertextBlob"], EncryptionContext=context)
            assert opened["Plaintext"] == data_key["Plaintext"]
            client.tag_resource(KeyId=mine, Tags=[{"TagKey": f"round{one}", "TagValue": str(number)}])
            if one % 2:
                client.rotate_key_on_demand(KeyId=mine)
            else:
                client.update_key_description(KeyId=mine, Description=f"{number} {one}")
        for blob, secret in kept:
            assert client.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == secret
        client.disable_key(KeyId=mine)
        refused("DisabledException", client.encrypt, KeyId=alias, Plaintext=b"x")
        client.enable_key(KeyId=mine)
        assert len(client.list_resource_tags(KeyId=mine)["Tags"]) == ROUNDS
        assert len(client.list_key_rotations(KeyId=mine)["Rotations"]) == ROUNDS // 2
        client.schedule_key_deletion(KeyId=mine, PendingWindowInDays=7)
        return mine

    with ThreadPoolExecutor(CLIENTS) as pool:
        made = list(pool.map(work, range(CLIENTS)))
    assert len(set(made)) == CLIENTS
    for key_id in made:
        assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_many_changes_of_one_key_at_once(server, kms, key):
    """Changes of one record meet each other; each that was acknowledged is there."""
    client = server.admin.client(max_pool_connections=CLIENTS)
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda i: client.tag_resource(KeyId=key, Tags=[{"TagKey": f"k{i}", "TagValue": str(i)}]), range(32)))
    found = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]}
    assert found == {f"k{i}": str(i) for i in range(32)}
