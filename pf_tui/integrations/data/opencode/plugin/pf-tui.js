// pf-tui in OpenCode: written by `pf-tui install opencode`, taken out by `pf-tui uninstall opencode`.
//
// It decides nothing. Each event goes as JSON to `pf-tui hook opencode EVENT`; the answer says what to do:
//   {answer}   text to show instead of calling a model     {route}    the model this turn runs on
//   {toast}    a line for the person                       {gateway}  where a failed request goes next
//   {refuse}   a sentence that ends the turn at once: waiting would take hours, or somebody else could serve
//   {limit}    until when, and the file to watch: what a person then wishes is asked for as `resume`;
//              with `resume`, a time, the session goes on then by itself: the wish is told as `limited`
//   {folder, record}  where what a session does is written down, and what is the same in each such file:
//              then no process is started for it (`pf_tui/sessions/evidence.py` has the form)
// No imports, no packages: OpenCode would wait for an install at its start. Prompts never leave OpenCode.
//
// OpenCode 1.18.33 has no hook that answers a command in the model's place, and an abort (measured) ends
// `opencode run` with nothing printed and a subagent as "Task cancelled". So a command's turn runs on a
// provider of our own, answered inside this process: no request leaves it (measured: 0 at the mock).

const COMMAND = ["pf-tui"]
const LOCAL = { providerID: "pf-tui-local", modelID: "active" }
const AGENT = "pf-tui"
const TAG = "x-pf-tui-model"
const COPIES = Symbol.for("pf-tui")
const PATIENCE_MS = 9000
const SHOW_MS = 250
const NOTE_MS = 40
const BEGINS_MS = 15000
const MOST_NOTED = 50
const ROUND_MS = 1500
const ROUNDS_END_MS = 60000
const MOST_ENDED = 5
const LOOK_MS = 3000
const MAX_BODY = 8192
const TOLD = ["retry-after", "retry-after-ms", "x-should-retry", "date"]
const TOLD_STARTS = ["anthropic-ratelimit-", "x-ratelimit-", "x-codex-"]

/** What is known of a session: asked, picked and routed models, its pending answer, failures told. */
const sessions = new Map()
const running = new Set()
/** "provider/model" -> how often it failed in a row; -> the gateway that takes its requests until a time. */
const streaks = new Map()
/** "provider/model" -> {count, at}: failures in a row, those at the same time (a turn and its title) as one. */
const rounds = new Map()
const detours = new Map()

export const PfTui = async ({ client, directory }) => {
  if (!firstCopy(directory)) return {}
  const bases = {}
  let known, usual, place
  const noted = new Set()

  const ask = (event, data) => hook(event, { cwd: directory, ...data })
  const named = ({ providerID, modelID }) => ({ provider: providerID, model: modelID })
  const about = (sessionID) => {
    const { here, serving } = of(sessionID)
    return { ...here, session_id: sessionID, ...named(serving ?? {}) }
  }

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
    session.here = { cwd: directory, available: models, defaults, bases }
    session.toast = toast
    const answer = await ask("chat.message", {
      ...session.here,
      session_id: input.sessionID,
      ...named(asked),
      picked: session.picked === true || modelWord() === `${asked.providerID}/${asked.modelID}`,
      usual: usual === `${asked.providerID}/${asked.modelID}`,
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

  /** What a session does, for `pf-tui sessions`: told on change, at most every SHOW_MS, never what was said. */
  function show(sessionID, event, facts) {
    if (!sessionID) return
    const session = of(sessionID)
    session.shows = { ...session.shows, ...facts, event, at: Date.now() }
    const wait = (session.toldAt ?? 0) + (place ? NOTE_MS : SHOW_MS) - Date.now()
    // at once where it may: a timer waits while OpenCode itself is busy, which it is for a second at a first turn
    if (wait <= 0) return tell(sessionID)
    session.showing ??= setTimeout(() => tell(sessionID), wait)
    session.showing.unref?.()
  }

  /** A prompt is a turn before OpenCode says so, unless nothing follows (a message that wants no answer). */
  function begins(sessionID) {
    const session = of(sessionID)
    if (session.shows?.status === "busy") return
    show(sessionID, "chat.message", { status: "busy", next: undefined, waiting_for: undefined })
    const still = () => session.shows?.event === "chat.message"
    setTimeout(() => still() && show(sessionID, "session.idle", { status: "idle" }), BEGINS_MS).unref?.()
  }

  /** Learn where sessions are written down; the folder is tidied on that occasion. */
  async function findPlace() {
    const { folder, record } = await ask("session.folder", { pid: process.pid })
    place = folder && record ? { folder, record } : undefined
  }

  /** The session's file, written here: a temporary one beside it, then renamed. False where that fails. */
  function note(sessionID, { event, at, status, waiting_for, next, parent, limited }) {
    if (!place || sessionID.length > 200) return false
    const fs = process.getBuiltinModule("node:fs")
    const { createHash } = process.getBuiltinModule("node:crypto")
    const name = createHash("sha256").update(`opencode:${sessionID}`).digest("hex").slice(0, 32)
    const evidence = { event, at: at / 1000, status, waiting_for, retry_at: next && next / 1000 }
    const ends = limited && { at: limited.at / 1000, until: limited.until && limited.until / 1000 }
    const record = { ...place.record, id: sessionID, evidence, parent, limited: ends ?? {} }
    const temporary = `${place.folder}/.${name}.json.${process.pid}.tmp`
    try {
      fs.writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 })
      fs.renameSync(temporary, `${place.folder}/${name}.json`)
    } catch {
      return false
    }
    if (noted.add(sessionID).size >= MOST_NOTED) {
      noted.clear()
      findPlace()
    }
    return true
  }

  function tell(sessionID) {
    const session = of(sessionID)
    clearTimeout(session.showing)
    session.showing = undefined
    const { event, at, ...facts } = session.shows
    const said = JSON.stringify(event === "dispose" ? event : facts)
    if (said === session.told) return
    Object.assign(session, { told: said, toldAt: Date.now() })
    if (note(sessionID, session.shows)) return
    ask("session", { session_id: sessionID, pid: process.pid, event, at, ...facts })
  }

  /** A turn ended at a limit: until the next begins, look whether the person wants it to go on. */
  function stopped(sessionID, limit) {
    const session = of(sessionID)
    if (!limit || session.parent || session.limit) return
    session.limit = limit
    show(sessionID, "session.limited", { limited: { at: Date.now(), until: limit.until } })
    session.looking = setInterval(() => look(sessionID).catch(() => {}), LOOK_MS)
    session.looking.unref?.()
    if (limit.resume) ask("limited", { session_id: sessionID, at: limit.resume })
  }

  function goesOn(sessionID) {
    const session = of(sessionID)
    clearInterval(session.looking)
    if (session.limit) show(sessionID, "session.resumed", { limited: undefined })
    Object.assign(session, { limit: undefined, looking: undefined })
  }

  /** Ask only when the file of wishes has changed, or when the time of a wish has come. */
  async function look(sessionID) {
    const session = of(sessionID)
    const limit = session.limit
    const { mtimeMs, ino } = process.getBuiltinModule("node:fs").statSync(limit.file)
    const stamp = `${mtimeMs} ${ino}`
    if (limit.asking || (stamp === limit.stamp && !(limit.at <= Date.now()))) return
    limit.asking = true
    const { at, send } = await ask("resume", { session_id: sessionID })
    // at: null = no wish; without it (paused) the next look asks again
    Object.assign(limit, { asking: false, at: at ?? undefined, stamp: at === undefined ? undefined : stamp })
    if (!send || session.limit !== limit || session.shows?.status !== "idle") return
    goesOn(sessionID)
    const body = { ...session.prompt, parts: [{ type: "text", text: send }] }
    await client.session.promptAsync({ path: { id: sessionID }, query: { directory }, body })
  }

  const events = {
    "session.created": ({ info }) => show(info?.id, "session.created", { status: "idle", parent: info?.parentID }),
    "permission.asked": ({ sessionID }) => show(sessionID, "permission.asked", { waiting_for: "permission" }),
    "permission.replied": ({ sessionID }) => show(sessionID, "permission.replied", { waiting_for: undefined }),
    "question.asked": ({ sessionID }) => show(sessionID, "question.asked", { waiting_for: "question" }),
    "question.replied": ({ sessionID }) => show(sessionID, "question.replied", { waiting_for: undefined }),
    "question.rejected": ({ sessionID }) => show(sessionID, "question.rejected", { waiting_for: undefined }),
    "session.deleted": ({ info, sessionID }) => goesOn(info?.id ?? sessionID),
    "session.error": async ({ sessionID, error }) => {
      const session = of(sessionID)
      const { refused, turn } = session
      session.refused = undefined
      if (error?.name === "MessageAbortedError" || !session.serving) return
      if (refused) return stopped(sessionID, refused.limit)
      const answer = await ask("session.error", { ...about(sessionID), error: errorFacts(error) })
      toast(answer.toast)
      if (session.turn === turn) stopped(sessionID, answer.limit)
    },
    "session.status": async ({ sessionID, status }) => {
      const idle = status?.type === "idle" && { waiting_for: undefined }
      if (!idle && of(sessionID).shows?.status === "idle") goesOn(sessionID)
      show(sessionID, "session.status", { status: status?.type, next: status?.next, ...idle })
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
      const { id, role, providerID, modelID, tokens, cost, time, path } = info
      const session = of(info.sessionID)
      const steps = (session.steps ??= new Map())
      steps.set(id, { id, role, providerID, modelID, tokens, cost, time, path, served_by: session.rescued })
      session.rescued = undefined
    },
    "session.idle": async ({ sessionID }) => {
      show(sessionID, "session.idle", { status: "idle", next: undefined, waiting_for: undefined })
      const session = of(sessionID)
      const messages = [...(session.steps?.values() ?? [])]
      session.steps = undefined
      if (messages.length) await ask("message.updated", { ...about(sessionID), parent: session.parent, messages })
    },
  }

  findPlace()
  return guarded({
    config: async (config) => {
      for (const [id, one] of Object.entries(config.provider ?? {})) bases[id] = one?.options?.baseURL
      usual = config.model
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
      goesOn(input.sessionID)
      begins(input.sessionID)
      session.turn = message.id
      const asked = message.model
      const typed = session.answer === undefined && typedCommand(parts)
      if (session.answer !== undefined || (typed && (await perform(input.sessionID, ...typed, parts)))) {
        // the TUI takes over the model of a session's last message, unless its agent is a hidden one
        Object.assign(message, { model: { ...LOCAL }, agent: AGENT })
        return
      }
      const name = `${asked.providerID}/${asked.modelID}`
      if (session.asked && session.asked !== name && session.routed !== name) session.picked = true
      session.prompt = { agent: message.agent, model: { ...asked }, variant: input.variant }
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
      for (const [id, { shows }] of [...sessions].slice(-MOST_ENDED)) {
        if (shows && !shows.parent) tell((show(id, "dispose", {}), id))
      }
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

/** The model of `opencode -m MODEL` and `opencode run --model MODEL`: a choice like one in the list. */
function modelWord() {
  const words = process.argv
  const at = words.findIndex((word) => word === "-m" || word === "--model")
  if (at >= 0) return words[at + 1]
  return words.find((word) => word.startsWith("--model="))?.slice(8)
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
    const session = of(headers.get("x-session-id"))
    session.parent = headers.get("x-parent-session-id") ?? undefined
    const sent = { ...init, headers: Object.fromEntries(headers) }
    const request = { url: String(input?.url ?? input), init: sent, tag, session, id: headers.get("x-session-id") }
    const detour = detours.get(tag)
    if (detour && Date.now() < detour.until) {
      const passed = await viaGateway(plain, request, detour.gateway)
      if (passed) return passed
      detours.delete(tag)
    }
    let answer
    try {
      answer = await plain(input, sent)
    } catch (error) {
      if (sent.signal?.aborted) throw error
      const other = await rescue(plain, request, { network: String(error?.code ?? error?.name) })
      if (other) return other
      throw error
    }
    if (answer.status < 400 && !isPage(answer)) {
      streaks.delete(tag)
      rounds.delete(tag)
      return answer
    }
    const text = await answer.text()
    const again = () => new Response(text, { status: answer.status, headers: answer.headers })
    const facts = { status: answer.status, headers: told(answer.headers), body: masked(text.slice(0, MAX_BODY)) }
    return (await rescue(plain, request, facts)) ?? again()
  }
  globalThis.fetch = Object.assign(watched, plain, { pfTui: true })
}

/** A web page in place of an answer: OpenCode takes it for an empty step and asks again without end. */
function isPage(answer) {
  return (answer.headers.get("content-type") ?? "").startsWith("text/html")
}

/** What to answer in place of a failed request; undefined = the failure itself. */
async function rescue(plain, request, facts) {
  const { session, tag } = request
  const [provider, ...rest] = tag.split("/")
  const streak = (streaks.get(tag) ?? 0) + 1
  streaks.set(tag, streak)
  const last = rounds.get(tag)
  const since = Date.now() - (last?.at ?? 0)
  const round = !last || since > ROUNDS_END_MS ? { count: 1, at: Date.now() } : last
  if (round === last && since > ROUND_MS) Object.assign(round, { count: last.count + 1, at: Date.now() })
  rounds.set(tag, round)
  const { gateway, benched, until, refuse, toast, limit } = await hook("request.failed", {
    ...session.here,
    session_id: request.id,
    provider,
    model: rest.join("/"),
    url: request.url.split("?")[0],
    streak,
    rounds: round.count,
    ...facts,
  })
  if (benched) session.failed = provider
  if (toast) session.toast?.(toast)
  const passed = gateway && (await viaGateway(plain, request, gateway))
  if (passed && benched && until) detours.set(tag, { gateway, until })
  if (passed || !refuse) return passed
  session.refused = { limit }
  const body = JSON.stringify({ type: "error", error: { type: "billing_error", message: refuse } })
  return new Response(body, { status: 402, headers: { "content-type": "application/json" } })
}

/** The gateway's answer; undefined when it speaks another protocol or does not run any more. */
async function viaGateway(plain, { url, init, tag, session }, gateway) {
  const wire = /\/(chat\/completions|responses|messages)$/.exec(url.split("?")[0])
  if (!wire || typeof init.body !== "string") return undefined
  try {
    const passed = await plain(`${gateway.url}/v1/${wire[1]}`, handed(init, gateway, tag))
    if (passed.ok) session.rescued = passed.headers.get("x-pf-provider") ?? "gateway"
    return passed
  } catch (error) {
    if (init.signal?.aborted) throw error
    return undefined
  }
}

/** The request as the gateway gets it: the session, never the login's credential. */
function handed(init, gateway, tag) {
  const kept = ["content-type", "accept", "user-agent", "anthropic-version", "anthropic-beta"]
  const starts = ["x-session-", "x-parent-session-"]
  const headers = Object.entries(init.headers).filter(
    ([name]) => kept.includes(name) || starts.some((start) => name.startsWith(start)),
  )
  headers.push(["x-pf-token", gateway.token], ["x-pf-failed", tag.split("/")[0]])
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
