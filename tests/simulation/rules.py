"""The rules that exactness rests on, each of which the model can leave out to show that it is needed."""

from enum import StrEnum


class Rule(StrEnum):
    """What a worker has to keep to. The design's rules, and three that its surroundings have to grant."""

    ACKNOWLEDGED_BEFORE_NEXT_BLOCK = "acknowledged-before-next-block"
    """All summaries of a block are acknowledged before the next block's are sent and before its start is committed."""
    COMMITTED_BEFORE_NEXT_BLOCK = "committed-before-next-block"
    """The start of a block is committed before the first of its summaries is sent; without: a block that others hold
    for closed may be read again, and where Redis has forgotten which of two copies was counted, neither is."""
    ACKNOWLEDGED_BEFORE_COMMIT = "acknowledged-before-commit"
    """Statements are acknowledged before the offset behind the summaries that they speak of is committed."""
    ONE_TERM_A_GENERATION = "one-term-a-generation"
    """Every ownership of a partition has a term of its own; without: a process keeps its term for life."""
    KEY_WITH_TERM = "key-with-term"
    """The changelog's record key holds the term; without: all owners write to the same record keys."""
    FURTHEST_WINS = "furthest-wins"
    """Recovery takes the furthest statement of a key; without: the last one in the log."""
    OWN_STATEMENT_BEFORE_COMMIT = "own-statement-before-commit"
    """An owner states every key that a record concerns under its own term, even where the record changed nothing."""
    TOMBSTONES_LAST = "tombstones-last"
    """Older terms' statements are deleted only after the own one has been acknowledged; without: before it is sent."""
    ONLY_OLDER_GENERATIONS = "only-older-generations"
    """An owner deletes only what terms of older generations have said; without: what any other term has, so that a
    zombie that recovers late deletes the statements of its successor."""
    CUT_BY_THE_LOG = "cut-by-the-log"
    """Blocks end where the log says so; without: only between two slices."""
    CLAIMS_OUTLIVE_THE_LOG = "claims-outlive-the-log"
    """A claim lives as long as any record that could repeat it can be read; without: as long as the horizon."""
    IN_ORDER = "in-order"
    """The producer is idempotent: what it sends to a partition arrives in order; without: repetitions come late."""
    RECOVERY_TO_THE_END = "recovery-to-the-end"
    """Recovery ends only at an end of the changelog that was asked for after all before it had been read; without: at
    the end that the changelog had when recovery began, so that compaction can remove what has not been read yet."""
    KEPT_VALUES_CATCH_UP = "kept-values-catch-up"
    """Who keeps its values over a rebalance reads what the changelog has got since; without: it goes on with them as
    they are, though others may have owned the partition in a generation that it missed."""


OF_A_FORGETFUL_REDIS = frozenset({Rule.COMMITTED_BEFORE_NEXT_BLOCK})
"""Rules that matter only where Redis loses claims."""
