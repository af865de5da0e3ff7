"""The public names, for type checkers: `__init__.py` loads each on first use."""

from toolyard.agents.agent import Agent as Agent
from toolyard.agents.approval import Allow as Allow
from toolyard.agents.approval import Approve as Approve
from toolyard.agents.approval import AskPerson as AskPerson
from toolyard.agents.approval import AwaitPerson as AwaitPerson
from toolyard.agents.approval import Decision as Decision
from toolyard.agents.approval import Deny as Deny
from toolyard.agents.approval import Edit as Edit
from toolyard.agents.context.novelty import NoveltyAware as NoveltyAware
from toolyard.agents.context.old_results import DropOldResults as DropOldResults
from toolyard.agents.context.self_compression import SelfCompression as SelfCompression
from toolyard.agents.context.strategy import ContextStrategy as ContextStrategy
from toolyard.agents.context.trim import Trim as Trim
from toolyard.agents.forms.form import Answered as Answered
from toolyard.agents.forms.form import ToolForm as ToolForm
from toolyard.agents.forms.form import Unclear as Unclear
from toolyard.agents.forms.form import Wanted as Wanted
from toolyard.agents.forms.native import NativeTools as NativeTools
from toolyard.agents.forms.react import ReAct as ReAct
from toolyard.agents.forms.text_tools import TextTools as TextTools
from toolyard.agents.identity import Identity as Identity
from toolyard.agents.limits import AgentLimits as AgentLimits
from toolyard.agents.own_thoughts import OwnThoughts as OwnThoughts
from toolyard.agents.recipe import Recipe as Recipe
from toolyard.agents.run_result import RunPiece as RunPiece
from toolyard.agents.run_result import RunResult as RunResult
from toolyard.agents.run_result import ToolFinished as ToolFinished
from toolyard.agents.run_result import ToolStarted as ToolStarted
from toolyard.agents.thought_tools import thought_tools as thought_tools
from toolyard.agents.tool_round import ToolAccess as ToolAccess
from toolyard.builtin_tools.bash.bash import Bash as Bash
from toolyard.builtin_tools.bash.isolation import Isolation as Isolation
from toolyard.builtin_tools.bash.order import CommandLimits as CommandLimits
from toolyard.builtin_tools.bash.result import CommandResult as CommandResult
from toolyard.builtin_tools.calculator import Calculator as Calculator
from toolyard.builtin_tools.filesystem.entry import FileEntry as FileEntry
from toolyard.builtin_tools.filesystem.entry import FileListing as FileListing
from toolyard.builtin_tools.filesystem.entry import FileMatch as FileMatch
from toolyard.builtin_tools.filesystem.entry import FileMatches as FileMatches
from toolyard.builtin_tools.filesystem.file_system import FileSystem as FileSystem
from toolyard.builtin_tools.http_client import HttpClient as HttpClient
from toolyard.builtin_tools.images.generation import ImageGeneration as ImageGeneration
from toolyard.builtin_tools.images.generation import (
    register_image_generation_tool as register_image_generation_tool,
)
from toolyard.builtin_tools.images.model import ImageModel as ImageModel
from toolyard.builtin_tools.images.placeholder import PlaceholderModel as PlaceholderModel
from toolyard.builtin_tools.images.providers import image_model as image_model
from toolyard.builtin_tools.memory import Claim as Claim
from toolyard.builtin_tools.memory import Memory as Memory
from toolyard.builtin_tools.memory import MemoryItem as MemoryItem
from toolyard.clients.mcp_client import MCPClient as MCPClient
from toolyard.clients.openapi.openapi_client import OpenAPIClient as OpenAPIClient
from toolyard.clients.targets import StdioServer as StdioServer
from toolyard.core.call_scope import CallScope as CallScope
from toolyard.core.content import Audio as Audio
from toolyard.core.content import Content as Content
from toolyard.core.content import Image as Image
from toolyard.core.content import Resource as Resource
from toolyard.core.content import ResourceLink as ResourceLink
from toolyard.core.content import Text as Text
from toolyard.core.context import CallChannel as CallChannel
from toolyard.core.context import CallContext as CallContext
from toolyard.core.context import Caller as Caller
from toolyard.core.context import Event as Event
from toolyard.core.context import EventHandler as EventHandler
from toolyard.core.context import LogLevel as LogLevel
from toolyard.core.errors import BudgetSpent as BudgetSpent
from toolyard.core.errors import CallInterrupted as CallInterrupted
from toolyard.core.errors import CallTimeout as CallTimeout
from toolyard.core.errors import ConfigError as ConfigError
from toolyard.core.errors import ContentFiltered as ContentFiltered
from toolyard.core.errors import ExtractionError as ExtractionError
from toolyard.core.errors import InputRequired as InputRequired
from toolyard.core.errors import InvalidArguments as InvalidArguments
from toolyard.core.errors import InvalidCursor as InvalidCursor
from toolyard.core.errors import InvalidRequest as InvalidRequest
from toolyard.core.errors import InvalidTool as InvalidTool
from toolyard.core.errors import JournalError as JournalError
from toolyard.core.errors import KeyRefused as KeyRefused
from toolyard.core.errors import MissingCapability as MissingCapability
from toolyard.core.errors import ModelError as ModelError
from toolyard.core.errors import ModelUnreachable as ModelUnreachable
from toolyard.core.errors import NameClash as NameClash
from toolyard.core.errors import NotAdmitted as NotAdmitted
from toolyard.core.errors import NotAllowed as NotAllowed
from toolyard.core.errors import OutcomeUnknown as OutcomeUnknown
from toolyard.core.errors import PromptError as PromptError
from toolyard.core.errors import QuotaSpent as QuotaSpent
from toolyard.core.errors import RateLimited as RateLimited
from toolyard.core.errors import RemoteFault as RemoteFault
from toolyard.core.errors import RunCancelled as RunCancelled
from toolyard.core.errors import RunDiverged as RunDiverged
from toolyard.core.errors import RunLost as RunLost
from toolyard.core.errors import RunPaused as RunPaused
from toolyard.core.errors import RunTaken as RunTaken
from toolyard.core.errors import StepInDoubt as StepInDoubt
from toolyard.core.errors import StoreError as StoreError
from toolyard.core.errors import StoreFull as StoreFull
from toolyard.core.errors import StoreUnavailable as StoreUnavailable
from toolyard.core.errors import StoreUnusable as StoreUnusable
from toolyard.core.errors import SwapRefused as SwapRefused
from toolyard.core.errors import TokenLimit as TokenLimit
from toolyard.core.errors import ToolError as ToolError
from toolyard.core.errors import ToolyardError as ToolyardError
from toolyard.core.errors import UnfitReply as UnfitReply
from toolyard.core.errors import UnknownName as UnknownName
from toolyard.core.errors import Unreachable as Unreachable
from toolyard.core.inputs import InputRequest as InputRequest
from toolyard.core.inputs import elicit as elicit
from toolyard.core.inputs import list_roots as list_roots
from toolyard.core.inputs import sample as sample
from toolyard.core.protocol import Change as Change
from toolyard.core.protocol import ChangeProtocol as ChangeProtocol
from toolyard.core.protocol import HealthProtocol as HealthProtocol
from toolyard.core.protocol import LibraryOwner as LibraryOwner
from toolyard.core.protocol import LibraryProtocol as LibraryProtocol
from toolyard.core.protocol import Listener as Listener
from toolyard.core.protocol import Listeners as Listeners
from toolyard.core.protocol import PromptArgument as PromptArgument
from toolyard.core.protocol import PromptInfo as PromptInfo
from toolyard.core.protocol import PromptMessage as PromptMessage
from toolyard.core.protocol import ResourceInfo as ResourceInfo
from toolyard.core.protocol import ToolProtocol as ToolProtocol
from toolyard.core.protocol import WatchProtocol as WatchProtocol
from toolyard.core.tool import Icon as Icon
from toolyard.core.tool import Tool as Tool
from toolyard.core.tool import ToolAnnotations as ToolAnnotations
from toolyard.core.tool import ToolCall as ToolCall
from toolyard.core.tool import ToolResult as ToolResult
from toolyard.core.toolbox import Toolbox as Toolbox
from toolyard.core.toolbox import tool as tool
from toolyard.core.watching import Watched as Watched
from toolyard.core.workflow_errors import ClaimLost as ClaimLost
from toolyard.core.workflow_errors import PlanFailed as PlanFailed
from toolyard.core.workflow_errors import RedesignLimitExceeded as RedesignLimitExceeded
from toolyard.core.workflow_errors import StepLimitExceeded as StepLimitExceeded
from toolyard.core.workflow_errors import WorkflowError as WorkflowError
from toolyard.core.wrapper import Wrapper as Wrapper
from toolyard.egress.answer import HttpAnswer as HttpAnswer
from toolyard.egress.credentials import Credential as Credential
from toolyard.events.agent_events import AgentEvent as AgentEvent
from toolyard.events.agent_events import ContextCompacted as ContextCompacted
from toolyard.events.agent_events import Forked as Forked
from toolyard.events.agent_events import ForkedWithContext as ForkedWithContext
from toolyard.events.agent_events import LLMCallCompleted as LLMCallCompleted
from toolyard.events.agent_events import LLMCallStarted as LLMCallStarted
from toolyard.events.agent_events import LLMContentDelta as LLMContentDelta
from toolyard.events.agent_events import LLMReasoningDelta as LLMReasoningDelta
from toolyard.events.agent_events import LLMWaiting as LLMWaiting
from toolyard.events.agent_events import MessageReceived as MessageReceived
from toolyard.events.agent_events import ProtocolAdded as ProtocolAdded
from toolyard.events.agent_events import ProtocolRemoved as ProtocolRemoved
from toolyard.events.agent_events import SendCompleted as SendCompleted
from toolyard.events.agent_events import SendFailed as SendFailed
from toolyard.events.agent_events import SendStarted as SendStarted
from toolyard.events.agent_events import SystemPromptSet as SystemPromptSet
from toolyard.events.agent_events import ThoughtCommitted as ThoughtCommitted
from toolyard.events.agent_events import ToolCallDetected as ToolCallDetected
from toolyard.events.agent_events import ToolExecutionCompleted as ToolExecutionCompleted
from toolyard.events.agent_events import ToolMaxIterationsReached as ToolMaxIterationsReached
from toolyard.events.agent_metrics import AgentMetrics as AgentMetrics
from toolyard.events.bus import EventBus as EventBus
from toolyard.events.console_sink import ConsoleSink as ConsoleSink
from toolyard.events.delivery import Delivery as Delivery
from toolyard.events.json_lines import JsonLines as JsonLines
from toolyard.events.json_lines import RecordedEvent as RecordedEvent
from toolyard.events.json_lines import events_in as events_in
from toolyard.events.log import log_event as log_event
from toolyard.events.log_setup import setup_logging as setup_logging
from toolyard.events.orchestration_events import AgentFailed as AgentFailed
from toolyard.events.orchestration_events import AgentResponded as AgentResponded
from toolyard.events.orchestration_events import AgentSelected as AgentSelected
from toolyard.events.orchestration_events import ConvergenceChecked as ConvergenceChecked
from toolyard.events.orchestration_events import MemberEvent as MemberEvent
from toolyard.events.orchestration_events import OrchestrationEvent as OrchestrationEvent
from toolyard.events.orchestration_events import RalphIterationStarted as RalphIterationStarted
from toolyard.events.orchestration_events import RalphTaskCompleted as RalphTaskCompleted
from toolyard.events.orchestration_events import RoundCompleted as RoundCompleted
from toolyard.events.orchestration_events import RoundStarted as RoundStarted
from toolyard.events.orchestration_events import RunCompleted as RunCompleted
from toolyard.events.orchestration_events import RunFailed as RunFailed
from toolyard.events.orchestration_events import RunStarted as RunStarted
from toolyard.events.orchestration_events import Scored as Scored
from toolyard.events.orchestration_events import StepRecovered as StepRecovered
from toolyard.events.orchestration_events import TaskClaimed as TaskClaimed
from toolyard.events.orchestration_events import TaskCompleted as TaskCompleted
from toolyard.events.orchestration_events import TaskEvent as TaskEvent
from toolyard.events.orchestration_events import TaskFailed as TaskFailed
from toolyard.events.types import CallFinished as CallFinished
from toolyard.events.types import CallStarted as CallStarted
from toolyard.events.types import ConnectionCut as ConnectionCut
from toolyard.events.types import MountChanged as MountChanged
from toolyard.events.types import RequestRefused as RequestRefused
from toolyard.events.types import ServerStarted as ServerStarted
from toolyard.events.types import ServerStopped as ServerStopped
from toolyard.events.types import ServerStopping as ServerStopping
from toolyard.events.types import SettingsRead as SettingsRead
from toolyard.events.types import ToolHidden as ToolHidden
from toolyard.llm.batch import complete_all as complete_all
from toolyard.llm.budget import Budget as Budget
from toolyard.llm.budget import Budgeted as Budgeted
from toolyard.llm.budget import BudgetLimits as BudgetLimits
from toolyard.llm.chat import ChatRequest as ChatRequest
from toolyard.llm.chat import OutputSchema as OutputSchema
from toolyard.llm.chat import ReasoningDelta as ReasoningDelta
from toolyard.llm.chat import Reply as Reply
from toolyard.llm.chat import TextDelta as TextDelta
from toolyard.llm.chat import ToolUseDelta as ToolUseDelta
from toolyard.llm.chat_model import ChatModel as ChatModel
from toolyard.llm.chat_model import StreamingModel as StreamingModel
from toolyard.llm.complete import complete as complete
from toolyard.llm.complete import stream as stream
from toolyard.llm.complete import structured_complete as structured_complete
from toolyard.llm.fallback import Fallback as Fallback
from toolyard.llm.journaled_model import JournaledModel as JournaledModel
from toolyard.llm.message import Message as Message
from toolyard.llm.message import Reasoning as Reasoning
from toolyard.llm.message import ToolUse as ToolUse
from toolyard.llm.message import ToolUseResult as ToolUseResult
from toolyard.llm.model_settings import BALANCED as BALANCED
from toolyard.llm.model_settings import CREATIVE as CREATIVE
from toolyard.llm.model_settings import DETERMINISTIC as DETERMINISTIC
from toolyard.llm.model_settings import ModelSettings as ModelSettings
from toolyard.llm.models import chat_model as chat_model
from toolyard.llm.prices import ListPrices as ListPrices
from toolyard.llm.prices import Price as Price
from toolyard.llm.prices import Prices as Prices
from toolyard.llm.retrying import Retrying as Retrying
from toolyard.llm.retrying import RetryPolicy as RetryPolicy
from toolyard.llm.scripted_model import EchoModel as EchoModel
from toolyard.llm.scripted_model import ScriptedModel as ScriptedModel
from toolyard.llm.session import LLMSession as LLMSession
from toolyard.llm.session_stores import FileSessions as FileSessions
from toolyard.llm.session_stores import SessionStore as SessionStore
from toolyard.llm.session_stores import StoredSessions as StoredSessions
from toolyard.llm.usage import Usage as Usage
from toolyard.orchestration.deciding.scoring import Scorer as Scorer
from toolyard.orchestration.elsewhere import Elsewhere as Elsewhere
from toolyard.orchestration.engines.fan_out import Choose as Choose
from toolyard.orchestration.engines.fan_out import Chosen as Chosen
from toolyard.orchestration.engines.fan_out import Combine as Combine
from toolyard.orchestration.engines.fan_out import FanOut as FanOut
from toolyard.orchestration.engines.fan_out import Split as Split
from toolyard.orchestration.engines.sequence import Stage as Stage
from toolyard.orchestration.engines.sequence import Stages as Stages
from toolyard.orchestration.hub import Hub as Hub
from toolyard.orchestration.hub import Utterance as Utterance
from toolyard.orchestration.member import Joining as Joining
from toolyard.orchestration.member import Member as Member
from toolyard.orchestration.member import Members as Members
from toolyard.orchestration.member import Runnable as Runnable
from toolyard.orchestration.modes import Agents as Agents
from toolyard.orchestration.modes import AgentTeamMode as AgentTeamMode
from toolyard.orchestration.modes import DebateMode as DebateMode
from toolyard.orchestration.modes import HierarchicalMode as HierarchicalMode
from toolyard.orchestration.modes import Mode as Mode
from toolyard.orchestration.modes import ModeratedMode as ModeratedMode
from toolyard.orchestration.modes import ParallelMode as ParallelMode
from toolyard.orchestration.modes import RalphMode as RalphMode
from toolyard.orchestration.modes import RoundRobinMode as RoundRobinMode
from toolyard.orchestration.on_dbos.dbos_runs import DbosRuns as DbosRuns
from toolyard.orchestration.orchestration import Orchestration as Orchestration
from toolyard.orchestration.orchestration import TeamMessage as TeamMessage
from toolyard.orchestration.person import Person as Person
from toolyard.orchestration.planning.plan import Blueprint as Blueprint
from toolyard.orchestration.planning.plan import Plan as Plan
from toolyard.orchestration.planning.plan import PlanStep as PlanStep
from toolyard.orchestration.planning.recovery import Escalation as Escalation
from toolyard.orchestration.planning.recovery import RecoveryLimits as RecoveryLimits
from toolyard.orchestration.presets.agent_team import AgentTeam as AgentTeam
from toolyard.orchestration.presets.chain_of_density import ChainOfDensity as ChainOfDensity
from toolyard.orchestration.presets.consensus import Consensus as Consensus
from toolyard.orchestration.presets.constitutional import Constitutional as Constitutional
from toolyard.orchestration.presets.constitutional import Principle as Principle
from toolyard.orchestration.presets.debate import Debate as Debate
from toolyard.orchestration.presets.iterative_refinement import Critic as Critic
from toolyard.orchestration.presets.iterative_refinement import Critique as Critique
from toolyard.orchestration.presets.iterative_refinement import Evaluator as Evaluator
from toolyard.orchestration.presets.iterative_refinement import (
    IterativeRefinement as IterativeRefinement,
)
from toolyard.orchestration.presets.layers import Layers as Layers
from toolyard.orchestration.presets.manager_workers import ManagerWorkers as ManagerWorkers
from toolyard.orchestration.presets.map_reduce import MapReduce as MapReduce
from toolyard.orchestration.presets.mixture_of_experts import MixtureOfExperts as MixtureOfExperts
from toolyard.orchestration.presets.moderated import Moderated as Moderated
from toolyard.orchestration.presets.parallel import Parallel as Parallel
from toolyard.orchestration.presets.pipeline import Pipeline as Pipeline
from toolyard.orchestration.presets.planner import Planner as Planner
from toolyard.orchestration.presets.rag import RAG as RAG
from toolyard.orchestration.presets.ralph import Ralph as Ralph
from toolyard.orchestration.presets.reflection import Reflection as Reflection
from toolyard.orchestration.presets.round_robin import RoundRobin as RoundRobin
from toolyard.orchestration.presets.router import Router as Router
from toolyard.orchestration.presets.socratic import Socratic as Socratic
from toolyard.orchestration.presets.supervisor import Supervisor as Supervisor
from toolyard.orchestration.presets.team_worker import TeamWorker as TeamWorker
from toolyard.orchestration.presets.tree_of_thoughts import TreeOfThoughts as TreeOfThoughts
from toolyard.orchestration.remote_agent import RemoteAgent as RemoteAgent
from toolyard.orchestration.seats.seat import Seat as Seat
from toolyard.orchestration.surroundings import Surroundings as Surroundings
from toolyard.orchestration.work.check import CommandCheck as CommandCheck
from toolyard.orchestration.work.check import ReviewCheck as ReviewCheck
from toolyard.orchestration.work.check import Reviewer as Reviewer
from toolyard.orchestration.work.check import verdict_on as verdict_on
from toolyard.orchestration.work.claim import WorkClaim as WorkClaim
from toolyard.orchestration.work.item import Check as Check
from toolyard.orchestration.work.item import Verdict as Verdict
from toolyard.orchestration.work.item import WorkItem as WorkItem
from toolyard.orchestration.work.pool import WorkPool as WorkPool
from toolyard.orchestration.work.records import Outcome as Outcome
from toolyard.orchestration.work.status import PoolStatus as PoolStatus
from toolyard.orchestration.work.status import Working as Working
from toolyard.orchestration.workflow import Engine as Engine
from toolyard.orchestration.workflow import Workflow as Workflow
from toolyard.orchestration.workflow import WorkflowOptions as WorkflowOptions
from toolyard.orchestration.workflow_result import Spent as Spent
from toolyard.orchestration.workflow_result import Step as Step
from toolyard.orchestration.workflow_result import WorkflowResult as WorkflowResult
from toolyard.orchestration.workflow_run import Ask as Ask
from toolyard.orchestration.workflow_run import OnError as OnError
from toolyard.orchestration.workflow_run import RunFacts as RunFacts
from toolyard.orchestration.workflow_run import WorkflowRun as WorkflowRun
from toolyard.prompts.action import Action as Action
from toolyard.prompts.action import InnerText as InnerText
from toolyard.prompts.actions import ActionReading as ActionReading
from toolyard.prompts.actions import Actions as Actions
from toolyard.prompts.actions import FoundAction as FoundAction
from toolyard.prompts.examples import example_text as example_text
from toolyard.prompts.examples import examples_section as examples_section
from toolyard.prompts.extraction import Extracted as Extracted
from toolyard.prompts.extraction import extract as extract
from toolyard.prompts.extraction import extract_json as extract_json
from toolyard.prompts.extraction import read_json as read_json
from toolyard.prompts.images import image_from_base64 as image_from_base64
from toolyard.prompts.images import image_from_bytes as image_from_bytes
from toolyard.prompts.images import image_from_data_url as image_from_data_url
from toolyard.prompts.images import image_from_path as image_from_path
from toolyard.prompts.intent import IntentEnum as IntentEnum
from toolyard.prompts.intent import IntentFrame as IntentFrame
from toolyard.prompts.parts import prompt_parts as prompt_parts
from toolyard.prompts.parts import to_prompt as to_prompt
from toolyard.prompts.places import Fenced as Fenced
from toolyard.prompts.places import Keyword as Keyword
from toolyard.prompts.places import Pattern as Pattern
from toolyard.prompts.places import Place as Place
from toolyard.prompts.places import Tagged as Tagged
from toolyard.prompts.places import Whole as Whole
from toolyard.prompts.prompt_enum import SKIP as SKIP
from toolyard.prompts.prompt_enum import PromptEnum as PromptEnum
from toolyard.prompts.prompt_field import PromptField as PromptField
from toolyard.prompts.prompt_model import PromptModel as PromptModel
from toolyard.prompts.schema_text import schema_text as schema_text
from toolyard.prompts.template import Template as Template
from toolyard.prompts.template import prompt as prompt
from toolyard.registry.comparison import Comparison as Comparison
from toolyard.registry.mount import Policy as Policy
from toolyard.registry.policies.large_results import LargeResults as LargeResults
from toolyard.registry.policies.name_filter import NameFilter as NameFilter
from toolyard.registry.policies.rename import Rename as Rename
from toolyard.registry.policies.result_reader import ResultReader as ResultReader
from toolyard.registry.policies.shelf import KeptResult as KeptResult
from toolyard.registry.policies.shelf import ResultShelf as ResultShelf
from toolyard.registry.policies.time_limit import TimeLimit as TimeLimit
from toolyard.registry.tool_registry import ToolRegistry as ToolRegistry
from toolyard.security.rate import RateLimit as RateLimit
from toolyard.security.verifier import TokenVerifier as TokenVerifier
from toolyard.servers.builder import MCPServerBuilder as MCPServerBuilder
from toolyard.servers.limits import Limits as Limits
from toolyard.servers.tool_server import ToolServer as ToolServer
from toolyard.storage.journal.journal import BegunStep as BegunStep
from toolyard.storage.journal.journal import DurableJournal as DurableJournal
from toolyard.storage.journal.journal import Journal as Journal
from toolyard.storage.journal.journal import OpenRun as OpenRun
from toolyard.storage.journal.journal import RunRecord as RunRecord
from toolyard.storage.journal.journal import RunState as RunState
from toolyard.storage.journal.journal import StepKeeper as StepKeeper
from toolyard.storage.journal.journal import StepRecord as StepRecord
from toolyard.storage.journal.journal import StepState as StepState
from toolyard.storage.journal.opening import journal_at as journal_at
from toolyard.storage.journal.postgres_journal import PostgresJournal as PostgresJournal
from toolyard.storage.journal.recorded_journal import RecordedJournal as RecordedJournal
from toolyard.storage.journal.sqlite_journal import SqliteJournal as SqliteJournal
from toolyard.storage.journal.steps import Steps as Steps
from toolyard.storage.ledger_check import LedgerHead as LedgerHead
from toolyard.storage.ledger_check import LedgerVerdict as LedgerVerdict
from toolyard.storage.memory_store import MemoryStore as MemoryStore
from toolyard.storage.redis_store import RedisStore as RedisStore
from toolyard.storage.signed_head import SignedHead as SignedHead
from toolyard.storage.sqlite_store import SqliteStore as SqliteStore
from toolyard.storage.store import ChangeStream as ChangeStream
from toolyard.storage.store import Entry as Entry
from toolyard.storage.store import ListedKey as ListedKey
from toolyard.storage.store import Page as Page
from toolyard.storage.store import Sizes as Sizes
from toolyard.storage.store import Store as Store
from toolyard.storage.store import StoreChange as StoreChange
from toolyard.storage.store import StoreLimits as StoreLimits
from toolyard.thoughts.thought import Thought as Thought
from toolyard.thoughts.thought_chain import ThoughtChain as ThoughtChain
from toolyard.version import __version__ as __version__
from toolyard.wiring.specialists import file_agent as file_agent
from toolyard.wiring.specialists import general_agent as general_agent
from toolyard.wiring.specialists import shell_agent as shell_agent
from toolyard.wiring.specialists import web_agent as web_agent

__all__ = [
    "BALANCED",
    "CREATIVE",
    "DETERMINISTIC",
    "RAG",
    "SKIP",
    "Action",
    "ActionReading",
    "Actions",
    "Agent",
    "AgentEvent",
    "AgentFailed",
    "AgentLimits",
    "AgentMetrics",
    "AgentResponded",
    "AgentSelected",
    "AgentTeam",
    "AgentTeamMode",
    "Agents",
    "Allow",
    "Answered",
    "Approve",
    "Ask",
    "AskPerson",
    "Audio",
    "AwaitPerson",
    "Bash",
    "BegunStep",
    "Blueprint",
    "Budget",
    "BudgetLimits",
    "BudgetSpent",
    "Budgeted",
    "Calculator",
    "CallChannel",
    "CallContext",
    "CallFinished",
    "CallInterrupted",
    "CallScope",
    "CallStarted",
    "CallTimeout",
    "Caller",
    "ChainOfDensity",
    "Change",
    "ChangeProtocol",
    "ChangeStream",
    "ChatModel",
    "ChatRequest",
    "Check",
    "Choose",
    "Chosen",
    "Claim",
    "ClaimLost",
    "Combine",
    "CommandCheck",
    "CommandLimits",
    "CommandResult",
    "Comparison",
    "ConfigError",
    "ConnectionCut",
    "Consensus",
    "ConsoleSink",
    "Constitutional",
    "Content",
    "ContentFiltered",
    "ContextCompacted",
    "ContextStrategy",
    "ConvergenceChecked",
    "Credential",
    "Critic",
    "Critique",
    "DbosRuns",
    "Debate",
    "DebateMode",
    "Decision",
    "Delivery",
    "Deny",
    "DropOldResults",
    "DurableJournal",
    "EchoModel",
    "Edit",
    "Elsewhere",
    "Engine",
    "Entry",
    "Escalation",
    "Evaluator",
    "Event",
    "EventBus",
    "EventHandler",
    "Extracted",
    "ExtractionError",
    "Fallback",
    "FanOut",
    "Fenced",
    "FileEntry",
    "FileListing",
    "FileMatch",
    "FileMatches",
    "FileSessions",
    "FileSystem",
    "Forked",
    "ForkedWithContext",
    "FoundAction",
    "HealthProtocol",
    "HierarchicalMode",
    "HttpAnswer",
    "HttpClient",
    "Hub",
    "Icon",
    "Identity",
    "Image",
    "ImageGeneration",
    "ImageModel",
    "InnerText",
    "InputRequest",
    "InputRequired",
    "IntentEnum",
    "IntentFrame",
    "InvalidArguments",
    "InvalidCursor",
    "InvalidRequest",
    "InvalidTool",
    "Isolation",
    "IterativeRefinement",
    "Joining",
    "Journal",
    "JournalError",
    "JournaledModel",
    "JsonLines",
    "KeptResult",
    "KeyRefused",
    "Keyword",
    "LLMCallCompleted",
    "LLMCallStarted",
    "LLMContentDelta",
    "LLMReasoningDelta",
    "LLMSession",
    "LLMWaiting",
    "LargeResults",
    "Layers",
    "LedgerHead",
    "LedgerVerdict",
    "LibraryOwner",
    "LibraryProtocol",
    "Limits",
    "ListPrices",
    "ListedKey",
    "Listener",
    "Listeners",
    "LogLevel",
    "MCPClient",
    "MCPServerBuilder",
    "ManagerWorkers",
    "MapReduce",
    "Member",
    "MemberEvent",
    "Members",
    "Memory",
    "MemoryItem",
    "MemoryStore",
    "Message",
    "MessageReceived",
    "MissingCapability",
    "MixtureOfExperts",
    "Mode",
    "ModelError",
    "ModelSettings",
    "ModelUnreachable",
    "Moderated",
    "ModeratedMode",
    "MountChanged",
    "NameClash",
    "NameFilter",
    "NativeTools",
    "NotAdmitted",
    "NotAllowed",
    "NoveltyAware",
    "OnError",
    "OpenAPIClient",
    "OpenRun",
    "Orchestration",
    "OrchestrationEvent",
    "Outcome",
    "OutcomeUnknown",
    "OutputSchema",
    "OwnThoughts",
    "Page",
    "Parallel",
    "ParallelMode",
    "Pattern",
    "Person",
    "Pipeline",
    "Place",
    "PlaceholderModel",
    "Plan",
    "PlanFailed",
    "PlanStep",
    "Planner",
    "Policy",
    "PoolStatus",
    "PostgresJournal",
    "Price",
    "Prices",
    "Principle",
    "PromptArgument",
    "PromptEnum",
    "PromptError",
    "PromptField",
    "PromptInfo",
    "PromptMessage",
    "PromptModel",
    "ProtocolAdded",
    "ProtocolRemoved",
    "QuotaSpent",
    "Ralph",
    "RalphIterationStarted",
    "RalphMode",
    "RalphTaskCompleted",
    "RateLimit",
    "RateLimited",
    "ReAct",
    "Reasoning",
    "ReasoningDelta",
    "Recipe",
    "RecordedEvent",
    "RecordedJournal",
    "RecoveryLimits",
    "RedesignLimitExceeded",
    "RedisStore",
    "Reflection",
    "RemoteAgent",
    "RemoteFault",
    "Rename",
    "Reply",
    "RequestRefused",
    "Resource",
    "ResourceInfo",
    "ResourceLink",
    "ResultReader",
    "ResultShelf",
    "RetryPolicy",
    "Retrying",
    "ReviewCheck",
    "Reviewer",
    "RoundCompleted",
    "RoundRobin",
    "RoundRobinMode",
    "RoundStarted",
    "Router",
    "RunCancelled",
    "RunCompleted",
    "RunDiverged",
    "RunFacts",
    "RunFailed",
    "RunLost",
    "RunPaused",
    "RunPiece",
    "RunRecord",
    "RunResult",
    "RunStarted",
    "RunState",
    "RunTaken",
    "Runnable",
    "Scored",
    "Scorer",
    "ScriptedModel",
    "Seat",
    "SelfCompression",
    "SendCompleted",
    "SendFailed",
    "SendStarted",
    "ServerStarted",
    "ServerStopped",
    "ServerStopping",
    "SessionStore",
    "SettingsRead",
    "SignedHead",
    "Sizes",
    "Socratic",
    "Spent",
    "Split",
    "SqliteJournal",
    "SqliteStore",
    "Stage",
    "Stages",
    "StdioServer",
    "Step",
    "StepInDoubt",
    "StepKeeper",
    "StepLimitExceeded",
    "StepRecord",
    "StepRecovered",
    "StepState",
    "Steps",
    "Store",
    "StoreChange",
    "StoreError",
    "StoreFull",
    "StoreLimits",
    "StoreUnavailable",
    "StoreUnusable",
    "StoredSessions",
    "StreamingModel",
    "Supervisor",
    "Surroundings",
    "SwapRefused",
    "SystemPromptSet",
    "Tagged",
    "TaskClaimed",
    "TaskCompleted",
    "TaskEvent",
    "TaskFailed",
    "TeamMessage",
    "TeamWorker",
    "Template",
    "Text",
    "TextDelta",
    "TextTools",
    "Thought",
    "ThoughtChain",
    "ThoughtCommitted",
    "TimeLimit",
    "TokenLimit",
    "TokenVerifier",
    "Tool",
    "ToolAccess",
    "ToolAnnotations",
    "ToolCall",
    "ToolCallDetected",
    "ToolError",
    "ToolExecutionCompleted",
    "ToolFinished",
    "ToolForm",
    "ToolHidden",
    "ToolMaxIterationsReached",
    "ToolProtocol",
    "ToolRegistry",
    "ToolResult",
    "ToolServer",
    "ToolStarted",
    "ToolUse",
    "ToolUseDelta",
    "ToolUseResult",
    "Toolbox",
    "ToolyardError",
    "TreeOfThoughts",
    "Trim",
    "Unclear",
    "UnfitReply",
    "UnknownName",
    "Unreachable",
    "Usage",
    "Utterance",
    "Verdict",
    "Wanted",
    "WatchProtocol",
    "Watched",
    "Whole",
    "WorkClaim",
    "WorkItem",
    "WorkPool",
    "Workflow",
    "WorkflowError",
    "WorkflowOptions",
    "WorkflowResult",
    "WorkflowRun",
    "Working",
    "Wrapper",
    "__version__",
    "chat_model",
    "complete",
    "complete_all",
    "elicit",
    "events_in",
    "example_text",
    "examples_section",
    "extract",
    "extract_json",
    "file_agent",
    "general_agent",
    "image_from_base64",
    "image_from_bytes",
    "image_from_data_url",
    "image_from_path",
    "image_model",
    "journal_at",
    "list_roots",
    "log_event",
    "prompt",
    "prompt_parts",
    "read_json",
    "register_image_generation_tool",
    "sample",
    "schema_text",
    "setup_logging",
    "shell_agent",
    "stream",
    "structured_complete",
    "thought_tools",
    "to_prompt",
    "tool",
    "verdict_on",
    "web_agent",
]
