"""What can go wrong with an audit itself, as opposed to with the thing audited."""


class AuditError(Exception):
    """Something the caller can put right: usage or configuration. Commands print it and exit with 2."""


class NotRunError(Exception):
    """A check could not run here: a tool is missing, evidence is missing or stale.

    Attributes:
        reason: what was missing, in one sentence.
        remedy: the command or step that makes the check run.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
