"""All messages that belong to no subject."""

from application.processing.confirm_durability import ConfirmDurability
from application.processing.get_processing_statistics import GetProcessingStatistics

MESSAGES: tuple[type, ...] = (ConfirmDurability, GetProcessingStatistics)
