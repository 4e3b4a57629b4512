"""All messages about rules."""

from application.rules.commands.cancel_backtest import CancelBacktest
from application.rules.commands.change_alert import AcknowledgeAlert, ResolveAlert
from application.rules.commands.create_rule import CreateRule
from application.rules.commands.delete_rule import DeleteRule
from application.rules.commands.replace_rule import ReplaceRule
from application.rules.commands.replay_dead_letter import ReplayDeadLetter
from application.rules.commands.run_backtest import StartBacktest
from application.rules.queries.get_backtest import GetBacktest
from application.rules.queries.list_alerts import ListAlerts
from application.rules.queries.list_dead_letters import ListDeadLetters
from application.rules.queries.list_rules import GetRule, ListRules

MESSAGES: tuple[type, ...] = (
    CreateRule,
    ReplaceRule,
    DeleteRule,
    ListRules,
    GetRule,
    ListAlerts,
    AcknowledgeAlert,
    ResolveAlert,
    ListDeadLetters,
    ReplayDeadLetter,
    StartBacktest,
    GetBacktest,
    CancelBacktest,
)
