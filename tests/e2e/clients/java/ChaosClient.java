import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** What tests/chaos/clients.py does, with Kafka's own producer: the same job, the same journal, the same end. */
public final class ChaosClient {
	private static final ObjectMapper JSON = new ObjectMapper();
	private static final Duration FLUSH = Duration.ofSeconds(25);

	private final JsonNode job;
	private final String name, kind, acks, topic;
	private final int partitions;
	private final double perSecond;
	private final Random rng;
	private final OutputStream journal;
	private final CountDownLatch ending = new CountDownLatch(1);
	private final AtomicBoolean broken = new AtomicBoolean();
	private int number, life;

	private ChaosClient(JsonNode job) throws Exception {
		this.job = job;
		name = job.get("name").asText();
		kind = job.get("kind").asText();
		acks = job.get("acks").asText();
		topic = job.get("topic").asText();
		partitions = job.get("partitions").asInt();
		perSecond = job.get("perSecond").asDouble();
		rng = new Random(job.get("seed").asLong());
		journal = new FileOutputStream(job.get("journal").asText(), true);
	}

	public static void main(String[] args) throws Exception {
		ChaosClient c = new ChaosClient(JSON.readTree(args[0]));
		Thread t = new Thread(c::untilTold);
		t.setDaemon(true);
		t.start();
		c.run();
	}

	private void untilTold() {
		try {
			while (System.in.read() >= 0)
				;
		} catch (java.io.IOException e) {
			// its end all the same
		}
		ending.countDown();
	}

	private void note(ObjectNode line) {
		try {
			byte[] text = (JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8);
			synchronized (journal) {
				journal.write(text);
			}
		} catch (java.io.IOException e) {
			throw new IllegalStateException(e);
		}
	}

	private static ObjectNode line(String e) {
		return JSON.createObjectNode().put("e", e);
	}

	private KafkaProducer<byte[], byte[]> producer() {
		Properties p = new Properties();
		boolean transactional = kind.equals("transactional");
		life++;
		broken.set(false);
		p.put("bootstrap.servers", job.get("bootstrap").asText());
		p.put("client.id", name);
		p.put("linger.ms", new int[] {0, 2, 20}[rng.nextInt(3)]);
		p.put("compression.type", job.get("compression").asText());
		p.put("acks", acks);
		p.put("enable.idempotence", !kind.equals("plain"));
		p.put("delivery.timeout.ms", transactional ? 6000 : 20000);
		p.put("max.block.ms", transactional ? 5000 : 20000);
		p.put("request.timeout.ms", 2000);
		p.put("socket.connection.setup.timeout.ms", 2000);
		p.put("retry.backoff.ms", 50);
		p.put("retry.backoff.max.ms", 300);
		p.put("reconnect.backoff.ms", 20);
		p.put("reconnect.backoff.max.ms", 200);
		p.put("metadata.max.age.ms", 1000);
		if (transactional) {
			p.put("transactional.id", name);
			p.put("transaction.timeout.ms", 6000);
		}
		return new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer());
	}

	private void failed(String u, int partition, Throwable e) {
		note(line("fail").put("u", u).put("t", topic).put("p", partition).put("err", e.getClass().getSimpleName()));
	}

	private void send(KafkaProducer<byte[], byte[]> p, String x) throws Exception {
		String u = name + ":" + life + ":" + number;
		int size = new int[] {0, 10, 100, 100, 100, 1000}[rng.nextInt(6)], partition = rng.nextInt(partitions);
		byte[] value = null;
		if (rng.nextInt(33) > 0) {
			byte[] noise = new byte[size];
			rng.nextBytes(noise);
			java.util.Arrays.fill(noise, size / 2, size, (byte) '.');
			byte[] head = (u + ":").getBytes(StandardCharsets.UTF_8);
			value = java.util.Arrays.copyOf(head, head.length + size);
			System.arraycopy(noise, 0, value, head.length, size);
		}
		ProducerRecord<byte[], byte[]> r = new ProducerRecord<>(topic, partition, u.getBytes(StandardCharsets.UTF_8), value);
		for (int i = new int[] {0, 0, 1, 3}[rng.nextInt(4)]; i-- > 0;)
			r.headers().add("h" + i, new byte[][] {null, {}, {1, 2, 3, (byte) i}}[rng.nextInt(3)]);
		ObjectNode sent = line("send").put("c", name + ":" + life).put("kind", kind).put("acks", acks).put("t", topic).put("p", partition)
				.put("u", u).put("n", number++).put("x", x);
		sent.put("v", value == null ? null : java.util.HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(value)));
		note(sent);
		try {
			p.send(r, (m, e) -> {
				if (e != null) {
					failed(u, partition, e);
					return;
				}
				ObjectNode ack = line("ack").put("u", u).put("t", topic).put("p", partition);
				note(m.hasOffset() && !acks.equals("0") ? ack.put("o", m.offset()) : ack.putNull("o"));
			});
		} catch (KafkaException e) {
			failed(u, partition, e);
			broken.set(true);
		}
	}

	/** Sleeps as long as n records should take: load, and nothing that is waited for. */
	private void pace(int n) throws InterruptedException {
		ending.await((long) (n / perSecond * (0.5 + rng.nextDouble()) * 1e6), TimeUnit.MICROSECONDS);
	}

	private void run() throws Exception {
		if (kind.equals("transactional")) {
			transactions();
		} else {
			KafkaProducer<byte[], byte[]> p = producer();
			while (ending.getCount() > 0) {
				int n = 1 + rng.nextInt(30);
				for (int i = 0; i < n && !broken.get(); i++)
					send(p, null);
				pace(n);
				if (broken.get()) {
					p.close(FLUSH);
					p = producer();
				}
			}
			p.close(FLUSH);
		}
		journal.close();
	}

	private interface Step {
		void run();
	}

	/** Until it succeeds or can't: a timeout says that it may be called again. */
	private static void patient(Step step) {
		long end = System.nanoTime() + FLUSH.toNanos();
		while (true) {
			try {
				step.run();
				return;
			} catch (RetriableException e) {
				if (System.nanoTime() > end)
					throw e;
			}
		}
	}

	private void transactions() throws Exception {
		KafkaProducer<byte[], byte[]> p = null;
		for (int n = 0; ending.getCount() > 0; n++) {
			String x = name + "/" + n, out = "unknown";
			try {
				if (p == null) {
					p = producer();
					patient(p::initTransactions);
				}
				p.beginTransaction();
				for (int bursts = 1 + rng.nextInt(3); bursts > 0; bursts--) {
					int records = 1 + rng.nextInt(12);
					for (int i = 0; i < records && !broken.get(); i++)
						send(p, x);
					pace(records);
				}
				int what = rng.nextInt(10);
				if (what < 6) {
					patient(p::commitTransaction);
					out = "committed";
				} else if (what < 9) {
					p.flush();
					patient(p::abortTransaction);
					out = "aborted";
				} else {
					p.flush();
					p.close(Duration.ZERO);
					p = null;
				}
			} catch (KafkaException | IllegalStateException e) {
				if (p != null) {
					try {
						if (e instanceof RetriableException) // a commit whose answer nobody knows: neither may be claimed
							throw new IllegalStateException(e);
						patient(p::abortTransaction);
						out = "aborted";
						if (broken.get())
							throw new IllegalStateException(e);
					} catch (KafkaException | IllegalStateException f) {
						p.close(Duration.ZERO);
						p = null;
					}
				}
			}
			note(line("txn").put("x", x).put("out", out));
		}
		if (p != null)
			p.close(FLUSH);
	}
}
