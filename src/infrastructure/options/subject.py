"""The `Subject` of options."""

from datetime import time

from domain.options.option_book import OptionBook
from domain.options.option_figures import FIGURES
from domain.options.option_model import OptionModel, Pricing
from domain.options.option_quotes import OptionQuotes
from infrastructure.options.option_format import OPTIONS, OptionLogFormat
from infrastructure.options.option_tables import OptionTables
from infrastructure.settings import OptionsSettings
from infrastructure.subject import Subject


def options(settings: OptionsSettings) -> Subject:
    """Create the subject from the settings."""
    model = model_of(settings)
    return Subject(
        name=OPTIONS,
        observations="option_quotes",
        key="product",
        new_book=lambda: OptionBook(model, settings.max_contracts),
        log=OptionLogFormat(),
        tables=OptionTables(),
        values=_values,
        figures=FIGURES,
        has_parts=True,
    )


def _values(quotes: OptionQuotes) -> list[float]:
    """Quotes of many contracts have no value in common, so what rules are about are figures."""
    return [0.0] * len(quotes)


def model_of(settings: OptionsSettings) -> OptionModel:
    return OptionModel(
        pricing=Pricing(settings.pricing),
        rate=settings.rate,
        dividend_yield=settings.dividend_yield,
        rates=settings.rates,
        dividend_yields=settings.dividend_yields,
        expiry_time=time.fromisoformat(settings.expiry_time),
        expiry_zone=settings.expiry_zone,
        last_max_age_us=int(settings.last_max_age_seconds * 1_000_000),
    )
