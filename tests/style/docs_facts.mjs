// What the sources say that documents speak of: commands with their options, settings, verbs, codes, keys. Read from the
// tables in the code, so that a document is checked in a moment and without running anything.
import { files, read } from './sources.mjs';

const names = (file, pattern) => [...read(file).matchAll(pattern)].map((match) => match[1]);
const gateway = files.filter((file) => /^server\/gateway\/.*\.c$/.test(file)).map(read);

function commandsOf(text) {
  return text.split(/\n    \{\.name = /).slice(1).map((entry) => {
    const count = (name) => { const value = entry.match(new RegExp(`\\.${name} = (\\w+)`))?.[1] ?? '0'; return /^\d+$/.test(value) ? Number(value) : Infinity; };
    const options = [...(entry.split('.options = ')[1] ?? '').matchAll(/\{"([a-z-]+)",\s*(NULL|")/g)].map(([, name, value]) => ({ name, hasValue: value !== 'NULL' }));
    return { name: entry.match(/^"([^"]+)"/)[1], min: count('arguments_min'), max: count('arguments_max'), options };
  });
}

const moments = ['opens_at', 'prequeue_at', 'closes_at', 'starts_at']; // as local times
const settingsTable = [...read('server/office/event_settings.c').split('table[] = {')[1].split('\n};')[0]
  .matchAll(/\{"(\w+)", SETTING_(\w+), "[^"]*", (\w+), (\w+), "([^"]*)"/g)]
  .map(([, name, type, min, max, preset]) => ({ name, type, min, max, preset }));

// #define NAME 64u << 20, of all headers and sources: { NAME: 67108864 }. What is no plain arithmetic is left out.
const limits = Object.fromEntries(files.filter((file) => /^(server|queue|ticketing)\/.*\.[ch]$/.test(file))
  .flatMap((file) => [...read(file).matchAll(/^#define ([A-Z][A-Z0-9_]+)[ \\\n]+([^\n/]+)/gm)])
  .map(([, name, text]) => [name, text.replace(/U?INT\d+_C|[()"]/g, ' ').replace(/(\d)[uUlL]+/g, '$1')])
  .filter(([, text]) => /^\s*\d+(\s*(<<|[*+-])\s*\d+)*\s*$/.test(text)).map(([name, text]) => [name, Function(`return (${text})`)()]));

export const facts = {
  limits,
  files, read, settingsTable,
  commands: commandsOf(read('server/cli/commands.c')),
  settings: names('server/config/config_table.c', /^ {4}\{\.name = "([a-z._0-9]+)",/gm),
  eventSettings: [...settingsTable.map(({ name }) => name), ...moments],
  stampedeOptions: names('loadtest/options.c', /^ {4}\{"([a-z-]+)", (?:"|NULL)/gm),
  scenarios: files.filter((file) => file.startsWith('loadtest/scenarios/')).map((file) => file.match(/([\w-]+)\.ini$/)[1]),
  verbs: names('server/office/office.c', /^ {4}\{"([a-z._]+)", office_/gm),
  metricNames: [...read('server/gateway/metrics.c').matchAll(/(?:\{|head\(out, |event_gauge\(out, &gateway->book, )"(\w+)",/g)].map((match) => `stanchion_${match[1]}`),
  cookies: names('server/gateway/visitors/visitor_cookie.c', /"(stanchion_\w+)"/g),
  organizerRoutes: [...read('server/gateway/organizer/routes.c').matchAll(/^ {4}\{"([A-Z]+)", "([^"]+)", /gm)].map(([, method, route]) => `${method} ${route}`),
  httpCodes: [...new Set(gateway.flatMap((text) => [...text.matchAll(/\b(?:http_error|http_refuse|organizer_refuse|organizer_refuse_later|answer_error|refuse)\(\s*[^";]{0,120}?\d{3},\s*"(\w+)"/g)].map((match) => match[1])))],
  officeCodes: [...new Set(files.filter((file) => /^server\/office\/.*\.c$/.test(file)).flatMap((file) => names(file, /office_fail(?:_why|_said)?\(\s*[^,"]+,\s*"(\w+)"/g)))],
  findings: names('server/office/event_check.c', /add(?:_\w+)?\([^";]*"(\w+)"/g),
  effects: names('server/gateway/organizer/forecast.c', /"((?:line|seats|message|nobody|inside|cap|from|nothing)_\w+)"/g),
  scripts: files.filter((file) => /^(queue|ticketing)\/lua\//.test(file)).map((file) => file.match(/(\w+)\.lua$/)[1]),
  // what a visitor's message is refused with: named where it is refused, or in a table of codes by status
  errorCodes: [...new Set(gateway.flatMap((text) => [...text.matchAll(/wire_error\(\s*[^,"]+,\s*[^,"]+,\s*"(\w+)"|^ +\[RECEIPT_\w+\] = \{"(\w+)"/gm)].map((match) => match[1] ?? match[2])))],
};
