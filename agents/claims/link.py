"""One connection to Redis, which never reconnects by itself.

redis-py's clients reconnect behind the caller's back. Here a new connection may mean another Redis, or one that lost
its last second, and that has to be dealt with before the next claim: so whoever loses a link makes a new one.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

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
_CLOSED = "the link to Redis is closed"
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
            # Link has time limits of its own: with this one redis-py writes in a task of its own, so a little later,
            # when the connection may be closed and others may have written.
            "socket_timeout": None,
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


class _Asked(NamedTuple):
    """A pipeline that has been sent: how many commands, and who waits for the answers."""

    commands: int
    answers: asyncio.Future[list[Any]]


class Link:
    """An open connection. Several callers may ask at a time: Redis works on one question while the next is on its way.

    Redis answers in the order in which it was asked. A caller that is cancelled has its answers read and thrown away,
    so the others get theirs. After any error in AWAY the link is dead, for all who wait.
    """

    def __init__(self, connection: AbstractConnection, timeout_seconds: float) -> None:
        self._connection, self._timeout_seconds = connection, timeout_seconds
        self._asked: deque[_Asked] = deque()
        self._some = asyncio.Event()
        self._reader = asyncio.create_task(self._read(), name="answers of Redis")

    @classmethod
    async def open(cls, address: RedisAddress) -> Self:
        """Connects. Raises one of AWAY; RedisLoginRefused, which is one of them too, where waiting does not help."""
        connection = address.connection()
        try:
            async with asyncio.timeout(address.timeout_seconds):
                await connection.connect()  # type: ignore[no-untyped-call]
        except _LOGIN as error:
            await connection.disconnect(nowait=True)
            raise RedisLoginRefused(_LOGIN_REFUSED) from error
        except NoPermissionError as error:
            await connection.disconnect(nowait=True)
            raise RedisRightMissing(f"{_RIGHT_MISSING}: {error}") from error
        except TimeoutError as error:
            await connection.disconnect(nowait=True)
            raise _silent(address.timeout_seconds) from error
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
        return cls(connection, address.timeout_seconds)

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return not self._reader.done() and self._connection.is_connected

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
        packed = self._connection.pack_commands(commands)
        answers: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                # Nothing waits between this look and the writing: a closed connection would be opened again, and
                # whoever is later in the line must have written later.
                if not self.alive:
                    raise RedisConnectionError(_CLOSED)
                self._asked.append(_Asked(len(commands), answers))
                self._some.set()
                await self._connection.send_packed_command(packed, check_health=False)
        except BaseException as error:
            # Half a command may have been sent.
            answers.cancel()
            await self.close()
            if isinstance(error, TimeoutError):
                raise _silent(self._timeout_seconds) from error
            raise
        return await answers

    async def _read(self) -> None:
        """Hands out answers, in order, until one does not come."""
        try:
            while True:
                while not self._asked:
                    self._some.clear()
                    await self._some.wait()
                commands, waiting = self._asked[0]
                found = [await self._answer() for _ in range(commands)]
                self._asked.popleft()
                if not waiting.done():
                    waiting.set_result(found)
        except _LOGIN as error:  # Redis asks for a login only at the first command
            refused = RedisLoginRefused(_LOGIN_REFUSED)
            refused.__cause__ = error
            self._end(refused)
        except Exception as error:
            self._end(error)
        finally:
            # Who has asked since the link was closed, and before this task knew it.
            self._end(RedisConnectionError(_CLOSED))

    async def _answer(self) -> Any:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._connection.read_response(disable_decoding=True)
        except ResponseError as error:
            return error
        except TimeoutError as error:
            raise _silent(self._timeout_seconds) from error

    def _end(self, error: Exception) -> None:
        while self._asked:
            waiting = self._asked.popleft().answers
            if not waiting.done():
                waiting.set_exception(error)

    async def info(self, section: str) -> dict[str, str]:
        """One section of INFO. Raises ResponseError when the ACL does not allow it."""
        text: bytes = await self.call("INFO", section)
        lines = (line.partition(":") for line in text.decode("utf-8", "replace").splitlines())
        return {name: value for name, colon, value in lines if colon}

    async def close(self) -> None:
        """Closes, hardly waiting for the other side; whoever waits for an answer gets an error in AWAY.

        Never raises for a link that is dead already.
        """
        self._reader.cancel()
        self._end(RedisConnectionError(_CLOSED))
        try:
            # TLS keeps the socket until both sides have said goodbye.
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await asyncio.gather(self._reader, return_exceptions=True)
                await self._connection.disconnect()
        except (RedisError, OSError):  # also the timeout
            return


def _silent(seconds: float) -> RedisTimeoutError:
    return RedisTimeoutError(f"no answer within {seconds:g} s")
