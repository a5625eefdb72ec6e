import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Runs jobs (JSON) with Kafka's own clients: java Jobs BOOTSTRAP JOBS.json RESULTS.json, a list of them; or java Jobs,
 * one by one, as ../../matrix/PROTOCOL.md says.
 */
public final class Jobs {
	private static final ObjectMapper JSON = new ObjectMapper();
	private static String bootstrap;

	public static void main(String[] args) throws Exception {
		if (args.length == 0) {
			serve();
			return;
		}
		bootstrap = args[0];
		ArrayNode results = JSON.createArrayNode();
		for (JsonNode job : JSON.readTree(new File(args[1]))) {
			ObjectNode result = JSON.createObjectNode();
			run(job, result);
			results.add(result);
		}
		JSON.writeValue(new File(args[2]), results);
	}

	private static void run(JsonNode job, ObjectNode result) throws Exception {
		switch (job.get("op").asText()) {
			case "produce": produce(job, result); break;
			case "consume": consume(job, result); break;
			case "share": share(job, result); break;
			case "admin": admin(job, result); break;
			case "load": load(job, result); break;
			case "create": case "delete": case "cluster": case "configs": case "groups": case "metadata": case "ends":
				try (Admin a = Admin.create(props(job))) {
					one(a, job, result);
				}
				break;
			default: throw new IllegalArgumentException("no such op: " + job.get("op"));
		}
	}

	private static void serve() throws Exception {
		PrintStream out = System.out;
		System.setOut(System.err);
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		for (String line; (line = in.readLine()) != null;) {
			JsonNode job = JSON.readTree(line);
			ObjectNode result = JSON.createObjectNode();
			bootstrap = job.get("bootstrap").asText();
			try {
				run(job, result);
			} catch (Exception e) {
				Throwable t = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
				result.removeAll();
				result.putObject("error").put("name", t.getClass().getSimpleName()).put("message", String.valueOf(t.getMessage()));
			}
			out.println(JSON.writeValueAsString(result));
			out.flush();
		}
	}

	/** One question or change of the admin client. */
	private static void one(Admin a, JsonNode job, ObjectNode result) throws Exception {
		String topic = job.path("topic").asText();
		switch (job.get("op").asText()) {
			case "create": {
				NewTopic t = new NewTopic(topic, job.get("partitions").asInt(), (short) job.get("replicas").asInt());
				t.configs(JSON.convertValue(job.get("configs"), new TypeReference<Map<String, String>>() {}));
				a.createTopics(List.of(t)).all().get();
				break;
			}
			case "delete":
				a.deleteTopics(List.of(topic)).all().get();
				break;
			case "cluster": {
				DescribeClusterResult r = a.describeCluster();
				result.put("clusterId", r.clusterId().get());
				ArrayNode out = result.putArray("brokers");
				r.nodes().get().stream().sorted(Comparator.comparing(Node::id))
						.forEach(n -> out.addArray().add(n.id()).add(n.host()).add(n.port()));
				break;
			}
			case "configs": {
				ObjectNode out = result.putObject("configs");
				a.describeConfigs(List.of(new ConfigResource(ConfigResource.Type.TOPIC, topic))).all().get().values()
						.forEach(c -> c.entries().forEach(e -> out.put(e.name(), e.value())));
				break;
			}
			case "groups": {
				ArrayNode out = result.putArray("groups");
				a.listGroups().all().get().stream().map(g -> g.groupId()).sorted().forEach(out::add);
				break;
			}
			case "metadata": {
				ArrayNode out = result.putArray("partitions");
				for (TopicPartitionInfo p : a.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions()) {
					ArrayNode replicas = out.addArray().add(p.partition()).add(p.leader().id()).addArray();
					p.replicas().forEach(n -> replicas.add(n.id()));
				}
				break;
			}
			case "ends": {
				Map<TopicPartition, OffsetSpec> first = new HashMap<>(), last = new HashMap<>();
				for (TopicPartitionInfo p : a.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions()) {
					first.put(new TopicPartition(topic, p.partition()), OffsetSpec.earliest());
					last.put(new TopicPartition(topic, p.partition()), OffsetSpec.latest());
				}
				ListOffsetsResult from = a.listOffsets(first), to = a.listOffsets(last);
				ObjectNode out = result.putObject("ends");
				for (TopicPartition p : first.keySet())
					out.putArray("" + p.partition()).add(from.partitionResult(p).get().offset()).add(to.partitionResult(p).get().offset());
				break;
			}
			default: throw new IllegalArgumentException();
		}
	}

	private static Properties props(JsonNode job) {
		Properties p = new Properties();
		p.put("bootstrap.servers", bootstrap);
		job.path("props").fields().forEachRemaining(e -> p.put(e.getKey(), e.getValue().asText()));
		secure(p);
		return p;
	}

	/** The names that all drivers share, in Java's own. */
	private static void secure(Properties p) {
		Object ca = p.remove("ssl.ca.location");
		if (ca != null) {
			p.put("ssl.truststore.type", "PEM");
			p.put("ssl.truststore.location", ca);
		}
		Object user = p.remove("sasl.username"), password = p.remove("sasl.password");
		if (user != null)
			p.put("sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" + user
					+ "\" password=\"" + password + "\";");
	}

	private static byte[] bytes(JsonNode n) {
		return n == null || n.isNull() ? null : Base64.getDecoder().decode(n.asText());
	}

	private static void put(ObjectNode o, String name, byte[] b) {
		if (b == null)
			o.putNull(name);
		else
			o.put(name, Base64.getEncoder().encodeToString(b));
	}

	private static ProducerRecord<byte[], byte[]> record(String topic, JsonNode r) {
		ProducerRecord<byte[], byte[]> out = new ProducerRecord<>(topic, r.get("p").asInt(),
				r.path("t").isNumber() ? r.get("t").asLong() : null, bytes(r.get("k")), bytes(r.get("v")));
		for (JsonNode h : r.path("h"))
			out.headers().add(new String(bytes(h.get(0)), java.nio.charset.StandardCharsets.UTF_8), bytes(h.get(1)));
		return out;
	}

	/** txn absent: plain.  txn: [{"commit": bool, "count": n}…] in turn over the records. */
	private static void produce(JsonNode job, ObjectNode result) throws Exception {
		String topic = job.get("topic").asText();
		ArrayNode offsets = result.putArray("offsets");
		try (KafkaProducer<byte[], byte[]> p = new KafkaProducer<>(props(job), new ByteArraySerializer(), new ByteArraySerializer())) {
			List<Future<RecordMetadata>> sent = new ArrayList<>();
			if (!job.has("txn")) {
				for (JsonNode r : job.get("records"))
					sent.add(p.send(record(topic, r)));
				p.flush();
			} else {
				p.initTransactions();
				int at = 0;
				for (JsonNode t : job.get("txn")) {
					p.beginTransaction();
					for (int i = 0; i < t.get("count").asInt(); i++)
						sent.add(p.send(record(topic, job.get("records").get(at++))));
					p.flush();
					if (t.get("commit").asBoolean())
						p.commitTransaction();
					else
						p.abortTransaction();
				}
			}
			for (Future<RecordMetadata> f : sent) {
				RecordMetadata m = f.get();
				offsets.addArray().add(m.partition()).add(m.offset());
			}
		}
	}

	private static void add(ArrayNode out, ConsumerRecord<byte[], byte[]> r) {
		ObjectNode o = out.addObject();
		o.put("p", r.partition());
		o.put("o", r.offset());
		o.put("t", r.timestamp());
		o.put("tt", r.timestampType().id);
		put(o, "k", r.key());
		put(o, "v", r.value());
		ArrayNode hs = o.putArray("h");
		for (Header h : r.headers()) {
			ArrayNode pair = hs.addArray();
			pair.add(Base64.getEncoder().encodeToString(h.key().getBytes(java.nio.charset.StandardCharsets.UTF_8)));
			if (h.value() == null)
				pair.addNull();
			else
				pair.add(Base64.getEncoder().encodeToString(h.value()));
		}
	}

	/** With a group.id: subscribes and commits; without: assigns every partition from its start. */
	private static void consume(JsonNode job, ObjectNode result) {
		String topic = job.get("topic").asText();
		int count = job.get("count").asInt();
		Properties p = props(job);
		p.putIfAbsent("auto.offset.reset", "earliest");
		ArrayNode records = result.putArray("records");
		long end = System.nanoTime() + job.path("timeout").asLong(60) * 1_000_000_000L;
		try (Consumer<byte[], byte[]> c = new KafkaConsumer<>(p, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
			if (p.containsKey("group.id")) {
				c.subscribe(List.of(topic));
			} else {
				List<TopicPartition> all = new ArrayList<>();
				c.partitionsFor(topic).forEach(i -> all.add(new TopicPartition(topic, i.partition())));
				c.assign(all);
				c.seekToBeginning(all);
			}
			while (records.size() < count && System.nanoTime() < end)
				for (ConsumerRecord<byte[], byte[]> r : c.poll(Duration.ofMillis(200)))
					add(records, r);
			if (p.containsKey("group.id")) {
				c.commitSync();
				tellCommitted(c, result);
			}
		}
	}

	private static void tellCommitted(Consumer<byte[], byte[]> c, ObjectNode result) {
		Map<TopicPartition, OffsetAndMetadata> committed;
		try {
			committed = c.committed(c.assignment());
		} catch (NoSuchMethodError e) { // run with a client before 2.4
			return;
		}
		ObjectNode each = result.putObject("committed");
		committed.forEach((t, m) -> {
			if (m != null)
				each.put("" + t.partition(), m.offset());
		});
	}

	private static void share(JsonNode job, ObjectNode result) {
		String topic = job.get("topic").asText();
		int count = job.get("count").asInt();
		Properties p = props(job);
		p.putIfAbsent("share.acknowledgement.mode", "explicit");
		ArrayNode records = result.putArray("records"), errors = result.putArray("errors"), failed = result.putArray("failed");
		long end = System.nanoTime() + job.path("timeout").asLong(60) * 1_000_000_000L;
		try (KafkaShareConsumer<byte[], byte[]> c = new KafkaShareConsumer<>(p, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
			c.subscribe(List.of(topic));
			while ((records.size() < count || (job.path("untilError").asBoolean() && errors.isEmpty())) && System.nanoTime() < end) {
				try {
					for (ConsumerRecord<byte[], byte[]> r : c.poll(Duration.ofMillis(200))) {
						add(records, r);
						((ObjectNode) records.get(records.size() - 1)).put("d", r.deliveryCount().orElse((short) 0));
						c.acknowledge(r, AcknowledgeType.ACCEPT);
					}
					c.commitSync(Duration.ofSeconds(20)).values().forEach(e -> e.ifPresent(x -> failed.add(x.toString())));
				} catch (IllegalStateException | KafkaException e) { // an error of a partition, as older clients say it and newer ones; others go on
					if (!job.path("goOn").asBoolean())
						throw e;
					errors.add(e.getMessage());
				}
			}
		}
	}

	private static void admin(JsonNode job, ObjectNode result) throws Exception {
		String topic = job.get("topic").asText();
		try (Admin a = Admin.create(props(job))) {
			ArrayNode nodes = result.putArray("nodes");
			a.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true)).nodes().get()
					.forEach(n -> nodes.addArray().add(n.id()).add(n.host()).add(n.port()));
			result.put("clusterId", a.describeCluster().clusterId().get());
			result.put("controller", a.describeCluster().controller().get().host());
			result.put("leaderId", a.describeMetadataQuorum().quorumInfo().get().leaderId());
			ArrayNode quorum = result.putArray("quorumNodes");
			a.describeMetadataQuorum().quorumInfo().get().nodes().values()
					.forEach(n -> n.endpoints().forEach(e -> quorum.add(e.host())));
			result.put("features", a.describeFeatures().featureMetadata().get().finalizedFeatures().size());
			result.put("groups", a.listGroups().all().get().size());
			result.put("partitions", a.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size());
			result.put("configs", a.describeConfigs(List.of(new ConfigResource(ConfigResource.Type.TOPIC, topic)))
					.all().get().values().iterator().next().entries().size());
			result.put("producers", a.describeProducers(List.of(new TopicPartition(topic, 0))).all().get().size());
			result.put("transactions", a.listTransactions().all().get().size());
			result.put("logDirs", a.describeLogDirs(List.of(1)).allDescriptions().get().size());
			result.put("reassignments", a.listPartitionReassignments().reassignments().get().size());
			String made = topic + ".made-by-admin";
			a.createTopics(Collections.singleton(new org.apache.kafka.clients.admin.NewTopic(made, 1, (short) 1))).all().get();
			a.deleteTopics(List.of(made)).all().get();
		}
	}

	/**
	 * A steady load of numbered records: value "<id>:<n>:" and padding, partition n mod partitions.  Every
	 * acknowledged n is written to a file, so that a reader can say what may not be missing.
	 * With "stop" it ends when that file exists, with "perSecond" it goes no faster.
	 */
	private static void load(JsonNode job, ObjectNode result) throws Exception {
		String topic = job.get("topic").asText();
		String id = job.get("id").asText();
		int count = job.get("count").asInt(), size = job.get("size").asInt(), partitions = job.get("partitions").asInt();
		long perSecond = job.path("perSecond").asLong(0), started = System.nanoTime();
		File stop = job.has("stop") ? new File(job.get("stop").asText()) : null;
		int perTxn = job.path("perTxn").asInt(0), abortEvery = job.path("abortEvery").asInt(0);
		byte[] acked = new byte[count]; // 0 not sent, 1 acknowledged, 2 failed, 3 acknowledged and aborted
		try (KafkaProducer<byte[], byte[]> p = new KafkaProducer<>(props(job), new ByteArraySerializer(), new ByteArraySerializer())) {
			if (perTxn > 0)
				p.initTransactions();
			int txn = 0;
			for (int n = 0; n < count && (stop == null || !stop.exists()); txn++) {
				int upTo = perTxn > 0 ? Math.min(count, n + perTxn) : stop != null ? Math.min(count, n + 20) : count;
				long early = perSecond > 0 ? started + n * 1_000_000_000L / perSecond - System.nanoTime() : 0;
				if (early > 0)
					Thread.sleep(early / 1_000_000, (int) (early % 1_000_000));
				boolean abort = abortEvery > 0 && txn % abortEvery == abortEvery - 1;
				int from = n;
				if (perTxn > 0)
					p.beginTransaction();
				for (; n < upTo; n++) {
					int me = n;
					byte[] head = (id + ":" + n + ":").getBytes();
					byte[] value = new byte[Math.max(size, head.length)];
					java.util.Arrays.fill(value, (byte) ('a' + n % 26));
					System.arraycopy(head, 0, value, 0, head.length);
					p.send(new ProducerRecord<>(topic, n % partitions, (id + "-" + n % 1000).getBytes(), value),
							(m, e) -> {
								acked[me] = (byte) (e == null ? 1 : 2);
								if (e != null)
									System.err.println("FAILED " + me + " " + e);
							});
				}
				if (perTxn > 0) {
					p.flush();
					if (abort) {
						p.abortTransaction();
						for (int i = from; i < n; i++)
							acked[i] = (byte) (acked[i] == 1 ? 3 : acked[i]);
					} else {
						p.commitTransaction();
					}
				}
			}
			p.flush();
		}
		java.nio.file.Files.write(java.nio.file.Path.of(job.get("acked").asText()), acked);
		int ok = 0;
		for (byte b : acked)
			ok += b == 1 || b == 3 ? 1 : 0;
		result.put("acked", ok);
	}
}
