"""Hostile tests run the command line as tests/cli does."""

from tests.cli.conftest import home, pf, project

__all__ = ["home", "pf", "project"]
