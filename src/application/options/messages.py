"""All messages about options."""

from application.options.commands.forget_product import ForgetProduct
from application.options.commands.process_option_quotes import ProcessOptionQuotes
from application.options.queries.get_chain_analysis import GetChainAnalysis
from application.options.queries.get_chain_since import GetChainSince
from application.options.queries.get_option_contract import GetOptionContract
from application.options.queries.get_volatility_surface import GetVolatilitySurface
from application.options.queries.list_chain_summaries import ListChainSummaries
from application.options.queries.list_expiries import ListExpiries
from application.options.queries.list_products import ListOptionProducts

MESSAGES: tuple[type, ...] = (
    ProcessOptionQuotes,
    ForgetProduct,
    ListOptionProducts,
    ListExpiries,
    GetChainAnalysis,
    GetChainSince,
    GetOptionContract,
    GetVolatilitySurface,
    ListChainSummaries,
)
