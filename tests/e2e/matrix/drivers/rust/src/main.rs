//! The driver of rskafka: see ../../../PROTOCOL.md.

use base64::{engine::general_purpose::STANDARD as BASE64, Engine};
use chrono::{DateTime, Utc};
use rskafka::client::error::Error;
use rskafka::client::partition::{Compression, OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder, Credentials, SaslConfig};
use rskafka::record::Record;
use rustls::pki_types::{pem::PemObject, CertificateDer};
use serde_json::{json, Map, Value};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Answer = Result<Value, String>;

struct Job {
    job: Value,
    client_id: Option<String>,
    codec: Compression,
    secure: bool,
}

fn text(v: &Value) -> String {
    v.as_str().unwrap_or_default().to_string()
}

fn bytes(v: &Value) -> Option<Vec<u8>> {
    v.as_str().map(|s| BASE64.decode(s).expect("base64"))
}

fn b64(b: Option<Vec<u8>>) -> Value {
    b.map_or(Value::Null, |b| Value::String(BASE64.encode(b)))
}

fn said(e: Error) -> String {
    e.to_string()
}

impl Job {
    fn new(job: Value) -> Result<Job, String> {
        let mut out = Job { job, client_id: None, codec: Compression::NoCompression, secure: false };
        let props = out.job["props"].as_object().cloned().unwrap_or_default();
        for (name, value) in &props {
            let value = text(value);
            match (name.as_str(), value.as_str()) {
                ("security.protocol", "PLAINTEXT") | ("acks", "all") | ("isolation.level", "read_committed") => {}
                ("security.protocol", "SASL_SSL") => out.secure = true,
                ("sasl.mechanism", "SCRAM-SHA-512") | ("sasl.username" | "sasl.password" | "ssl.ca.location", _) => {}
                ("client.id", _) => out.client_id = Some(value),
                ("compression.type", "none") => {}
                ("compression.type", "gzip") => out.codec = Compression::Gzip,
                ("compression.type", "snappy") => out.codec = Compression::Snappy,
                ("compression.type", "lz4") => out.codec = Compression::Lz4,
                ("compression.type", "zstd") => out.codec = Compression::Zstd,
                _ => return Err(format!("no such property here: {name}={value}")),
            }
        }
        Ok(out)
    }

    fn topic(&self) -> String {
        text(&self.job["topic"])
    }

    async fn client(&self) -> Result<Client, String> {
        let servers = text(&self.job["bootstrap"]).split(',').map(str::to_string).collect();
        let mut builder = ClientBuilder::new(servers);
        if let Some(id) = &self.client_id {
            builder = builder.client_id(id.clone());
        }
        if self.secure {
            let prop = |name: &str| text(&self.job["props"][name]);
            let login = Credentials::new(prop("sasl.username"), prop("sasl.password"));
            builder = builder.tls_config(tls(&prop("ssl.ca.location"))?).sasl_config(SaslConfig::ScramSha512(login));
        }
        builder.build().await.map_err(said)
    }

    async fn partitions(&self, client: &Client) -> Result<Vec<i32>, String> {
        let topics = client.list_topics().await.map_err(said)?;
        let mine = topics.into_iter().find(|t| t.name == self.topic()).ok_or("no such topic")?;
        Ok(mine.partitions.into_iter().collect())
    }

    async fn partition(&self, client: &Client, p: i32) -> Result<PartitionClient, String> {
        client.partition_client(self.topic(), p, UnknownTopicHandling::Retry).await.map_err(said)
    }
}

fn tls(ca: &str) -> Result<Arc<rustls::ClientConfig>, String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
    Ok(Arc::new(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

fn record(r: &Value) -> Record {
    let headers: BTreeMap<String, Vec<u8>> = r["h"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|h| (String::from_utf8(bytes(&h[0]).unwrap_or_default()).expect("UTF-8"), bytes(&h[1]).unwrap_or_default()))
        .collect();
    let timestamp = r["t"].as_i64().and_then(DateTime::<Utc>::from_timestamp_millis).unwrap_or_else(Utc::now);
    Record { key: bytes(&r["k"]), value: bytes(&r["v"]), headers, timestamp }
}

async fn produce(job: &Job) -> Answer {
    let client = job.client().await?;
    let all = job.job["records"].as_array().cloned().unwrap_or_default();
    let mut offsets = vec![Value::Null; all.len()];
    let mut by_partition: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
    for (i, r) in all.iter().enumerate() {
        by_partition.entry(r["p"].as_i64().unwrap_or(0) as i32).or_default().push(i);
    }
    for (p, which) in by_partition {
        let records = which.iter().map(|i| record(&all[*i])).collect();
        let stored = job.partition(&client, p).await?.produce(records, job.codec).await.map_err(said)?;
        for (i, offset) in which.into_iter().zip(stored) {
            offsets[i] = json!([p, offset]);
        }
    }
    Ok(json!({ "offsets": offsets }))
}

async fn consume(job: &Job) -> Answer {
    let client = job.client().await?;
    let count = job.job["count"].as_u64().unwrap_or(0) as usize;
    let end = Instant::now() + Duration::from_secs(job.job["timeout"].as_u64().unwrap_or(60));
    let mut readers = Vec::new();
    for p in job.partitions(&client).await? {
        readers.push((p, job.partition(&client, p).await?, 0));
    }
    let mut out = Vec::new();
    while out.len() < count && Instant::now() < end {
        for (p, reader, next) in &mut readers {
            let (records, _) = reader.fetch_records(*next, 1..10_000_000, 200).await.map_err(said)?;
            for r in records {
                *next = r.offset + 1;
                let headers: Vec<Value> =
                    r.record.headers.into_iter().map(|(n, v)| json!([b64(Some(n.into_bytes())), b64(Some(v))])).collect();
                out.push(json!({
                    "p": *p, "o": r.offset, "t": r.record.timestamp.timestamp_millis(),
                    "k": b64(r.record.key), "v": b64(r.record.value), "h": headers,
                }));
            }
        }
    }
    Ok(json!({ "records": out }))
}

async fn create(job: &Job) -> Answer {
    if job.job["configs"].as_object().is_some_and(|c| !c.is_empty()) {
        return Err("rskafka makes topics without configuration".into());
    }
    let controller = job.client().await?.controller_client().map_err(said)?;
    let (n, replicas) = (job.job["partitions"].as_i64().unwrap_or(1), job.job["replicas"].as_i64().unwrap_or(1));
    controller.create_topic(job.topic(), n as i32, replicas as i16, 20_000).await.map_err(said)?;
    Ok(json!({}))
}

async fn delete(job: &Job) -> Answer {
    let controller = job.client().await?.controller_client().map_err(said)?;
    controller.delete_topic(job.topic(), 20_000).await.map_err(said)?;
    Ok(json!({}))
}

/// Leaders and replicas it doesn't tell.
async fn metadata(job: &Job) -> Answer {
    let parts = job.partitions(&job.client().await?).await?;
    Ok(json!({ "partitions": parts.into_iter().map(|p| json!([p, null, null])).collect::<Vec<_>>() }))
}

async fn ends(job: &Job) -> Answer {
    let client = job.client().await?;
    let mut out = Map::new();
    for p in job.partitions(&client).await? {
        let reader = job.partition(&client, p).await?;
        let first = reader.get_offset(OffsetAt::Earliest).await.map_err(said)?;
        let next = reader.get_offset(OffsetAt::Latest).await.map_err(said)?;
        out.insert(p.to_string(), json!([first, next]));
    }
    Ok(json!({ "ends": out }))
}

async fn run(line: &str) -> Answer {
    let job = Job::new(serde_json::from_str(line).map_err(|e| e.to_string())?)?;
    match text(&job.job["op"]).as_str() {
        "produce" => produce(&job).await,
        "consume" => consume(&job).await,
        "create" => create(&job).await,
        "delete" => delete(&job).await,
        "metadata" => metadata(&job).await,
        "ends" => ends(&job).await,
        other => Err(format!("no such op: {other}")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let answer = match run(&line).await {
            Ok(v) => v,
            Err(e) => json!({ "error": { "name": "Error", "message": e } }),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}").and_then(|()| out.flush()).expect("stdout");
    }
}
