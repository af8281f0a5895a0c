"""Which campaigns have a place: a function of one partition of the summaries topic, whoever reads it and however often.

A partition admits campaigns in the order of its log until its limit is reached. A refused campaign's summaries are
dropped: its events stay in the ledger. An admission record (what `launchpulse campaigns apply` sends) admits beyond
the limit. Every decision remembers its offset, so that a record that is read again after a crash finds the same
campaigns and the same limit before it, even where later decisions have been recovered and earlier ones have not.
"""

import msgspec

from streams.counting.statements import LIMIT_KEY, KeyKind, admitted_key
from streams.counting.summaries import ADMISSION, FORMAT, head

DEFAULT_LIMIT = 2000


class Admission(msgspec.Struct, array_like=True):
    """A record of the summaries topic that admits a campaign, or sets the partition's limit, or both."""

    campaign: str | None
    limit: int | None = None


class _Admitted(msgspec.Struct, array_like=True):
    at: int
    offset: int


class _Limits(msgspec.Struct, array_like=True):
    at: int
    changes: list[tuple[int, int]]


_HEAD = bytes((FORMAT,))
_encode = msgspec.msgpack.Encoder().encode
_decode_admission = msgspec.msgpack.Decoder(Admission).decode
_decode_admitted = msgspec.msgpack.Decoder(_Admitted).decode
_decode_limits = msgspec.msgpack.Decoder(_Limits).decode


def encode_admission(campaign: str | None, limit: int | None = None) -> bytes:
    """The record's value. `limit` holds for the one partition that the record is sent to."""
    return head(ADMISSION) + _encode(Admission(campaign, limit))


def decode_admission(value: bytes) -> Admission:
    """The admission in a record of kind ADMISSION. Raises msgspec.DecodeError for anything else."""
    return _decode_admission(memoryview(value)[2:])


class Admissions:
    """The campaigns that one partition of the summaries topic has admitted."""

    def __init__(self, default_limit: int = DEFAULT_LIMIT) -> None:
        self._default_limit = default_limit
        self._admitted: dict[bytes, int] = {}
        self._latest = -1
        self._limits: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._admitted)

    def recover(self, key: bytes, packed: bytes) -> None:
        """Take over what a table value of kind ADMITTED or LIMIT says."""
        if key[0] == KeyKind.LIMIT:
            self._limits = _decode_limits(memoryview(packed)[1:]).changes
        else:
            offset = self._admitted[key[8:]] = _decode_admitted(memoryview(packed)[1:]).offset
            self._latest = max(self._latest, offset)

    def admit(self, campaign: bytes, offset: int) -> bool:
        """Whether a summary of `campaign` that stands at `offset` is counted; admits the campaign where there is
        room."""
        since = self._admitted.get(campaign)
        if since is not None and since <= offset:
            return True
        if self._admitted_before(offset) >= self.limit(offset):
            return False
        self._admitted[campaign] = offset
        self._latest = max(self._latest, offset)
        return True

    def apply(self, admission: Admission, offset: int) -> list[bytes]:
        """Carry out an admission record that stands at `offset`. Returns the table keys that it concerns."""
        concerned = []
        if admission.campaign is not None:
            campaign = admission.campaign.encode()
            self._admitted[campaign] = min(offset, self._admitted.get(campaign, offset))
            self._latest = max(self._latest, offset)
            concerned.append(admitted_key(campaign))
        if admission.limit is not None:
            if all(at != offset for at, _ in self._limits):
                self._limits = sorted([*self._limits, (offset, admission.limit)])
            concerned.append(LIMIT_KEY)
        return concerned

    def _admitted_before(self, offset: int) -> int:
        if self._latest < offset:
            return len(self._admitted)
        return sum(1 for admitted in self._admitted.values() if admitted < offset)

    def limit(self, offset: int) -> int:
        """How many campaigns there may be before the record at `offset`."""
        limit = self._default_limit
        for at, changed in self._limits:
            if at < offset:
                limit = changed
        return limit

    def pack(self, key: bytes, at: int) -> bytes:
        """The value of a key of kind ADMITTED or LIMIT, as it is stated; `at` as in `merge.Value`."""
        if key[0] == KeyKind.LIMIT:
            return _HEAD + _encode(_Limits(at, self._limits))
        return _HEAD + _encode(_Admitted(at, self._admitted[key[8:]]))
