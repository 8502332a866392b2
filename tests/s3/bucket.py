"""What somebody with the owner's rights does to a bucket, by boto3, straight at moto."""

import os
import sys

import boto3

port, verb, bucket, *rest = sys.argv[1:]
s3 = boto3.client(
    "s3",
    endpoint_url=f"http://127.0.0.1:{port}",
    region_name="eu-central-1",
    aws_access_key_id="owner",
    aws_secret_access_key="owner",
)


def keys(prefix):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (item["Key"] for item in page.get("Contents", []))


if verb == "create":
    place = {"LocationConstraint": "eu-central-1"}
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place, ObjectLockEnabledForBucket="lock" in rest)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
elif verb == "get":
    sys.stdout.buffer.write(s3.get_object(Bucket=bucket, Key=rest[0])["Body"].read())
elif verb == "keep":
    open(rest[1], "wb").write(s3.get_object(Bucket=bucket, Key=rest[0])["Body"].read())
elif verb == "put":
    s3.put_object(Bucket=bucket, Key=rest[0], Body=open(rest[1], "rb").read())
elif verb == "remove":
    s3.delete_object(Bucket=bucket, Key=rest[0])
elif verb == "older":
    versions = s3.list_object_versions(Bucket=bucket, Prefix=rest[0])["Versions"]
    older = sorted(versions, key=lambda one: one["LastModified"])[len(versions) // 2]
    body = s3.get_object(Bucket=bucket, Key=rest[0], VersionId=older["VersionId"])["Body"].read()
    s3.put_object(Bucket=bucket, Key=rest[0], Body=body)
elif verb == "fetch":
    for key in keys(rest[0] + "/"):
        path = os.path.join(rest[1], key[len(rest[0]) + 1 :])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "wb").write(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
elif verb == "locked":
    # The settings of a lock came after init, which made the probe and the empty checkpoint.
    found = [s3.head_object(Bucket=bucket, Key=key) for key in keys(rest[0]) if not key.endswith("/probe")]
    assert len(found) > 3 and all(one["ObjectLockMode"] == "COMPLIANCE" for one in found), found
else:
    raise SystemExit(f"no such verb: {verb}")
