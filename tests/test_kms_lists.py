"""Aliases, tags, and the pages of every list."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from kms_case import advance, new_alias, new_key, raw_kms, refused


def pages(call, result, **members):
    """All pages of a list, one by one; NextMarker is there exactly if Truncated says so."""
    found = []
    while True:
        answer = call(**members)
        assert ("NextMarker" in answer) == answer["Truncated"]
        found.append(answer[result])
        if not answer["Truncated"]:
            return found
        members["Marker"] = answer["NextMarker"]


def tags(count):
    return [{"TagKey": f"key{i:03}", "TagValue": f"value{i}"} for i in range(count)]


def test_list_keys_over_a_thousand(fresh_server):
    kms = fresh_server().admin.client()
    with ThreadPoolExecutor(16) as pool:
        made = {one["KeyMetadata"]["KeyId"] for one in pool.map(lambda _: kms.create_key(), range(1_050))}
    first = kms.list_keys()
    assert (len(first["Keys"]), first["Truncated"]) == (100, True)
    for limit, sizes in ((1000, [1000, 50]), (1, None), (333, [333, 333, 333, 51])):
        if sizes is None:
            assert len(kms.list_keys(Limit=limit)["Keys"]) == 1
            continue
        found = pages(kms.list_keys, "Keys", Limit=limit)
        assert [len(page) for page in found] == sizes
        ids = [entry["KeyId"] for page in found for entry in page]
        assert len(ids) == len(set(ids)) and set(ids) == made
    paginator = kms.get_paginator("list_keys").paginate()
    entries = [entry for page in paginator for entry in page["Keys"]]
    assert {entry["KeyId"] for entry in entries} == made
    assert all(entry["KeyArn"].endswith(f":key/{entry['KeyId']}") for entry in entries)
    # Keys that are made and deleted between two pages move no other key to where nobody looks.
    page = kms.list_keys(Limit=500)
    new_key(kms)
    rest = pages(kms.list_keys, "Keys", Limit=1000, Marker=page["NextMarker"])
    assert made <= {entry["KeyId"] for one in (page["Keys"], *rest) for entry in one}


@pytest.mark.parametrize("operation", ("list_keys", "list_aliases", "list_key_rotations", "list_resource_tags"))
@pytest.mark.parametrize("marker", ("nonsense", "AAAA", "ÿÿ", "=" * 1024))
def test_a_marker_that_no_page_gave(kms, key, operation, marker):
    members = {} if operation in ("list_keys", "list_aliases") else {"KeyId": key}
    refused("InvalidMarkerException", getattr(kms, operation), Marker=marker, **members)


def test_list_key_policies_gives_no_marker_and_takes_none(kms, key):
    assert not kms.list_key_policies(KeyId=key)["Truncated"]
    foreign = kms.list_keys(Limit=1).get("NextMarker") or "nonsense"
    for marker in (foreign, "nonsense"):
        refused("ValidationException", kms.list_key_policies, KeyId=key, Marker=marker, contains="marker")


def test_a_marker_is_good_for_its_own_list_only(kms, iam, make_user):
    first, second = (new_key(kms, Tags=tags(2)) for _ in range(2))
    for one in (first, second):
        for _ in range(2):
            kms.create_alias(AliasName=new_alias(), TargetKeyId=one)
            kms.rotate_key_on_demand(KeyId=one)
    lists = [(call, members) for call, members in (
        (kms.list_keys, {}), (kms.list_aliases, {}),
        *((call, {"KeyId": one}) for one in (first, second)
          for call in (kms.list_aliases, kms.list_key_rotations, kms.list_resource_tags)))]
    markers = [call(Limit=1, **members)["NextMarker"] for call, members in lists]
    assert len(set(markers)) == len(markers)
    for own, (call, members) in enumerate(lists):
        for number, marker in enumerate(markers):
            if number == own:
                assert call(Limit=1, Marker=marker, **members)
            else:
                refused("InvalidMarkerException", call, Limit=1, Marker=marker, **members)
    refused("ValidationError", iam.list_users, Marker=markers[0])


def test_list_aliases(kms):
    first, second = new_key(kms), new_key(kms)
    names = sorted(new_alias() for _ in range(50))
    for name in names:
        kms.create_alias(AliasName=name, TargetKeyId=first)
    lone = new_alias()
    kms.create_alias(AliasName=lone, TargetKeyId=second)
    refused("LimitExceededException", kms.create_alias, AliasName=new_alias(), TargetKeyId=first)
    refused("LimitExceededException", kms.update_alias, AliasName=lone, TargetKeyId=first)
    found = pages(kms.list_aliases, "Aliases", KeyId=first, Limit=20)
    assert [len(page) for page in found] == [20, 20, 10]
    entries = [entry for page in found for entry in page]
    assert sorted(entry["AliasName"] for entry in entries) == names
    for entry in entries:
        assert entry["TargetKeyId"] == first and entry["AliasArn"].endswith(":" + entry["AliasName"])
        assert entry["CreationDate"] == entry["LastUpdatedDate"]
    everything = [entry["AliasName"] for page in pages(kms.list_aliases, "Aliases", Limit=100) for entry in page]
    assert {*names, lone} <= set(everything) and len(everything) == len(set(everything))
    assert len(kms.list_aliases()["Aliases"]) == 50
    kms.delete_alias(AliasName=names[0])
    kms.update_alias(AliasName=lone, TargetKeyId=first)
    assert kms.list_aliases(KeyId=second)["Aliases"] == []
    [entry] = [one for page in pages(kms.list_aliases, "Aliases", KeyId=first) for one in page if one["AliasName"] == lone]
    assert entry["LastUpdatedDate"] > entry["CreationDate"]


def test_a_limit_above_the_effective_maximum_gives_the_maximum(kms, key):
    kms.tag_resource(KeyId=key, Tags=tags(50))
    answer = kms.list_resource_tags(KeyId=key, Limit=1000)
    assert len(answer["Tags"]) == 50 and not answer["Truncated"]
    assert kms.list_aliases(Limit=1000)["Aliases"] is not None


@pytest.mark.parametrize("name, code", (
    ("nothing", "ValidationException"), ("Alias/x", "ValidationException"), ("alias", "ValidationException"),
    ("alias/aws/x", "InvalidAliasNameException"), ("alias/", "InvalidAliasNameException"),
    ("alias/a:b", "InvalidAliasNameException"), ("alias/ä", "ValidationException"), ("", "ValidationException"),
))
def test_names_that_are_no_alias(admin, key, name, code):
    text = refused(code, raw_kms(admin).create_alias, AliasName=name, TargetKeyId=key)
    if name == "nothing":
        assert text == ('Alias must start with the prefix "alias/". Please see '
                        "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")


def test_alias_errors(kms, key):
    name = new_alias()
    kms.create_alias(AliasName=name, TargetKeyId=key)
    refused("AlreadyExistsException", kms.create_alias, AliasName=name, TargetKeyId=key, contains=name)
    refused("AlreadyExistsException", kms.create_alias, AliasName=name, TargetKeyId=new_key(kms))
    kms.create_alias(AliasName=name.replace("test", "TEST"), TargetKeyId=key)  # case matters
    refused("NotFoundException", kms.update_alias, AliasName=new_alias(), TargetKeyId=key)
    refused("NotFoundException", kms.update_alias, AliasName=name, TargetKeyId="00000000-0000-0000-0000-000000000000")
    refused("NotFoundException", kms.create_alias, AliasName=new_alias(),
            TargetKeyId="00000000-0000-0000-0000-000000000000")
    refused("NotFoundException", kms.list_aliases, KeyId="00000000-0000-0000-0000-000000000000")
    longest = "alias/" + "l" * 250
    kms.create_alias(AliasName=longest, TargetKeyId=key)
    assert kms.describe_key(KeyId=longest)["KeyMetadata"]["KeyId"] == key
    kms.delete_alias(AliasName=longest)


def test_tags(kms, key):
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "b", "TagValue": "1"}, {"TagKey": "ä ö", "TagValue": ""}])
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "b", "TagValue": "2"}, {"TagKey": "B", "TagValue": "3"}])
    kms.untag_resource(KeyId=key, TagKeys=["unheard of"])
    found = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]}
    assert found == {"b": "2", "B": "3", "ä ö": ""}
    kms.untag_resource(KeyId=key, TagKeys=["b", "ä ö"])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "B", "TagValue": "3"}]


def test_pages_of_tags(kms):
    key_id = new_key(kms, Tags=tags(50))
    found = pages(kms.list_resource_tags, "Tags", KeyId=key_id, Limit=20)
    assert [len(page) for page in found] == [20, 20, 10]
    assert sorted((tag["TagKey"], tag["TagValue"]) for page in found for tag in page) == [
        (tag["TagKey"], tag["TagValue"]) for tag in tags(50)]
    refused("TagException", kms.tag_resource, KeyId=key_id, Tags=[{"TagKey": "more", "TagValue": ""}],
            message="Too many tags")
    kms.tag_resource(KeyId=key_id, Tags=tags(50))  # overwriting is not adding
    assert "more" not in str(kms.list_resource_tags(KeyId=key_id))


BAD_TAGS = (
    (tags(51), "Too many tags"),
    ([{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}], "Duplicate tag keys"),
    ([{"TagKey": "aws:x", "TagValue": ""}], "Tags beginning with aws: are reserved"),
    ([{"TagKey": "AWS:x", "TagValue": ""}], "Tags beginning with aws: are reserved"),
)


@pytest.mark.parametrize("bad, message", BAD_TAGS)
def test_bad_tags(kms, key, bad, message):
    refused("TagException", kms.tag_resource, KeyId=key, Tags=bad, message=message)
    refused("TagException", kms.create_key, Tags=bad, message=message)
    assert kms.list_resource_tags(KeyId=key)["Tags"] == []


def test_list_key_policies(kms, key):
    answer = kms.list_key_policies(KeyId=key, Limit=1)
    assert (answer["PolicyNames"], answer["Truncated"]) == (["default"], False)


def test_the_quota_of_keys(fresh_server):
    server = fresh_server(settings={"quotas.keys_per_account": "3"})
    kms = server.admin.client()
    made = [new_key(kms) for _ in range(3)]
    refused("LimitExceededException", kms.create_key)
    kms.schedule_key_deletion(KeyId=made[0], PendingWindowInDays=7)
    advance(server, days=8)
    new_key(kms)
    refused("LimitExceededException", kms.create_key)
