"""Benchmarks of the hot paths: `nox -s bench`, or `python -m tests.benchmarks [name ...]`.

Every figure is a ratio to a peer in the same run: each variant is a process of
its own that lives through the run, all take turns in random order, and the
number is the median of the ratios of neighbouring turns. Processors are
shared and noisy, so absolute times say little, and nothing here is a test.
"""
