// The driver of kafkajs.  Codecs beside gzip are plugged in, as its documentation tells.
import kafkajs from 'kafkajs'
import snappy from 'kafkajs-snappy'
import lz4 from 'lz4-napi'
import zlib from 'node:zlib'
import { headers, record, security, serve, sorted, take, transactions, unb64, waiter } from './jobs.js'

const { CompressionCodecs, CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = kafkajs
CompressionCodecs[CompressionTypes.Snappy] = snappy
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async encoder => lz4.compressFrameSync(encoder.buffer),
  decompress: async buffer => lz4.decompressFrameSync(buffer)
})
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async encoder => zlib.zstdCompressSync(encoder.buffer),
  decompress: async buffer => zlib.zstdDecompressSync(buffer)
})
const CODECS = { none: CompressionTypes.None, gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy, lz4: CompressionTypes.LZ4, zstd: CompressionTypes.ZSTD }

function read(job) {
  const s = { client: { brokers: job.bootstrap.split(','), logLevel: logLevel.ERROR }, producer: {}, send: {}, consumer: {} }
  take(job, {
    ...security(job, s.client, 'ssl', m => m.toLowerCase()),
    'client.id': v => { s.client.clientId = v },
    'compression.type': v => { s.send.compression = CODECS[v] },
    acks: v => { s.send.acks = v === 'all' ? -1 : Number(v) },
    'enable.idempotence': v => { s.producer.idempotent = v === 'true' },
    'transactional.id': v => { Object.assign(s.producer, { transactionalId: v, idempotent: true, maxInFlightRequests: 1 }) },
    'isolation.level': v => { s.consumer.readUncommitted = v === 'read_uncommitted' },
    'group.id': v => { s.group = v }
  })
  return s
}

function message(r) {
  const out = { partition: r.p, key: unb64(r.k), value: unb64(r.v), headers: {} }
  if (r.t !== undefined) out.timestamp = String(r.t)
  for (const [n, v] of headers(r)) {
    out.headers[n] = n in out.headers ? [out.headers[n], v].flat() : v
  }
  return out
}

const pairs = hs => Object.entries(hs ?? {}).flatMap(([n, v]) => (Array.isArray(v) ? v.map(x => [n, x]) : [[n, v]]))

async function produce(job) {
  const s = read(job)
  const p = new Kafka(s.client).producer({ createPartitioner: () => ({ message: m }) => m.partition, allowAutoTopicCreation: true, ...s.producer })
  const offsets = []
  const send = async (by, records) => {
    const next = {}
    for (const m of await by.send({ topic: job.topic, messages: records.map(message), ...s.send })) next[m.partition] = Number(m.baseOffset)
    for (const r of records) offsets.push(r.p in next ? [r.p, next[r.p]++] : null)
  }
  await p.connect()
  try {
    if (!job.txn) await send(p, job.records)
    for (const [commit, records] of job.txn ? transactions(job) : []) {
      const t = await p.transaction()
      await send(t, records)
      await (commit ? t.commit() : t.abort())
    }
  } finally {
    await p.disconnect()
  }
  return { offsets }
}

async function consume(job) {
  const s = read(job)
  const c = new Kafka(s.client).consumer({ groupId: s.group ?? `${job.topic}.reader`, maxWaitTimeInMs: 200, ...s.consumer })
  const records = []
  const next = {}
  const enough = waiter(job)
  c.on(c.events.CRASH, e => enough.fail(e.payload.error))
  await c.connect()
  try {
    await c.subscribe({ topic: job.topic, fromBeginning: true })
    await c.run({
      autoCommit: false,
      eachMessage: async ({ partition, message: m }) => {
        records.push(record(partition, m.offset, m.timestamp, m.key, m.value, pairs(m.headers)))
        next[partition] = Number(m.offset) + 1
        if (records.length >= job.count) enough.done()
      }
    })
    await enough.wait()
    if (s.group) {
      await c.commitOffsets(Object.entries(next).map(([p, o]) => ({ topic: job.topic, partition: Number(p), offset: String(o) })))
    }
  } finally {
    await c.disconnect()
  }
  if (!s.group) return { records }
  const got = await admin(job, a => a.fetchOffsets({ groupId: s.group, topics: [job.topic] }))
  return { records, committed: Object.fromEntries(got[0].partitions.map(p => [p.partition, Number(p.offset)])) }
}

async function admin(job, f) {
  const a = new Kafka(read(job).client).admin()
  await a.connect()
  try {
    return await f(a)
  } finally {
    await a.disconnect()
  }
}

serve({
  produce,
  consume,
  create: job =>
    admin(job, async a => {
      const configEntries = Object.entries(job.configs).map(([name, value]) => ({ name, value }))
      const t = { topic: job.topic, numPartitions: job.partitions, replicationFactor: job.replicas, configEntries }
      if (!(await a.createTopics({ topics: [t] }))) throw new Error('TOPIC_ALREADY_EXISTS')
    }),
  delete: job => admin(job, a => a.deleteTopics({ topics: [job.topic] })),
  cluster: job =>
    admin(job, async a => {
      const got = await a.describeCluster()
      return { clusterId: got.clusterId, brokers: sorted(got.brokers.map(b => [b.nodeId, b.host, b.port])) }
    }),
  configs: job =>
    admin(job, async a => {
      const got = await a.describeConfigs({ resources: [{ type: ConfigResourceTypes.TOPIC, name: job.topic }] })
      return { configs: Object.fromEntries(got.resources[0].configEntries.map(e => [e.configName, e.configValue])) }
    }),
  groups: job => admin(job, async a => ({ groups: (await a.listGroups()).groups.map(g => g.groupId).sort() })),
  metadata: job =>
    admin(job, async a => {
      const { topics: [t] } = await a.fetchTopicMetadata({ topics: [job.topic] })
      return { partitions: sorted(t.partitions.map(p => [p.partitionId, p.leader, p.replicas])) }
    }),
  ends: job =>
    admin(job, async a => {
      const got = await a.fetchTopicOffsets(job.topic)
      return { ends: Object.fromEntries(got.map(p => [p.partition, [Number(p.low), Number(p.high)]])) }
    })
})
