"""The market-intelligence side of the desk in this process: the service with everything it needs."""

from __future__ import annotations

from engine.assembly import DeskParts
from engine.errors import InvalidSetting
from engine.intelligence.picture.snapshots import MarketReaders
from engine.intelligence.reading.model_reader import ModelReader
from engine.intelligence.service import IntelligenceService, Outlets
from engine.language_models.base import ModelSource
from engine.local_desk.markets import LocalMarkets
from engine.model.account import TraderKind
from engine.model.event import Topic
from engine.model.language_model import CallPurpose
from engine.streams import Bus

__all__ = ["IntelligenceService", "news_model", "open_intelligence"]


def open_intelligence(parts: DeskParts, markets: LocalMarkets, bus: Bus) -> IntelligenceService:
    """Return the service; it reads no source before `run`, and none that is not turned on."""
    service = IntelligenceService(
        tuple(parts.instruments),
        MarketReaders(markets.flow, parts.market.flow_series, markets.trades, markets.regime),
        Outlets(
            on_item=parts.journal.write,
            on_source=parts.journal.write,
            publish=lambda symbol, update: bus.publish_level(Topic.INTELLIGENCE, symbol, update),
        ),
        market_clock=parts.clock,
        sources=parts.news_sources,
        items=parts.news,
    )
    parts.floor.trade_taken = lambda trade: service.take_trades(trade.symbol, (trade,))
    return service


def news_model(trader_name: str, parts: DeskParts, models: ModelSource) -> ModelReader:
    """Return the reader that asks a prompt trader's model; raises `InvalidSetting` for another trader."""
    prompting = [trader.config for trader in parts.traders if trader.config.kind is TraderKind.PROMPT]
    trader = next((each for each in prompting if each.name.casefold() == trader_name.casefold()), None)
    if trader is None:
        names = ", ".join(each.name for each in prompting)
        raise InvalidSetting.of("news.model_trader", trader_name, f"allowed are the prompt traders {names}")
    asked = models.model_for(trader.connection_id, purpose=CallPurpose.NEWS, trader_id=trader.trader_id)
    return ModelReader(asked, trader.model, tuple(parts.instruments))
