// Calls the storage functions of the original plugin (argv[2], its folder) or of the stand-in beside this file,
// one line of JSON a call: {now, home, call, args} -> {value} or {error}. Its clock is the caller's.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

let now = 0;
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) { given.length ? super(...given) : super(now); }
  static now() { return now; }
};

const folder = process.argv[2];
const from = (name) => import(pathToFileURL(`${folder}/lib/${name}.js`));
const library = folder
  ? { ...(await from('providers')), ...(await from('auth')) }
  : await import('./stand_in.mjs');

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  now = asked.now;
  let answer;
  try {
    answer = { value: library[asked.call](...asked.args) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
