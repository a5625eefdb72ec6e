// What the drivers in Node have in common: jobs in, answers out (../../PROTOCOL.md).
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

export const unb64 = s => (s === null ? null : Buffer.from(s, 'base64'))
export const b64 = b => (b === null || b === undefined ? null : Buffer.from(b).toString('base64'))

/** [[name, value]…] of a job's record. */
export const headers = r => r.h.map(([n, v]) => [unb64(n).toString(), unb64(v)])

export const record = (partition, offset, timestamp, key, value, pairs) => ({
  p: partition,
  o: Number(offset),
  t: Number(timestamp),
  k: b64(key),
  v: b64(value),
  h: pairs.map(([n, v]) => [b64(Buffer.from(n)), b64(v)])
})

/** Each of the job's properties through its reader; one without is refused. */
export function take(job, readers) {
  for (const [name, value] of Object.entries(job.props)) {
    if (!(name in readers)) throw new Error(`no such property here: ${name}`)
    readers[name](value)
  }
}

/** Readers of what the connections are secured by: into `client`, TLS under the name that the client has for it. */
export function security(job, client, tls, mechanism = m => m) {
  return {
    'security.protocol': v => {
      if (v !== 'PLAINTEXT' && v !== 'SASL_SSL') throw new Error(`no such security protocol here: ${v}`)
    },
    'ssl.ca.location': v => { client[tls] = { ca: readFileSync(v) } },
    'sasl.mechanism': v => {
      client.sasl = { mechanism: mechanism(v), username: job.props['sasl.username'], password: job.props['sasl.password'] }
    },
    'sasl.username': () => {},
    'sasl.password': () => {}
  }
}

/** [commit, records] in turn. */
export function* transactions(job) {
  let at = 0
  for (const t of job.txn) {
    yield [t.commit, job.records.slice(at, at + t.count)]
    at += t.count
  }
}

/** A promise that is kept from outside, or breaks when the job's time is up. */
export function waiter(job) {
  const w = Promise.withResolvers()
  const timer = setTimeout(() => w.resolve('late'), job.timeout * 1000)
  return { done: () => w.resolve('done'), fail: w.reject, wait: () => w.promise.finally(() => clearTimeout(timer)) }
}

/** The innermost cause. */
function root(e) {
  for (;;) {
    const inner = e.cause ?? e.errors?.[0]
    if (!(inner instanceof Error)) return e
    e = inner
  }
}

export async function serve(ops) {
  console.log = console.error
  for await (const line of createInterface({ input: process.stdin })) {
    const job = JSON.parse(line)
    let answer
    try {
      if (!ops[job.op]) throw new Error(`no such op: ${job.op}`)
      answer = (await ops[job.op](job)) ?? {}
    } catch (e) {
      const r = root(e)
      answer = { error: { name: r.name, message: r.apiId ?? r.type ? `${r.type ?? r.apiId}: ${r.message}` : r.message } }
    }
    process.stdout.write(JSON.stringify(answer) + '\n')
  }
  process.exit(0)
}

const byFirst = (a, b) => a[0] - b[0]
export const sorted = list => list.sort(byFirst)
