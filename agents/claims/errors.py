"""What can be wrong with claims.

ClaimsError
├── RedisRefused             Redis answers, but must not be used as it is
│   ├── RedisPolicyError     it may evict or forget claims, or is too old
│   └── RedisIdentityError   it is empty, or holds the claims of another deployment, though events have been counted
├── ClaimsClosed             the client was closed while a claim waited
├── PinMismatch              this worker's settings differ from those of the deployment
└── SettingsTopicError       the settings topic is missing, or holds something that this version cannot read

A Redis that is away is none of these: claims wait for it.
"""


class ClaimsError(Exception):
    """Base of all errors of this package; its text is one line that says what to do."""


class RedisRefused(ClaimsError):
    """Redis answers, but nothing can be counted with it."""


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
