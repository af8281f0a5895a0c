"""Questions and answers of live boards in Redis, each for seconds only.

`b{asked}` is a sorted set of questions, by the second (Redis' clock) until which somebody wants to know. An answer
stands under `b{said}` and its question: the generation of its owner's ownership, 20 digits; a stamp that is another one
when the body is, 16 bytes; the body, packed. So a worker that has lost a campaign and does not know it yet cannot
overwrite what the next owner says.
"""

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from secrets import token_hex
from typing import Any

from redis.exceptions import NoScriptError

from agents.claims.link import Link, RedisAddress
from agents.web.questions import Question, unpacked

KEEP_MS = 6000
"""An answer that is not told again is forgotten after so long."""

ASKED_SECONDS = 5
MOST_QUESTIONS = 256
"""So many questions are answered for others at a time."""

GENERATION_DIGITS = 20
STAMP_BYTES = 16

_ASKED = "b{asked}"
_SAID = "b{said}"

_ASK = """
local now = tonumber(redis.call('TIME')[1])
for at = 2, #ARGV do redis.call('ZADD', KEYS[1], now + tonumber(ARGV[1]), ARGV[at]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 1)
return redis.call('ZRANGE', KEYS[1], 0, %d)
""" % (MOST_QUESTIONS - 1)  # noqa: UP031

_TELL = """
for at = 1, #KEYS do
  local head = ARGV[2 * at]
  local held = redis.call('GETRANGE', KEYS[at], 0, 19)
  if held <= string.sub(head, 1, 20) then
    redis.call('SET', KEYS[at], head .. ARGV[2 * at + 1], 'PX', ARGV[1])
  end
end
return 0
"""

_HEAR = """
local found = {}
for at = 1, #KEYS do
  local left = redis.call('PTTL', KEYS[at])
  local stamp = redis.call('GETRANGE', KEYS[at], 20, 35)
  local body = ''
  if left > 0 and stamp ~= ARGV[at] then body = redis.call('GETRANGE', KEYS[at], 36, -1) end
  found[at] = {left, stamp, body}
end
return found
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What an owner says. version: another one when the body is another."""

    question: Question
    generation: int
    version: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """What an owner has said so long ago. body: None where it is what we had with this stamp."""

    stamp: bytes
    body: bytes | None
    age_seconds: float


class Relay:
    """A connection to Redis of its own, opened when it is needed and again after it was lost.

    Its methods raise what `Link` raises; whoever calls tries again a little later.
    """

    def __init__(self, address: RedisAddress) -> None:
        self._address = address
        self._link: Link | None = None
        # Another worker, or this one in another life, may have counted up to the same version.
        self._life = token_hex(4)

    async def ask(self, questions: Sequence[Question]) -> list[Question]:
        """Ask these, and return all that are being asked by anybody."""
        packed = [question.packed() for question in questions]
        found = await self._run(_ASK, [_ASKED], [str(ASKED_SECONDS), *packed])
        known = (unpacked(text.decode("utf-8", "replace")) for text in found)
        return [question for question in known if question is not None]

    async def tell(self, told: Sequence[Told]) -> None:
        """Say what is the case; where a later owner has spoken, nothing is said."""
        arguments: list[str | bytes] = [str(KEEP_MS)]
        for one in told:
            head = f"{one.generation:0{GENERATION_DIGITS}d}{self._life}{one.version % 16**8:08x}"
            arguments += [head.encode(), await asyncio.to_thread(zlib.compress, one.body, 1)]
        await self._run(_TELL, [_key(one.question) for one in told], arguments)

    async def hear(self, stamps: Mapping[Question, bytes]) -> dict[Question, Heard]:
        """What has been said on these questions; those on which nobody says anything are left out.

        stamps: of what is known already, empty for nothing.
        """
        questions = list(stamps)
        rows = await self._run(_HEAR, [_key(question) for question in questions], list(stamps.values()))
        found: dict[Question, Heard] = {}
        for question, (left_ms, stamp, body) in zip(questions, rows, strict=True):
            if left_ms > 0:
                unzipped = await asyncio.to_thread(zlib.decompress, body) if body else None
                found[question] = Heard(bytes(stamp), unzipped, max(0.0, (KEEP_MS - left_ms) / 1000))
        return found

    async def close(self) -> None:
        """End the connection."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def _run(self, script: str, keys: Sequence[str], arguments: Sequence[str | bytes]) -> Any:
        if self._link is None or not self._link.alive:
            await self.close()
            self._link = await Link.open(self._address)
        digest = sha1(script.encode(), usedforsecurity=False).hexdigest()
        try:
            return await self._link.call("EVALSHA", digest, len(keys), *keys, *arguments)
        except NoScriptError:
            await self._link.call("SCRIPT", "LOAD", script)
            return await self._link.call("EVALSHA", digest, len(keys), *keys, *arguments)


def _key(question: Question) -> str:
    return f"{_SAID}{question.packed()}"
