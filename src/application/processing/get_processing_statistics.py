"""Get the accounting: what was received and what became of it."""

from dataclasses import dataclass

from application.mediator import Message
from application.ports.processor import ProcessingStatistics, Processor


@dataclass(frozen=True, slots=True)
class GetProcessingStatistics(Message[ProcessingStatistics]):
    pass


class GetProcessingStatisticsHandler:
    def __init__(self, processor: Processor) -> None:
        self._processor = processor

    async def handle(self, query: GetProcessingStatistics) -> ProcessingStatistics:
        return self._processor.statistics()
