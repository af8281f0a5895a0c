"""Counting: from the records of a source partition to exact counters per campaign, channel and pane.

A newcomer reads the files in this order: sources, blocks, open_block, panes, summaries, merge, statements, facts,
people, admissions, partition, progress, windows, campaign_money, view. Nothing here does I/O and nothing reads a clock:
what time it is comes in as an argument.
"""
