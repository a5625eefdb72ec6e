// The driver of @platformatic/kafka.
import { Admin, Consumer, Producer } from '@platformatic/kafka'
import { headers, record, security, serve, sorted, take, transactions, unb64 } from './jobs.js'

function read(job) {
  const s = { client: { clientId: 'matrix', bootstrapBrokers: job.bootstrap.split(',') }, producer: {}, send: {}, consumer: {} }
  take(job, {
    ...security(job, s.client, 'tls'),
    'client.id': v => { s.client.clientId = v },
    'compression.type': v => { s.producer.compression = v },
    acks: v => { s.send.acks = v === 'all' ? -1 : Number(v) },
    'enable.idempotence': v => { s.producer.idempotent = v === 'true' },
    'transactional.id': v => { Object.assign(s.producer, { transactionalId: v, idempotent: true }) },
    'isolation.level': v => { s.consumer.isolationLevel = v === 'read_committed' ? 1 : 0 },
    'group.id': v => { s.group = v },
    'group.protocol': v => { s.consumer.groupProtocol = v }
  })
  return s
}

function message(topic, r) {
  const out = { topic, partition: r.p, key: unb64(r.k) ?? undefined, value: unb64(r.v) ?? undefined }
  if (r.t !== undefined) out.timestamp = BigInt(r.t)
  out.headers = new Map(headers(r).map(([n, v]) => [Buffer.from(n), v]))
  return out
}

async function produce(job) {
  const s = read(job)
  const p = new Producer({ ...s.client, ...s.producer, autocreateTopics: true })
  const offsets = []
  const send = async (by, records) => {
    const got = await by.send({ messages: records.map(r => message(job.topic, r)), ...s.send })
    const next = Object.fromEntries((got.offsets ?? []).map(o => [o.partition, Number(o.offset)]))
    for (const r of records) offsets.push(r.p in next ? [r.p, next[r.p]++] : null)
  }
  try {
    if (!job.txn) await send(p, job.records)
    for (const [commit, records] of job.txn ? transactions(job) : []) {
      const t = await p.beginTransaction()
      await send(t, records)
      await (commit ? t.commit() : t.abort())
    }
  } finally {
    await p.close(true)
  }
  return { offsets }
}

async function consume(job) {
  const s = read(job)
  const c = new Consumer({ ...s.client, groupId: s.group ?? `${job.topic}.reader`, autocommit: false, maxWaitTime: 200, ...s.consumer })
  const records = []
  const next = {}
  try {
    const mode = s.group ? { mode: 'committed', fallbackMode: 'earliest' } : { mode: 'earliest' }
    const stream = await c.consume({ topics: [job.topic], ...mode })
    const late = setTimeout(() => stream.close(), job.timeout * 1000)
    for await (const m of stream) {
      records.push(record(m.partition, m.offset, m.timestamp, m.key, m.value, [...m.headers]))
      next[m.partition] = m.offset + 1n
      if (records.length >= job.count) break
    }
    clearTimeout(late)
    if (!s.group) return { records }
    const offsets = Object.entries(next).map(([p, offset]) => ({ topic: job.topic, partition: Number(p), offset, leaderEpoch: -1 }))
    await c.commit({ offsets })
    const partitions = Object.keys(next).map(Number)
    const got = await c.listCommittedOffsets({ topics: [{ topic: job.topic, partitions }] })
    return { records, committed: Object.fromEntries(partitions.map((p, i) => [p, Number(got.get(job.topic)[i])])) }
  } finally {
    await c.close(true)
  }
}

async function admin(job, f) {
  const a = new Admin(read(job).client)
  try {
    return await f(a)
  } finally {
    await a.close()
  }
}

const partitions = async (a, topic) => (await a.metadata({ topics: [topic] })).topics.get(topic).partitions

serve({
  produce,
  consume,
  create: job =>
    admin(job, async a => {
      const configs = Object.entries(job.configs).map(([name, value]) => ({ name, value }))
      await a.createTopics({ topics: [job.topic], partitions: job.partitions, replicas: job.replicas, configs })
    }),
  delete: job => admin(job, a => a.deleteTopics({ topics: [job.topic] })),
  cluster: job =>
    admin(job, async a => {
      const got = await a.metadata({ topics: [] })
      return { clusterId: got.id, brokers: sorted([...got.brokers].map(([id, b]) => [id, b.host, b.port])) }
    }),
  configs: job =>
    admin(job, async a => {
      const [got] = await a.describeConfigs({ resources: [{ resourceType: 2, resourceName: job.topic }] })
      return { configs: Object.fromEntries(got.configs.map(e => [e.name, e.value])) }
    }),
  groups: job => admin(job, async a => ({ groups: [...(await a.listGroups()).keys()].sort() })),
  metadata: job =>
    admin(job, async a => ({ partitions: (await partitions(a, job.topic)).map((p, i) => [i, p.leader, p.replicas]) })),
  ends: job =>
    admin(job, async a => {
      const n = (await partitions(a, job.topic)).length
      const out = Object.fromEntries([...Array(n).keys()].map(p => [p, []]))
      for (const timestamp of [-2n, -1n]) {
        const ask = [...Array(n).keys()].map(partitionIndex => ({ partitionIndex, timestamp }))
        const [got] = await a.listOffsets({ topics: [{ name: job.topic, partitions: ask }] })
        for (const p of got.partitions) out[p.partitionIndex].push(Number(p.offset))
      }
      return { ends: out }
    })
})
