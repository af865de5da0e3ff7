"""Tools on the network: served over MCP, guarded, swapped while they work.

The public names load on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from toolyard.version import __version__

if TYPE_CHECKING:
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
    from toolyard.core.errors import CallInterrupted as CallInterrupted
    from toolyard.core.errors import CallTimeout as CallTimeout
    from toolyard.core.errors import ConfigError as ConfigError
    from toolyard.core.errors import ExtractionError as ExtractionError
    from toolyard.core.errors import InputRequired as InputRequired
    from toolyard.core.errors import InvalidArguments as InvalidArguments
    from toolyard.core.errors import InvalidCursor as InvalidCursor
    from toolyard.core.errors import InvalidTool as InvalidTool
    from toolyard.core.errors import MissingCapability as MissingCapability
    from toolyard.core.errors import NameClash as NameClash
    from toolyard.core.errors import NotAdmitted as NotAdmitted
    from toolyard.core.errors import NotAllowed as NotAllowed
    from toolyard.core.errors import OutcomeUnknown as OutcomeUnknown
    from toolyard.core.errors import PromptError as PromptError
    from toolyard.core.errors import RemoteFault as RemoteFault
    from toolyard.core.errors import StoreError as StoreError
    from toolyard.core.errors import StoreFull as StoreFull
    from toolyard.core.errors import StoreUnavailable as StoreUnavailable
    from toolyard.core.errors import StoreUnusable as StoreUnusable
    from toolyard.core.errors import SwapRefused as SwapRefused
    from toolyard.core.errors import ToolError as ToolError
    from toolyard.core.errors import ToolyardError as ToolyardError
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
    from toolyard.core.wrapper import Wrapper as Wrapper
    from toolyard.egress.answer import HttpAnswer as HttpAnswer
    from toolyard.egress.credentials import Credential as Credential
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
    from toolyard.storage.memory_store import MemoryStore as MemoryStore
    from toolyard.storage.redis_store import RedisStore as RedisStore
    from toolyard.storage.sqlite_store import SqliteStore as SqliteStore
    from toolyard.storage.store import ChangeStream as ChangeStream
    from toolyard.storage.store import Entry as Entry
    from toolyard.storage.store import ListedKey as ListedKey
    from toolyard.storage.store import Page as Page
    from toolyard.storage.store import Sizes as Sizes
    from toolyard.storage.store import Store as Store
    from toolyard.storage.store import StoreChange as StoreChange
    from toolyard.storage.store import StoreLimits as StoreLimits

_HOMES = {
    "Action": "prompts.action",
    "ActionReading": "prompts.actions",
    "Actions": "prompts.actions",
    "Audio": "core.content",
    "Bash": "builtin_tools.bash.bash",
    "Calculator": "builtin_tools.calculator",
    "CallChannel": "core.context",
    "CallContext": "core.context",
    "CallFinished": "events.types",
    "CallInterrupted": "core.errors",
    "CallScope": "core.call_scope",
    "CallStarted": "events.types",
    "CallTimeout": "core.errors",
    "Caller": "core.context",
    "Change": "core.protocol",
    "ChangeProtocol": "core.protocol",
    "ChangeStream": "storage.store",
    "Claim": "builtin_tools.memory",
    "CommandLimits": "builtin_tools.bash.order",
    "CommandResult": "builtin_tools.bash.result",
    "Comparison": "registry.comparison",
    "ConfigError": "core.errors",
    "ConnectionCut": "events.types",
    "Content": "core.content",
    "Credential": "egress.credentials",
    "Entry": "storage.store",
    "Event": "core.context",
    "EventHandler": "core.context",
    "Extracted": "prompts.extraction",
    "ExtractionError": "core.errors",
    "Fenced": "prompts.places",
    "FileEntry": "builtin_tools.filesystem.entry",
    "FileListing": "builtin_tools.filesystem.entry",
    "FileMatch": "builtin_tools.filesystem.entry",
    "FileMatches": "builtin_tools.filesystem.entry",
    "FileSystem": "builtin_tools.filesystem.file_system",
    "FoundAction": "prompts.actions",
    "HealthProtocol": "core.protocol",
    "HttpAnswer": "egress.answer",
    "HttpClient": "builtin_tools.http_client",
    "Icon": "core.tool",
    "Image": "core.content",
    "ImageGeneration": "builtin_tools.images.generation",
    "ImageModel": "builtin_tools.images.model",
    "InnerText": "prompts.action",
    "InputRequest": "core.inputs",
    "InputRequired": "core.errors",
    "IntentEnum": "prompts.intent",
    "IntentFrame": "prompts.intent",
    "InvalidArguments": "core.errors",
    "InvalidCursor": "core.errors",
    "InvalidTool": "core.errors",
    "Isolation": "builtin_tools.bash.isolation",
    "KeptResult": "registry.policies.shelf",
    "Keyword": "prompts.places",
    "LargeResults": "registry.policies.large_results",
    "LibraryOwner": "core.protocol",
    "LibraryProtocol": "core.protocol",
    "Limits": "servers.limits",
    "ListedKey": "storage.store",
    "Listener": "core.protocol",
    "Listeners": "core.protocol",
    "LogLevel": "core.context",
    "MCPClient": "clients.mcp_client",
    "MCPServerBuilder": "servers.builder",
    "Memory": "builtin_tools.memory",
    "MemoryItem": "builtin_tools.memory",
    "MemoryStore": "storage.memory_store",
    "MissingCapability": "core.errors",
    "MountChanged": "events.types",
    "NameClash": "core.errors",
    "NameFilter": "registry.policies.name_filter",
    "NotAdmitted": "core.errors",
    "NotAllowed": "core.errors",
    "OpenAPIClient": "clients.openapi.openapi_client",
    "OutcomeUnknown": "core.errors",
    "Page": "storage.store",
    "Pattern": "prompts.places",
    "Place": "prompts.places",
    "PlaceholderModel": "builtin_tools.images.placeholder",
    "Policy": "registry.mount",
    "PromptArgument": "core.protocol",
    "PromptEnum": "prompts.prompt_enum",
    "PromptError": "core.errors",
    "PromptField": "prompts.prompt_field",
    "PromptInfo": "core.protocol",
    "PromptMessage": "core.protocol",
    "PromptModel": "prompts.prompt_model",
    "RateLimit": "security.rate",
    "RedisStore": "storage.redis_store",
    "RemoteFault": "core.errors",
    "Rename": "registry.policies.rename",
    "RequestRefused": "events.types",
    "Resource": "core.content",
    "ResourceInfo": "core.protocol",
    "ResourceLink": "core.content",
    "ResultReader": "registry.policies.result_reader",
    "ResultShelf": "registry.policies.shelf",
    "SKIP": "prompts.prompt_enum",
    "ServerStarted": "events.types",
    "ServerStopped": "events.types",
    "ServerStopping": "events.types",
    "SettingsRead": "events.types",
    "Sizes": "storage.store",
    "SqliteStore": "storage.sqlite_store",
    "StdioServer": "clients.targets",
    "Store": "storage.store",
    "StoreChange": "storage.store",
    "StoreError": "core.errors",
    "StoreFull": "core.errors",
    "StoreLimits": "storage.store",
    "StoreUnavailable": "core.errors",
    "StoreUnusable": "core.errors",
    "SwapRefused": "core.errors",
    "Tagged": "prompts.places",
    "Template": "prompts.template",
    "Text": "core.content",
    "TimeLimit": "registry.policies.time_limit",
    "TokenVerifier": "security.verifier",
    "Tool": "core.tool",
    "ToolAnnotations": "core.tool",
    "ToolCall": "core.tool",
    "ToolError": "core.errors",
    "ToolHidden": "events.types",
    "ToolProtocol": "core.protocol",
    "ToolRegistry": "registry.tool_registry",
    "ToolResult": "core.tool",
    "ToolServer": "servers.tool_server",
    "Toolbox": "core.toolbox",
    "ToolyardError": "core.errors",
    "UnknownName": "core.errors",
    "Unreachable": "core.errors",
    "WatchProtocol": "core.protocol",
    "Watched": "core.watching",
    "Whole": "prompts.places",
    "Wrapper": "core.wrapper",
    "elicit": "core.inputs",
    "example_text": "prompts.examples",
    "examples_section": "prompts.examples",
    "extract": "prompts.extraction",
    "extract_json": "prompts.extraction",
    "image_from_base64": "prompts.images",
    "image_from_bytes": "prompts.images",
    "image_from_data_url": "prompts.images",
    "image_from_path": "prompts.images",
    "image_model": "builtin_tools.images.providers",
    "list_roots": "core.inputs",
    "prompt": "prompts.template",
    "prompt_parts": "prompts.parts",
    "read_json": "prompts.extraction",
    "register_image_generation_tool": "builtin_tools.images.generation",
    "sample": "core.inputs",
    "schema_text": "prompts.schema_text",
    "to_prompt": "prompts.parts",
    "tool": "core.toolbox",
}

__all__ = ["__version__", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'toolyard' has no attribute {name!r}")
    value = getattr(import_module(f"toolyard.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
