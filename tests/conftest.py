"""Hypothesis profiles: dev (the default), ci (the same examples every time), nightly."""

import os

from hypothesis import HealthCheck, settings

slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("dev", max_examples=25, deadline=None, suppress_health_check=slow)
settings.register_profile(
    "ci", max_examples=30, deadline=None, derandomize=True, suppress_health_check=slow
)
settings.register_profile("nightly", max_examples=2000, deadline=None, suppress_health_check=slow)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))

pytest_plugins = ["pytester"]
