"""The exceptions of the backend, sorted by who can act on them."""


class QuicklookError(Exception):
    """Anything that went wrong in a way that we can explain.

    Parameters
    ----------
    message
        What happened, in one sentence, with the field, file or service it happened to.
    hint
        What to do next; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidRequest(QuicklookError):
    """The user asked for something that cannot be done; the message says which part and why."""


class InvalidSettings(QuicklookError):
    """What the installation was told cannot work; for the operator. No value is in the message: it may be a secret."""


class ServiceUnavailable(QuicklookError):
    """A service does not answer, or answers with an error that is not the user's.

    Parameters
    ----------
    service
        The service's name as the user knows it: ``Livy``, ``Kafka``, ``the archive``.
    """

    def __init__(self, service: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.service = service


class SubmissionUnknown(ServiceUnavailable):
    """A job was sent, no answer came: it may run. It is looked up by its name, and neither undone nor sent again."""


class TransferFailed(QuicklookError):
    """The job of a transfer ended without its result; for the operator.

    Parameters
    ----------
    log_tail
        The end of the batch's log: evidence, not the message.
    """

    def __init__(self, message: str, hint: str = "", log_tail: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.log_tail = log_tail


class StoreInUse(QuicklookError):
    """Another process owns this reader's store."""


class DiskFull(QuicklookError):
    """There is no room for what comes; nothing of it was written."""


class CorruptAlert(QuicklookError):
    """A message that cannot be decoded with its topic's schema; counted and shown, never skipped in silence."""

    def __init__(self, topic: str, partition: int, offset: int, reason: str) -> None:
        super().__init__(f"Alert at offset {offset} of partition {partition} of {topic} is damaged: {reason}")
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.reason = reason
