"""The protocol: tools, two resources, a prompt, and notifications when provider or limits change.

Works are done in a thread (they read files); a mistake becomes an answer with `isError`, a sentence
and its cure, never a traceback.
"""

from __future__ import annotations

import json
from collections import deque

import anyio
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.session import ServerSession
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    ResourcesListChanged,
    ResourceUpdated,
)
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from pf_tui import __version__, snapshot
from pf_tui.documents import models, status
from pf_tui.errors import PfError
from pf_tui.mcp_server import completing, quoting, telling, tools
from pf_tui.mcp_server.changes import MODELS_URI, STATUS_URI, Watcher
from pf_tui.mcp_server.table import Tool
from pf_tui.sessions.overview import overview
from pf_tui.state.context import Context

LOOK_EVERY_S = 1.0
"""Seven stamps a second cost nothing; a switch is told within that."""

MAX_SESSIONS = 64
"""Sessions of the older protocol that are told of changes; the oldest fall out."""

INSTRUCTIONS = (
    "pf-tui keeps AI coding agents working when a provider runs out. provider.active says who serves now; "
    "provider.switch changes it from the next turn on; analytics.summary says what was used and what it cost."
)

Request = ServerRequestContext[object, object]


class PfServer(Server[object]):
    """The SDK's server, announcing to every client that its resources change."""

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, object]] | None = None,
        extensions: dict[str, dict[str, object]] | None = None,
    ) -> InitializationOptions:
        options = notification_options or NotificationOptions(resources_changed=True)
        return super().create_initialization_options(options, experimental_capabilities, extensions)


class ServerState:
    """One server's answers, its subscribers, and what it last told them."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.watcher = Watcher(ctx)
        self.bus = InMemorySubscriptionBus()
        self.sessions: deque[ServerSession] = deque(maxlen=MAX_SESSIONS)
        self.subscribed: deque[tuple[ServerSession, str]] = deque(maxlen=4 * MAX_SESSIONS)
        self.journal = telling.JournalTail(ctx)
        self.levels: deque[tuple[object, types.LoggingLevel]] = deque(maxlen=MAX_SESSIONS)
        """(what a client said of itself, what it wants to hear), the latest last."""
        self.server = PfServer(
            "pf-tui",
            version=__version__,
            title="pf-tui: AI providers and fallback",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_read_resource=self._read_resource,
            on_subscribe_resource=self._subscribe,
            on_unsubscribe_resource=self._unsubscribe,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
            on_list_resource_templates=self._list_templates,
            on_completion=self._complete,
            on_subscriptions_listen=ListenHandler(self.bus),
        )
        # of the protocol to 2025-11-25; the constructor's own argument for it warns on every start
        self.server.add_request_handler("logging/setLevel", types.SetLevelRequestParams, self._set_level)
        self.server.add_notification_handler(
            "notifications/initialized", types.NotificationParams, self._initialized
        )

    async def watch(self) -> None:
        """Tell subscribers what changes, until cancelled."""
        while True:
            await anyio.sleep(LOOK_EVERY_S)
            moved_files, changed_uris = await anyio.to_thread.run_sync(self.watcher.poll)
            for uri in sorted(changed_uris):
                await self.bus.publish(ResourceUpdated(uri=uri))
                for session, uris in list(self.subscribed):
                    if uris == uri:
                        await self._tell(session, _updated(uri))
            for level, data in await anyio.to_thread.run_sync(self.journal.poll):
                for session in list(self.sessions):
                    if telling.reaches(level, self._wanted(session)):
                        await self._tell(session, _log_message(level, data))
            if moved_files:
                await self.bus.publish(ResourcesListChanged())
                for session in list(self.sessions):
                    await self._tell(session, types.ResourceListChangedNotification())

    async def _tell(self, session: ServerSession, notification: types.ServerNotification) -> None:
        try:
            await session.send_notification(notification)
        except Exception:
            # whatever the transport raises: this client has left
            self.sessions = deque((s for s in self.sessions if s is not session), maxlen=MAX_SESSIONS)

    async def _initialized(self, request: Request, _: types.NotificationParams) -> None:
        self.sessions.append(request.session)

    async def _set_level(self, request: Request, params: types.SetLevelRequestParams) -> types.EmptyResult:
        self.levels.append((request.session.client_params, params.level))
        return types.EmptyResult()

    def _wanted(self, session: ServerSession) -> types.LoggingLevel:
        client = session.client_params
        return next((level for who, level in reversed(self.levels) if who is client), telling.UNASKED)

    async def _list_templates(
        self, _: Request, __: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=list(completing.TEMPLATES))

    async def _complete(self, _: Request, params: types.CompleteRequestParams) -> types.CompleteResult:
        completion = completing.complete(self.ctx.catalog(), params, PROMPT.name)
        if completion is None:
            typed_text = quoting.sentence(params.argument.name[:80])
            references = ", ".join((completing.PROVIDER_TEMPLATE, completing.MODEL_TEMPLATE, PROMPT.name))
            raise MCPError(
                code=types.INVALID_PARAMS,
                message=f"nothing completes '{typed_text}' there; there are {references}",
            )
        return types.CompleteResult(completion=completion)

    async def _list_tools(self, _: Request, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_listed(tool) for tool in tools.TOOLS])

    async def _call_tool(self, _: Request, call: types.CallToolRequestParams) -> types.CallToolResult:
        tool = tools.BY_NAME.get(call.name)
        if tool is None:
            return _failed(f"no tool is called '{call.name[:60]}'; there are {', '.join(tools.BY_NAME)}")
        try:
            arguments = tool.arguments(**(call.arguments or {}))
        except ValidationError as error:
            return _failed(_what_is_wrong(error))
        try:
            result, text = await anyio.to_thread.run_sync(tool.call, self.ctx, arguments)
        except PfError as error:
            return _failed(str(error))
        except Exception as error:
            return _failed(f"{tool.name} failed inside pf-tui ({type(error).__name__}) · `pf-tui doctor`")
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=quoting.text(text))],
            structured_content=quoting.data(result.model_dump(mode="json", by_alias=True)),
        )

    async def _list_resources(
        self, _: Request, __: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    uri=STATUS_URI,
                    name="status",
                    title="Status",
                    description=f"{self.watcher.summary()}. Every provider, its limits and its use.",
                    mime_type="application/json",
                ),
                types.Resource(
                    uri=MODELS_URI,
                    name="models",
                    title="Model catalog",
                    description="Every model with context, prices and the providers that serve it.",
                    mime_type="application/json",
                ),
            ]
        )

    async def _read_resource(
        self, _: Request, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        try:
            content = await anyio.to_thread.run_sync(self._resource, uri)
        except PfError as error:
            raise MCPError(code=types.INTERNAL_ERROR, message=quoting.sentence(str(error))) from error
        if content is None:
            uri_text = quoting.sentence(uri[:80])
            raise MCPError(
                code=types.INVALID_PARAMS,
                message=f"no resource is called '{uri_text}'; there are {STATUS_URI} and {MODELS_URI}",
            )
        text = json.dumps(content, ensure_ascii=False, indent=1)
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=uri, mime_type="application/json", text=text)]
        )

    def _resource(self, uri: str) -> object:
        if uri == STATUS_URI:
            now = snapshot.take(self.ctx, keep_going=True)
            return quoting.data(status.document(now, sessions=overview(self.ctx)), quoting.strangers(now))
        if uri == MODELS_URI:
            return quoting.data(models.document(self.ctx.catalog()))
        if uri.startswith(f"{STATUS_URI}/"):
            now = snapshot.take(self.ctx, keep_going=True)
            view = now.view(uri.removeprefix(f"{STATUS_URI}/"))
            return quoting.data(status.provider(view), quoting.strangers(now))
        if uri.startswith(f"{MODELS_URI}/"):
            model = self.ctx.catalog().model(uri.removeprefix(f"{MODELS_URI}/"))
            return quoting.data(models.model(model))
        return None

    async def _subscribe(self, request: Request, params: types.SubscribeRequestParams) -> types.EmptyResult:
        self.subscribed.append((request.session, str(params.uri)))
        return types.EmptyResult()

    async def _unsubscribe(
        self, request: Request, params: types.UnsubscribeRequestParams
    ) -> types.EmptyResult:
        uri = str(params.uri)
        remaining = [
            (session, subscription) for session, subscription in self.subscribed if subscription != uri
        ]
        self.subscribed = deque(remaining, maxlen=self.subscribed.maxlen)
        return types.EmptyResult()

    async def _list_prompts(
        self, _: Request, __: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[PROMPT])

    async def _get_prompt(self, _: Request, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        if params.name != PROMPT.name:
            raise MCPError(
                code=types.INVALID_PARAMS,
                message=f"no prompt is called '{quoting.sentence(params.name[:80])}'; there is {PROMPT.name}",
            )
        now = await anyio.to_thread.run_sync(lambda: snapshot.take(self.ctx, keep_going=True))
        task = (params.arguments or {}).get("task") or "the work at hand"
        text = _advice(tools.summary(now), quoting.sentence(task))
        message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))
        return types.GetPromptResult(description=PROMPT.description, messages=[message])


PROMPT = types.Prompt(
    name="provider-advice",
    title="Which provider for this task?",
    description="Looks at providers, limits and cost, and recommends one for a task.",
    arguments=[
        types.PromptArgument(name="task", description="What you are about to do", required=False),
    ],
)


def _advice(now: str, task: str) -> str:
    return (
        f"Which AI provider and model should serve {task}? Now: {now}. "
        "Look at provider.list for states and priorities, at analytics.summary for use and cost, and at "
        "model.info for context windows and prices. Recommend one provider and model with the reason in "
        "two sentences, and name the second choice. Call provider.switch only if I agree."
    )


def _listed(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        output_schema=tool.result.model_json_schema(mode="serialization"),
        annotations=types.ToolAnnotations(
            read_only_hint=not (tool.changes or tool.takes_in),
            destructive_hint=tool.changes,
            idempotent_hint=True,
            open_world_hint=tool.outside,
        ),
    )


def _failed(sentence: str) -> types.CallToolResult:
    sentence_text = quoting.sentence(sentence)
    return types.CallToolResult(content=[types.TextContent(type="text", text=sentence_text)], is_error=True)


def _what_is_wrong(error: ValidationError) -> str:
    """Each wrong argument by name; its value is the caller's and stays out."""
    return "; ".join(
        f"{'.'.join(map(str, error['loc'])) or 'arguments'}: {error['msg'].lower()}"
        for error in error.errors()
    )


def _updated(uri: str) -> types.ResourceUpdatedNotification:
    return types.ResourceUpdatedNotification(params=types.ResourceUpdatedNotificationParams(uri=uri))


def _log_message(level: types.LoggingLevel, data: object) -> types.LoggingMessageNotification:
    params = types.LoggingMessageNotificationParams(level=level, logger=telling.LOGGER, data=data)
    return types.LoggingMessageNotification(params=params)
