"""What can be wrong with claims.

ClaimsError
├── RedisRefused             Redis answers, but must not be used as it is
│   ├── RedisLoginRefused    it does not let us in, or its certificate is wrong
│   ├── RedisRightMissing    its ACL does not allow a command that claims need
│   ├── RedisPolicyError     it may evict or forget claims, or is too old
│   └── RedisIdentityError   it is empty, or holds the claims of another deployment, though events have been counted
├── ClaimsClosed             the client was closed while a claim waited
├── PinMismatch              this worker's settings differ from those of the deployment
└── SettingsTopicError       the settings topic is missing, or holds something that this version cannot read

A Redis that is away is none of these: claims wait for it.
"""

from redis.exceptions import AuthenticationError, NoPermissionError


class ClaimsError(Exception):
    """Base of all errors of this package; its text is one line that says what to do."""


class RedisRefused(ClaimsError):
    """Redis answers, but nothing can be counted with it."""


class RedisLoginRefused(RedisRefused, AuthenticationError):
    """Redis refuses the login, or we its certificate; the text names the setting, and holds no secret."""


class RedisRightMissing(RedisRefused, NoPermissionError):
    """Redis' ACL does not allow a command; the text names it."""


class RedisPolicyError(RedisRefused):
    """Redis' own settings would lose claims; the text names the setting."""


class RedisIdentityError(RedisRefused):
    """Redis does not hold this deployment's claims."""


class ClaimsClosed(ClaimsError):
    """The client was closed."""


class PinMismatch(ClaimsError):
    """A setting that must never change differs; the text names it."""


class SettingsTopicError(ClaimsError):
    """The settings topic cannot be used."""
