"""Warnings of losses: logged whatever a configuration of logging has done to the logger."""

from __future__ import annotations

import logging
from typing import Final

__all__ = ["warn_of_loss"]

_LOGGER: Final = logging.getLogger("thetatrio.stream")


def warn_of_loss(text: str, *values: object) -> None:
    """Log a warning of a loss, even if a configuration of logging disabled the logger.

    `logging.config.dictConfig` and `fileConfig` disable every logger that exists
    and that they do not name, unless they are configured not to: a program that
    configures logging after `import thetatrio` would lose its losses silently.
    Levels, filters and handlers have their effect.
    """
    if not _LOGGER.disabled:
        _LOGGER.warning(text, *values)
    elif _LOGGER.getEffectiveLevel() <= logging.WARNING > _LOGGER.manager.disable:
        record = _LOGGER.makeRecord(
            _LOGGER.name, logging.WARNING, __file__, 0, text, values, None, "warn_of_loss"
        )
        if _LOGGER.filter(record):
            _LOGGER.callHandlers(record)
