// Reads and writes the shared files as the original plugin does: the whole file, in place, no lock.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const HOME = path.join(os.homedir(), '.opencode', 'provider-fallback');
const DEFAULTS = JSON.parse(fs.readFileSync(new URL('./config.json', import.meta.url), 'utf8'));

const read = (name) => {
  fs.mkdirSync(HOME, { recursive: true });
  const file = path.join(HOME, name);
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : null;
};
const write = (name, content, mode = 0o666) =>
  fs.writeFileSync(path.join(HOME, name), JSON.stringify(content, null, 2), { mode });
const change = (name, absent, edit, mode) => {
  const content = read(name) ?? absent();
  edit(content);
  write(name, content, mode);
};

export const loadConfig = () => ({ ...DEFAULTS, ...read('config.json') });
export const saveConfig = (content) => write('config.json', content);
export const saveUsage = (content) => write('usage.json', content);

export function loadUsage() {
  const day = new Date().toISOString().slice(0, 10);
  const usage = read('usage.json') ?? { version: 2, lastReset: {}, providers: {} };
  for (const [reset, counter, today] of [['daily', 'dailyTokens', day], ['monthly', 'monthlyTokens', day.slice(0, 7)]]) {
    if (usage.lastReset[reset] === today) continue;
    for (const entry of Object.values(usage.providers)) entry[counter] = 0;
    usage.lastReset[reset] = today;
  }
  for (const id of Object.keys(DEFAULTS.usageLimits)) usage.providers[id] ??= { dailyTokens: 0, monthlyTokens: 0 };
  return usage;
}

const edit = (load, save, how) => { const content = load(); how(content); save(content); };
const config = (how) => edit(loadConfig, saveConfig, how);
const usage = (how) => edit(loadUsage, saveUsage, how);

export const setActiveProvider = (id) =>
  config((all) => { all.providerPriority = [id, ...all.providerPriority.filter((other) => other !== id)]; });
export const setProviderPriority = (ids) => config((all) => { all.providerPriority = ids; });
export const setUsageLimit = (id, dailyTokens, monthlyTokens) =>
  config((all) => { Object.assign((all.usageLimits[id] ??= {}), { dailyTokens, monthlyTokens }); });
export const recordUsage = (id, tokens) => usage((all) => {
  all.providers[id].dailyTokens += tokens;
  all.providers[id].monthlyTokens += tokens;
});
export const resetUsage = (id) => usage((all) => {
  for (const name of id ? [id] : Object.keys(all.providers)) {
    all.providers[name] = { dailyTokens: 0, monthlyTokens: 0 };
  }
});

const keys = () => ({ providers: {}, defaultPreference: 'subscription' });
export const setProviderCredentials = (id, given) => change('auth.json', keys, (all) => {
  all.providers[id] = { ...all.providers[id], ...given, updatedAt: new Date().toISOString() };
}, 0o600);
export const removeProviderCredentials = (id) =>
  change('auth.json', keys, (all) => { delete all.providers[id]; }, 0o600);
export const startOAuthFlow = (id, clientId, clientSecret) => change('tokens.json', () => ({}), (all) => {
  all[`oauth_state_${id}`] = { state: 'pending', clientId, clientSecret, createdAt: Date.now() };
}, 0o600);
