"""What a deploy script in Python does with the lab, Classic and ELBv2; fails by exception."""
import sys

import boto3
from botocore.exceptions import ClientError

endpoint, name, instance = sys.argv[1:4]
access = dict(
    region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id="lab", aws_secret_access_key="lab"
)
elb = boto3.client("elb", **access)
elbv2 = boto3.client("elbv2", **access)
one = dict(LoadBalancerName=name, Instances=[dict(InstanceId=instance)])

assert elb.describe_instance_health(**one)["InstanceStates"][0]["State"] == "InService"
left = elb.deregister_instances_from_load_balancer(**one)["Instances"]
assert instance not in [each["InstanceId"] for each in left], left
elb.get_waiter("instance_deregistered").wait(**one, WaiterConfig=dict(Delay=1, MaxAttempts=30))
elb.register_instances_with_load_balancer(**one)
elb.get_waiter("instance_in_service").wait(**one, WaiterConfig=dict(Delay=1, MaxAttempts=30))
for limit in (1, 400):
    pages = elb.get_paginator("describe_load_balancers").paginate(PaginationConfig=dict(PageSize=limit))
    assert [each["LoadBalancerName"] for page in pages for each in page["LoadBalancerDescriptions"]] == [name]
try:
    elb.describe_instance_health(LoadBalancerName="nope")
    raise AssertionError("it was accepted")
except elb.exceptions.AccessPointNotFoundException as error:
    assert error.response["Error"]["Code"] == "LoadBalancerNotFound", error.response

subnets = ["subnet-1ab0000a", "subnet-1ab0000b"]
lb = elbv2.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]
elbv2.get_waiter("load_balancer_available").wait(LoadBalancerArns=[lb["LoadBalancerArn"]])
group = elbv2.create_target_group(
    Name="blue", Protocol="HTTP", Port=80, HealthCheckPath="/health", HealthCheckIntervalSeconds=5,
    HealthCheckTimeoutSeconds=2, Matcher=dict(HttpCode="200-299"),
)["TargetGroups"][0]["TargetGroupArn"]
elbv2.create_listener(
    LoadBalancerArn=lb["LoadBalancerArn"], Protocol="HTTP", Port=18081,
    DefaultActions=[dict(Type="forward", TargetGroupArn=group)],
)
target = dict(TargetGroupArn=group, Targets=[dict(Id=instance)])
elbv2.register_targets(**target)
elbv2.get_waiter("target_in_service").wait(**target, WaiterConfig=dict(Delay=1, MaxAttempts=30))
delay = [dict(Key="deregistration_delay.timeout_seconds", Value="2")]
elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=delay)
elbv2.deregister_targets(**target)
health = elbv2.describe_target_health(**target)["TargetHealthDescriptions"][0]["TargetHealth"]
assert (health["State"], health["Reason"]) == ("draining", "Target.DeregistrationInProgress"), health
elbv2.get_waiter("target_deregistered").wait(**target, WaiterConfig=dict(Delay=1, MaxAttempts=30))
try:
    elbv2.delete_target_group(TargetGroupArn=group)
    raise AssertionError("it was accepted")
except ClientError as error:
    assert error.response["Error"]["Code"] == "ResourceInUse", error.response
elbv2.delete_load_balancer(LoadBalancerArn=lb["LoadBalancerArn"])
elbv2.delete_target_group(TargetGroupArn=group)
print("done")
