"""One connection to Redis, which never reconnects by itself.

redis-py's clients reconnect behind the caller's back. Here a new connection may mean another Redis, or one that lost
its last second, and that has to be dealt with before the next claim: so whoever loses a link makes a new one.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    NoPermissionError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from agents.certificates import why_refused
from agents.claims.errors import RedisLoginRefused, RedisRightMissing

# What an unreachable, stalled, loading or restarting Redis looks like. redis-py counts a wrong password among it too.
AWAY = (RedisConnectionError, RedisTimeoutError, OSError, TimeoutError)

_GOODBYE_SECONDS = 0.5
_LOGIN = (AuthenticationError, AuthorizationError)
_LOGIN_REFUSED = (
    "Redis refuses the login: LAUNCHPULSE_REDIS_USERNAME or LAUNCHPULSE_REDIS_PASSWORD_FILE is wrong or not set"
)
_RIGHT_MISSING = "Redis' ACL gives the user of LAUNCHPULSE_REDIS_USERNAME too few rights"


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where Redis is and how to get in.

    `url` is redis://host:port/db, rediss:// for TLS, or unix://; an ACL user stands in it (redis://user@host), a
    password better not. The files are PEM; `ca_file` None means the system's authorities.
    """

    url: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    timeout_seconds: float = 5.0

    def connection(self) -> AbstractConnection:
        """A connection that is not open yet. Raises ValueError for a URL that redis-py does not know."""
        options: dict[str, Any] = {
            "socket_timeout": self.timeout_seconds,
            "socket_connect_timeout": self.timeout_seconds,
            "driver_info": None,
            "protocol": 2,
            "retry": Retry(NoBackoff(), 0),
        }
        if self.password is not None:
            options["password"] = self.password
        if self.url.startswith("rediss://"):
            options |= {
                "ssl_ca_certs": self.ca_file,
                "ssl_certfile": self.cert_file,
                "ssl_keyfile": self.key_file,
            }
        pool = ConnectionPool.from_url(self.url, **options)
        connection: AbstractConnection = pool.make_connection()  # type: ignore[no-untyped-call]
        return connection


class Link:
    """An open connection; not for two callers at a time. After any error in AWAY, or a cancelled call, it is dead."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, address: RedisAddress) -> Self:
        """Connects. Raises one of AWAY; RedisLoginRefused, which is one of them too, where waiting does not help."""
        connection = address.connection()
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
        except _LOGIN as error:
            await connection.disconnect(nowait=True)
            raise RedisLoginRefused(_LOGIN_REFUSED) from error
        except NoPermissionError as error:
            await connection.disconnect(nowait=True)
            raise RedisRightMissing(f"{_RIGHT_MISSING}: {error}") from error
        except RedisConnectionError as error:
            await connection.disconnect(nowait=True)
            # redis-py says of every handshake that fails that it could not connect.
            if isinstance(error.__context__, ssl.SSLError):
                why = why_refused(error.__context__, "LAUNCHPULSE_REDIS_URL", "LAUNCHPULSE_REDIS_CA_FILE", None)
                raise RedisLoginRefused(why) from error
            raise
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        return cls(connection)

    async def call(self, *command: bytes | str | int) -> Any:
        """Redis' answer to one command, undecoded. Raises ResponseError when it is an error."""
        answer = (await self.call_all([command]))[0]
        if isinstance(answer, NoPermissionError):
            raise RedisRightMissing(f"{_RIGHT_MISSING}: {answer}")
        if isinstance(answer, ResponseError):
            raise answer
        return answer

    async def call_all(self, commands: Sequence[Sequence[bytes | str | int]]) -> list[Any]:
        """Redis' answers to a pipeline of commands, in order; an error is an answer too (ResponseError)."""
        if not self._connection.is_connected:
            raise RedisConnectionError("the link to Redis is closed")
        answers: list[Any] = []
        try:
            await self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)
            for _ in commands:
                try:
                    answers.append(await self._connection.read_response(disable_decoding=True))
                except ResponseError as error:
                    answers.append(error)
        except _LOGIN as error:  # Redis asks for a login only at the first command
            await self.close()
            raise RedisLoginRefused(_LOGIN_REFUSED) from error
        except BaseException:
            # Answers left unread would be taken for those to the next call.
            await self.close()
            raise
        return answers

    async def info(self, section: str) -> dict[str, str]:
        """One section of INFO. Raises ResponseError when the ACL does not allow it."""
        text: bytes = await self.call("INFO", section)
        lines = (line.partition(":") for line in text.decode("utf-8", "replace").splitlines())
        return {name: value for name, colon, value in lines if colon}

    async def close(self) -> None:
        """Closes, hardly waiting for the other side; never raises for a link that is dead already."""
        try:
            # TLS keeps the socket until both sides have said goodbye.
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._connection.disconnect()
        except (RedisError, OSError):  # also the timeout
            return
