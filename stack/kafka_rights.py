"""Who may do what in a Kafka that knows its users: the table, and how it is made true."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

BROKER_USER = "broker"
"""The brokers among themselves; may do everything, and has no way in for clients."""
FACADE_USER = "quicklook"
"""The dashboard, the command line and their readers."""
JOB_USER = "quicklook-job"
"""The Spark jobs."""
ANONYMOUS = "ANONYMOUS"
"""Kafka's name for whoever comes by a listener that asks for none."""
TRANSFER_TOPICS = "ftransfer_"
"""What the names of all topics of transfers begin with."""
ANSWER_TIMEOUT_S = 20.0
_CLUSTER = "kafka-cluster"
_ANY_GROUP = "*"

_READ, _WRITE, _DESCRIBE = AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE
_MANAGE = (AclOperation.CREATE, AclOperation.DELETE, AclOperation.DESCRIBE_CONFIGS, AclOperation.ALTER_CONFIGS)


def wanted_rights(*, anonymous_may_read: bool) -> set[AclBinding]:
    """The table of rights.

    Reading and writing include describing, and writing anywhere includes writing idempotently. The job has no right on
    groups: Spark's source asks for none.
    """
    return {
        *_on_transfer_topics(FACADE_USER, *_MANAGE, _READ, _WRITE),
        *_on_any_group(FACADE_USER),
        _right(FACADE_USER, ResourceType.BROKER, _CLUSTER, _DESCRIBE),  # the whole cluster, in spite of the name
        *_on_transfer_topics(JOB_USER, _READ, _WRITE),
        *((*_on_transfer_topics(ANONYMOUS, _READ), *_on_any_group(ANONYMOUS)) if anonymous_may_read else ()),
    }


def set_rights(admin: AdminClient, wanted: set[AclBinding]) -> None:
    """Let exactly these rights hold: what was granted before and is not among them is taken back.

    Raises
    ------
    KafkaException
        Kafka refuses, or does not answer in time.
    """
    granted = set(admin.describe_acls(_all_rights(), request_timeout=ANSWER_TIMEOUT_S).result())
    if surplus := granted - wanted:
        filters = [_exactly(right) for right in surplus]
        for taken in admin.delete_acls(filters, request_timeout=ANSWER_TIMEOUT_S).values():
            taken.result()
    if missing := wanted - granted:
        for given in admin.create_acls(list(missing), request_timeout=ANSWER_TIMEOUT_S).values():
            given.result()


def _on_transfer_topics(user: str, *operations: AclOperation) -> Iterator[AclBinding]:
    for operation in operations:
        yield _right(user, ResourceType.TOPIC, TRANSFER_TOPICS, operation, ResourcePatternType.PREFIXED)


def _on_any_group(user: str) -> Iterator[AclBinding]:
    yield _right(user, ResourceType.GROUP, _ANY_GROUP, _READ)


def _right(
    user: str,
    kind: ResourceType,
    name: str,
    operation: AclOperation,
    pattern: ResourcePatternType = ResourcePatternType.LITERAL,
) -> AclBinding:
    return AclBinding(kind, name, pattern, f"User:{user}", "*", operation, AclPermissionType.ALLOW)


def _all_rights() -> AclBindingFilter:
    any_name: Any = None  # typed as a string there, and meant to be None
    return AclBindingFilter(
        ResourceType.ANY,
        any_name,
        ResourcePatternType.ANY,
        any_name,
        any_name,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )


def _exactly(right: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        right.restype,
        right.name,
        right.resource_pattern_type,
        right.principal,
        right.host,
        right.operation,
        right.permission_type,
    )
