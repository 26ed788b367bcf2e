"""Bytes that nobody expected, for everything that reads bytes from outside.

`targets` says what is called and what it may raise; `__main__` drives one target
with atheris, which looks for inputs by the branches they reach; tests/test_fuzz.py
runs all of them on a few hundred inputs with the suite.
"""
