// pf-tui in OpenCode: written by `pf-tui install opencode`, taken out by `pf-tui uninstall opencode`.
//
// It decides nothing. Each event goes as JSON to `pf-tui hook opencode EVENT`; the answer says what to do:
//   {answer}   text to show instead of calling a model     {route}    the model this turn runs on
//   {toast}    a line for the person                       {gateway}  where a failed request goes next
//   {refuse}   a sentence that ends the turn at once, when waiting would take hours
// No imports, no packages: OpenCode would wait for an install at its start. Prompts never leave OpenCode.

const COMMAND = ["pf-tui"]
const LOCAL = { providerID: "pf-tui", modelID: "active" }
const AGENT = "pf-tui"
const TAG = "x-pf-tui-model"
const COPIES = Symbol.for("pf-tui")
const PATIENCE_MS = 5000
const MAX_BODY = 8192
const TOLD = ["retry-after", "retry-after-ms", "x-should-retry", "date"]
const TOLD_STARTS = ["anthropic-ratelimit-", "x-ratelimit-", "x-codex-"]

/** What is known of a session: asked, picked and routed models, its pending answer, failures told. */
const sessions = new Map()
const running = new Set()

export const PfTui = async ({ client, directory }) => {
  if (!firstCopy(directory)) return {}
  const bases = {}
  let known

  const ask = (event, data) => hook(event, { cwd: directory, ...data })
  const named = ({ providerID, modelID }) => ({
    provider: providerID,
    model: modelID,
    base_url: bases[providerID],
  })
  const about = (sessionID) => ({ session_id: sessionID, ...named(of(sessionID).serving ?? {}) })

  /** Every provider OpenCode has a login or key for, with its model ids; keys stay in OpenCode. */
  async function available() {
    if (!known) {
      const found = await client.config.providers()
      const list = found.data.providers.filter((one) => one.id !== LOCAL.providerID)
      known = {
        models: Object.fromEntries(list.map((one) => [one.id, Object.keys(one.models ?? {})])),
        defaults: found.data.default ?? {},
      }
    }
    return known
  }

  function toast(line) {
    if (!line?.message) return
    const body = { title: "pf-tui", duration: 8000, variant: "info", ...line }
    Promise.resolve(client.tui.showToast({ body })).catch(() => {})
  }

  /** Perform one of the seven commands; true when there is an answer to show in place of a model's. */
  async function perform(sessionID, command, words, parts) {
    const session = of(sessionID)
    const asked = { session_id: sessionID, command, arguments: words }
    session.answer = (await ask("command.execute.before", asked)).answer
    if (session.answer === undefined) return false
    // synthetic parts start no request for a title; the answer carries its own heading
    for (const part of parts) if (part.type === "text") part.synthetic = true
    return true
  }

  /** The model this turn runs on, if it is another one than asked for. */
  async function reroute(session, input, asked) {
    const { models, defaults } = await available()
    const answer = await ask("chat.message", {
      session_id: input.sessionID,
      ...named(asked),
      agent: input.agent,
      picked: session.picked,
      available: models,
    })
    if (answer.active !== session.active) Object.assign(session, { picked: false, active: answer.active })
    if (answer.route) {
      const move = `${asked.providerID} > ${answer.route.providerID}`
      if (session.moved !== move) toast(answer.toast)
      session.moved = move
      return answer.route
    }
    const [first] = asked.providerID === LOCAL.providerID ? Object.keys(models) : []
    return first && { providerID: first, modelID: defaults[first] }
  }

  const events = {
    "session.error": async ({ sessionID, error }) => {
      if (!sessionID || error?.name === "MessageAbortedError" || reported(sessionID)) return
      toast((await ask("session.error", { ...about(sessionID), error: errorFacts(error) })).toast)
    },
    "session.status": async ({ sessionID, status }) => {
      if (status?.type !== "retry" || reported(sessionID)) return
      const { attempt, message, next } = status
      const data = { ...about(sessionID), attempt, message: masked(message), next }
      const answer = await ask("session.status", data)
      if (answer.benched) of(sessionID).failed = data.provider
      toast(answer.toast)
    },
    "message.updated": ({ info }) => {
      if (info?.role !== "assistant" || !info.time?.completed || info.error) return
      if (info.providerID === LOCAL.providerID || !info.tokens?.output) return
      const { id, tokens, cost, time } = info
      const steps = (of(info.sessionID).steps ??= new Map())
      steps.set(id, { id, ...named(info), tokens, cost, time })
    },
    "session.idle": async ({ sessionID }) => {
      const session = of(sessionID)
      const messages = [...(session.steps?.values() ?? [])]
      session.steps = undefined
      if (messages.length) await ask("message.updated", { ...about(sessionID), messages })
    },
  }

  return guarded({
    config: async (config) => {
      for (const [id, one] of Object.entries(config.provider ?? {})) bases[id] = one?.options?.baseURL
      config.provider = { ...config.provider, [LOCAL.providerID]: localProvider() }
      config.agent = { ...config.agent, [AGENT]: { mode: "primary", hidden: true, prompt: "Answer." } }
      if (Array.isArray(config.enabled_providers)) config.enabled_providers.push(LOCAL.providerID)
      watchFetch()
    },

    "command.execute.before": async ({ command, sessionID, arguments: words }, { parts }) => {
      if (command.startsWith("provider-")) await perform(sessionID, command, words, parts)
    },

    "chat.message": async (input, { message, parts }) => {
      const session = of(input.sessionID)
      const asked = message.model
      const typed = session.answer === undefined && typedCommand(parts)
      if (session.answer !== undefined || (typed && (await perform(input.sessionID, ...typed, parts)))) {
        // the TUI takes over the model of a session's last message, unless its agent is a hidden one
        Object.assign(message, { model: { ...LOCAL }, agent: AGENT })
        return
      }
      const name = `${asked.providerID}/${asked.modelID}`
      if (session.asked && session.asked !== name && session.routed !== name) session.picked = true
      Object.assign(session, { asked: name, failed: undefined })
      const model = { ...asked, ...(await reroute(session, input, asked)) }
      message.model = model
      Object.assign(session, { serving: model, routed: `${model.providerID}/${model.modelID}` })
    },

    "chat.headers": async ({ model }, output) => {
      if (model.providerID !== LOCAL.providerID) output.headers[TAG] = `${model.providerID}/${model.id}`
    },

    "experimental.chat.messages.transform": async (_, { messages }) => {
      const ours = ({ info }) => (info.model ?? info).providerID === LOCAL.providerID
      const last = messages.findLast(({ info }) => info.role === "user")
      if (!last || ours(last)) return
      messages.splice(0, messages.length, ...messages.filter((one) => !ours(one)))
    },

    event: ({ event }) => events[event.type]?.(event.properties),

    dispose: async () => {
      globalThis[COPIES]?.delete(directory)
      await Promise.allSettled(running)
    },
  })
}

/** No fault of ours reaches OpenCode: a hook that throws would end the turn. */
function guarded(hooks) {
  const quiet = (run) => async (...given) => {
    try {
      return await run(...given)
    } catch {
      return undefined
    }
  }
  return Object.fromEntries(Object.entries(hooks).map(([name, run]) => [name, quiet(run)]))
}

/** False for a second copy in the same directory (installed globally and in the project). */
function firstCopy(directory) {
  const copies = (globalThis[COPIES] ??= new Map())
  if ((copies.get(directory) ?? import.meta.url) !== import.meta.url) return false
  copies.set(directory, import.meta.url)
  return true
}

function of(sessionID) {
  if (!sessions.has(sessionID)) sessions.set(sessionID, {})
  return sessions.get(sessionID)
}

/** True when this turn's failure at this provider is known already: one strike per prompt. */
function reported(sessionID) {
  const { failed, serving } = of(sessionID)
  return failed !== undefined && failed === serving?.providerID
}

/** Run `pf-tui hook opencode EVENT`; {} when it is missing, slow or broken: OpenCode never fails for it. */
function hook(event, data) {
  const asked = new Promise((resolve) => {
    const { spawn } = process.getBuiltinModule("node:child_process")
    const [program, ...words] = COMMAND
    // detached: what it writes down is finished even when `opencode run` ends in between
    const child = spawn(program, [...words, "hook", "opencode", event], {
      cwd: data.cwd,
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
    })
    let text = ""
    const done = () => {
      clearTimeout(timer)
      try {
        resolve(JSON.parse(text) ?? {})
      } catch {
        resolve({})
      }
    }
    const timer = setTimeout(done, PATIENCE_MS)
    child.on("error", done)
    child.on("close", done)
    child.stdout.on("data", (part) => (text += part))
    child.stdin.on("error", () => {})
    child.stdin.end(JSON.stringify(data))
  }).catch(() => ({}))
  running.add(asked)
  asked.finally(() => running.delete(asked))
  return asked
}

/** `opencode run "/provider-limits groq"` comes as a plain message, quotes and all: [name, arguments]. */
function typedCommand(parts) {
  const text = parts.find((part) => part.type === "text" && !part.synthetic)?.text ?? ""
  const found = /^"?\/(provider-[a-z]+)(?:[ \t]+([^\n"]*))?"?$/.exec(text.trim())
  return found && [found[1], found[2] ?? ""]
}

/** The provider that answers commands inside this process: no request leaves it. */
function localProvider() {
  return {
    npm: "@ai-sdk/openai-compatible",
    name: "pf-tui",
    options: { baseURL: "http://127.0.0.1:9/v1", apiKey: "none", fetch: answerHere },
    models: { [LOCAL.modelID]: { name: "whoever serves (pf-tui)", limit: { context: 200000, output: 8192 } } },
  }
}

async function answerHere(url, init) {
  const session = of(new Headers(init?.headers).get("x-session-id"))
  const text = session.answer ?? "pf-tui: no provider that OpenCode has can serve now."
  session.answer = undefined
  const event = (rest) =>
    `data: ${JSON.stringify({ id: "pf-tui", object: "chat.completion.chunk", created: 0, model: LOCAL.modelID, ...rest })}\n\n`
  const body =
    event({ choices: [{ index: 0, delta: { role: "assistant", content: text }, finish_reason: null }] }) +
    event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }) +
    event({ choices: [], usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } }) +
    "data: [DONE]\n\n"
  return new Response(body, { headers: { "content-type": "text/event-stream" } })
}

/**
 * Watch model requests where they leave the process, below every provider's own `options.fetch`:
 * a login's fetch (token, address) has done its work there, and options set in config would replace it.
 */
function watchFetch() {
  if (globalThis.fetch.pfTui) return
  const plain = globalThis.fetch
  const watched = async (input, init) => {
    const headers = new Headers(init?.headers ?? input?.headers)
    const tag = headers.get(TAG)
    if (!tag) return plain(input, init)
    headers.delete(TAG)
    const sent = { ...init, headers: Object.fromEntries(headers) }
    const request = { url: String(input?.url ?? input), init: sent, tag, sessionID: headers.get("x-session-id") }
    let answer
    try {
      answer = await plain(input, sent)
    } catch (error) {
      if (sent.signal?.aborted) throw error
      const other = await rescue(plain, request, { network: String(error?.code ?? error?.name) })
      if (other) return other
      throw error
    }
    if (answer.status < 400) return answer
    const text = await answer.text()
    const again = () => new Response(text, { status: answer.status, headers: answer.headers })
    const facts = { status: answer.status, headers: told(answer.headers), body: masked(text.slice(0, MAX_BODY)) }
    return (await rescue(plain, request, facts)) ?? again()
  }
  globalThis.fetch = Object.assign(watched, plain, { pfTui: true })
}

/** What to answer in place of a failed request; undefined = the failure itself. */
async function rescue(plain, { url, init, tag, sessionID }, facts) {
  const [provider, ...rest] = tag.split("/")
  const session = of(sessionID)
  const data = { session_id: sessionID, provider, model: rest.join("/"), url: url.split("?")[0], ...facts }
  const { gateway, benched, refuse } = await hook("request.failed", data)
  if (benched) session.failed = provider
  if (gateway && typeof init.body === "string") {
    const wire = /\/(chat\/completions|responses|messages)$/.exec(data.url)
    const passed = wire && (await plain(`${gateway.url}/v1/${wire[1]}`, handed(init, gateway, provider)).catch(() => {}))
    if (passed) return passed
  }
  if (!refuse) return undefined
  const body = JSON.stringify({ type: "error", error: { type: "billing_error", message: refuse } })
  return new Response(body, { status: 402, headers: { "content-type": "application/json" } })
}

/** The request as the gateway gets it: the session, never the login's credential. */
function handed(init, gateway, provider) {
  const kept = ["content-type", "accept", "user-agent", "anthropic-version", "anthropic-beta"]
  const starts = ["x-session-", "x-parent-session-"]
  const headers = Object.entries(init.headers).filter(
    ([name]) => kept.includes(name) || starts.some((start) => name.startsWith(start)),
  )
  headers.push(["x-pf-token", gateway.token], ["x-pf-failed", provider])
  return { ...init, headers: Object.fromEntries(headers) }
}

function told(headers) {
  const wanted = (name) => TOLD.includes(name) || TOLD_STARTS.some((start) => name.startsWith(start))
  return Object.fromEntries([...headers].filter(([name]) => wanted(name)))
}

function errorFacts(error) {
  const { message, statusCode, isRetryable, responseHeaders, responseBody, metadata } = error?.data ?? {}
  return {
    name: error?.name,
    message: masked(message),
    status: statusCode,
    retryable: isRetryable,
    headers: told(Object.entries(responseHeaders ?? {})),
    body: masked(String(responseBody ?? "").slice(0, MAX_BODY)),
    url: metadata?.url?.split("?")[0],
  }
}

/** Vendors quote the refused key in their errors. */
function masked(text) {
  return String(text ?? "").replace(/\b(?:sk|rk|pk|gsk|xai|key|gh[opus]|AIza|eyJ)[-_.A-Za-z0-9*]{6,}/g, "•••")
}
