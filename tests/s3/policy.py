"""The policy of docs/evidence.md permits every call that was made, and none that removes: by moto's engine of policies."""

import sys

from moto.iam.access_control import IAMPolicy, PermissionResult

document, calls = sys.argv[1:]
text = open(document).read()
begin = text.index('{"Version": "2012-10-17"')
policy = IAMPolicy(text[begin : text.index("]}", begin) + 2].replace("example-evidence", "evidence"))
VERBS = {"GET": "s3:GetObject", "PUT": "s3:PutObject"}


def permitted(action, resource):
    return policy.is_action_permitted(action, resource) == PermissionResult.PERMITTED


made = {tuple(line.split()[:2]) for line in open(calls)}
assert len(made) > 10
for verb, path in made:
    assert permitted(VERBS[verb], f"arn:aws:s3:::{path.lstrip('/')}"), (verb, path)
for action in ["DeleteObject", "DeleteObjectVersion", "PutBucketPolicy", "BypassGovernanceRetention", "PutLifecycleConfiguration"]:
    assert not permitted(f"s3:{action}", "arn:aws:s3:::evidence/app/checkpoint"), action
