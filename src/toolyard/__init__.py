"""Tools on the network: served over MCP, guarded, swapped while they work.

The public names load on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module

from toolyard.version import __version__

_NAMES = {
    "agents.agent": "Agent",
    "agents.approval": "Allow Approve AskPerson AwaitPerson Decision Deny Edit",
    "agents.context.novelty": "NoveltyAware",
    "agents.context.old_results": "DropOldResults",
    "agents.context.self_compression": "SelfCompression",
    "agents.context.strategy": "ContextStrategy",
    "agents.context.trim": "Trim",
    "agents.forms.form": "Answered ToolForm Unclear Wanted",
    "agents.forms.native": "NativeTools",
    "agents.forms.react": "ReAct",
    "agents.forms.text_tools": "TextTools",
    "agents.identity": "Identity",
    "agents.limits": "AgentLimits",
    "agents.own_thoughts": "OwnThoughts",
    "agents.recipe": "Recipe",
    "agents.run_result": "RunPiece RunResult ToolFinished ToolStarted",
    "agents.thought_tools": "thought_tools",
    "agents.tool_round": "ToolAccess",
    "builtin_tools.bash.bash": "Bash",
    "builtin_tools.bash.isolation": "Isolation",
    "builtin_tools.bash.order": "CommandLimits",
    "builtin_tools.bash.result": "CommandResult",
    "builtin_tools.calculator": "Calculator",
    "builtin_tools.filesystem.entry": "FileEntry FileListing FileMatch FileMatches",
    "builtin_tools.filesystem.file_system": "FileSystem",
    "builtin_tools.http_client": "HttpClient",
    "builtin_tools.images.generation": "ImageGeneration register_image_generation_tool",
    "builtin_tools.images.model": "ImageModel",
    "builtin_tools.images.placeholder": "PlaceholderModel",
    "builtin_tools.images.providers": "image_model",
    "builtin_tools.memory": "Claim Memory MemoryItem",
    "clients.mcp_client": "MCPClient",
    "clients.openapi.openapi_client": "OpenAPIClient",
    "clients.targets": "StdioServer",
    "core.call_scope": "CallScope",
    "core.content": "Audio Content Image Resource ResourceLink Text",
    "core.context": "CallChannel CallContext Caller Event EventHandler LogLevel",
    "core.errors": (
        "BudgetSpent CallInterrupted CallTimeout ConfigError ContentFiltered ExtractionError "
        "InputRequired InvalidArguments InvalidCursor InvalidRequest InvalidTool JournalError "
        "KeyRefused MissingCapability ModelError ModelUnreachable NameClash NotAdmitted "
        "NotAllowed OutcomeUnknown PromptError QuotaSpent RateLimited RemoteFault RunCancelled "
        "RunDiverged RunLost RunPaused RunTaken StepInDoubt StoreError StoreFull "
        "StoreUnavailable StoreUnusable SwapRefused TokenLimit ToolError ToolyardError "
        "UnfitReply UnknownName Unreachable"
    ),
    "core.inputs": "InputRequest elicit list_roots sample",
    "core.protocol": (
        "Change ChangeProtocol HealthProtocol LibraryOwner LibraryProtocol Listener Listeners "
        "PromptArgument PromptInfo PromptMessage ResourceInfo ToolProtocol WatchProtocol"
    ),
    "core.tool": "Icon Tool ToolAnnotations ToolCall ToolResult",
    "core.toolbox": "Toolbox tool",
    "core.watching": "Watched",
    "core.workflow_errors": (
        "ClaimLost PlanFailed RedesignLimitExceeded StepLimitExceeded WorkflowError"
    ),
    "core.wrapper": "Wrapper",
    "egress.answer": "HttpAnswer",
    "egress.credentials": "Credential",
    "events.agent_events": (
        "AgentEvent ContextCompacted Forked ForkedWithContext LLMCallCompleted LLMCallStarted "
        "LLMContentDelta LLMReasoningDelta LLMWaiting MessageReceived ProtocolAdded "
        "ProtocolRemoved SendCompleted SendFailed SendStarted SystemPromptSet ThoughtCommitted "
        "ToolCallDetected ToolExecutionCompleted ToolMaxIterationsReached"
    ),
    "events.agent_metrics": "AgentMetrics",
    "events.bus": "EventBus",
    "events.console_sink": "ConsoleSink",
    "events.delivery": "Delivery",
    "events.json_lines": "JsonLines RecordedEvent events_in",
    "events.log": "log_event",
    "events.log_setup": "setup_logging",
    "events.orchestration_events": (
        "AgentFailed AgentResponded AgentSelected ConvergenceChecked MemberEvent "
        "OrchestrationEvent RalphIterationStarted RalphTaskCompleted RoundCompleted "
        "RoundStarted RunCompleted RunFailed RunStarted Scored StepRecovered TaskClaimed "
        "TaskCompleted TaskEvent TaskFailed"
    ),
    "events.types": (
        "CallFinished CallStarted ConnectionCut MountChanged RequestRefused ServerStarted "
        "ServerStopped ServerStopping SettingsRead ToolHidden"
    ),
    "llm.batch": "complete_all",
    "llm.budget": "Budget BudgetLimits Budgeted",
    "llm.chat": "ChatRequest OutputSchema ReasoningDelta Reply TextDelta ToolUseDelta",
    "llm.chat_model": "ChatModel StreamingModel",
    "llm.complete": "complete stream structured_complete",
    "llm.fallback": "Fallback",
    "llm.journaled_model": "JournaledModel",
    "llm.message": "Message Reasoning ToolUse ToolUseResult",
    "llm.model_settings": "BALANCED CREATIVE DETERMINISTIC ModelSettings",
    "llm.models": "chat_model",
    "llm.prices": "ListPrices Price Prices",
    "llm.retrying": "RetryPolicy Retrying",
    "llm.scripted_model": "EchoModel ScriptedModel",
    "llm.session": "LLMSession",
    "llm.session_stores": "FileSessions SessionStore StoredSessions",
    "llm.usage": "Usage",
    "orchestration.deciding.scoring": "Scorer",
    "orchestration.elsewhere": "Elsewhere",
    "orchestration.engines.fan_out": "Choose Chosen Combine FanOut Split",
    "orchestration.engines.sequence": "Stage Stages",
    "orchestration.hub": "Hub Utterance",
    "orchestration.member": "Joining Member Members Runnable",
    "orchestration.modes": (
        "AgentTeamMode Agents DebateMode HierarchicalMode Mode ModeratedMode ParallelMode "
        "RalphMode RoundRobinMode"
    ),
    "orchestration.on_dbos.dbos_runs": "DbosRuns",
    "orchestration.orchestration": "Orchestration TeamMessage",
    "orchestration.person": "Person",
    "orchestration.planning.plan": "Blueprint Plan PlanStep",
    "orchestration.planning.recovery": "Escalation RecoveryLimits",
    "orchestration.presets.agent_team": "AgentTeam",
    "orchestration.presets.chain_of_density": "ChainOfDensity",
    "orchestration.presets.consensus": "Consensus",
    "orchestration.presets.constitutional": "Constitutional Principle",
    "orchestration.presets.debate": "Debate",
    "orchestration.presets.iterative_refinement": "Critic Critique Evaluator IterativeRefinement",
    "orchestration.presets.layers": "Layers",
    "orchestration.presets.manager_workers": "ManagerWorkers",
    "orchestration.presets.map_reduce": "MapReduce",
    "orchestration.presets.mixture_of_experts": "MixtureOfExperts",
    "orchestration.presets.moderated": "Moderated",
    "orchestration.presets.parallel": "Parallel",
    "orchestration.presets.pipeline": "Pipeline",
    "orchestration.presets.planner": "Planner",
    "orchestration.presets.rag": "RAG",
    "orchestration.presets.ralph": "Ralph",
    "orchestration.presets.reflection": "Reflection",
    "orchestration.presets.round_robin": "RoundRobin",
    "orchestration.presets.router": "Router",
    "orchestration.presets.socratic": "Socratic",
    "orchestration.presets.supervisor": "Supervisor",
    "orchestration.presets.team_worker": "TeamWorker",
    "orchestration.presets.tree_of_thoughts": "TreeOfThoughts",
    "orchestration.remote_agent": "RemoteAgent",
    "orchestration.seats.seat": "Seat",
    "orchestration.surroundings": "Surroundings",
    "orchestration.work.check": "CommandCheck ReviewCheck Reviewer verdict_on",
    "orchestration.work.claim": "WorkClaim",
    "orchestration.work.item": "Check Verdict WorkItem",
    "orchestration.work.pool": "WorkPool",
    "orchestration.work.records": "Outcome",
    "orchestration.work.status": "PoolStatus Working",
    "orchestration.workflow": "Engine Workflow WorkflowOptions",
    "orchestration.workflow_result": "Spent Step WorkflowResult",
    "orchestration.workflow_run": "Ask OnError RunFacts WorkflowRun",
    "prompts.action": "Action InnerText",
    "prompts.actions": "ActionReading Actions FoundAction",
    "prompts.examples": "example_text examples_section",
    "prompts.extraction": "Extracted extract extract_json read_json",
    "prompts.images": "image_from_base64 image_from_bytes image_from_data_url image_from_path",
    "prompts.intent": "IntentEnum IntentFrame",
    "prompts.parts": "prompt_parts to_prompt",
    "prompts.places": "Fenced Keyword Pattern Place Tagged Whole",
    "prompts.prompt_enum": "PromptEnum SKIP",
    "prompts.prompt_field": "PromptField",
    "prompts.prompt_model": "PromptModel",
    "prompts.schema_text": "schema_text",
    "prompts.template": "Template prompt",
    "registry.comparison": "Comparison",
    "registry.mount": "Policy",
    "registry.policies.large_results": "LargeResults",
    "registry.policies.name_filter": "NameFilter",
    "registry.policies.rename": "Rename",
    "registry.policies.result_reader": "ResultReader",
    "registry.policies.shelf": "KeptResult ResultShelf",
    "registry.policies.time_limit": "TimeLimit",
    "registry.tool_registry": "ToolRegistry",
    "security.rate": "RateLimit",
    "security.verifier": "TokenVerifier",
    "servers.builder": "MCPServerBuilder",
    "servers.limits": "Limits",
    "servers.tool_server": "ToolServer",
    "storage.journal.journal": (
        "BegunStep DurableJournal Journal OpenRun RunRecord RunState StepKeeper StepRecord "
        "StepState"
    ),
    "storage.journal.opening": "journal_at",
    "storage.journal.postgres_journal": "PostgresJournal",
    "storage.journal.recorded_journal": "RecordedJournal",
    "storage.journal.sqlite_journal": "SqliteJournal",
    "storage.journal.steps": "Steps",
    "storage.ledger_check": "LedgerHead LedgerVerdict",
    "storage.memory_store": "MemoryStore",
    "storage.redis_store": "RedisStore",
    "storage.signed_head": "SignedHead",
    "storage.sqlite_store": "SqliteStore",
    "storage.store": "ChangeStream Entry ListedKey Page Sizes Store StoreChange StoreLimits",
    "thoughts.thought": "Thought",
    "thoughts.thought_chain": "ThoughtChain",
    "wiring.specialists": "file_agent general_agent shell_agent web_agent",
}
"""The public names in each module."""

_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}

__all__ = ["__version__", *sorted(_HOMES)]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'toolyard' has no attribute {name!r}")
    value = getattr(import_module(f"toolyard.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
