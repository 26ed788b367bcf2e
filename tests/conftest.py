"""Settings of the whole suite."""

from hypothesis import settings

# No deadline: on a shared machine a slow example says nothing about the code.
settings.register_profile("default", deadline=None)
settings.register_profile("deep", deadline=None, max_examples=2000)
settings.load_profile("default")
