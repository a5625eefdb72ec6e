import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.apache.kafka.common.metrics.MetricsReporter;
import org.apache.kafka.server.telemetry.ClientTelemetry;
import org.apache.kafka.server.telemetry.ClientTelemetryReceiver;

/**
 * A broker's plugin that takes the metrics of clients (KIP-714), without which a broker has no subscriptions.  For
 * each push a line in the file `telemetry` beside the broker's data: client instance id, client id, bytes.
 */
public final class LabTelemetry implements MetricsReporter, ClientTelemetry {
	private volatile Path file;

	@Override
	public void configure(Map<String, ?> configs) {
		Path data = Path.of(String.valueOf(configs.get("log.dirs")));
		file = data.resolveSibling("telemetry");
	}

	@Override
	public ClientTelemetryReceiver clientReceiver() {
		return (context, payload) -> {
			String line = payload.clientInstanceId() + " " + context.clientId() + " " + payload.data().remaining() + "\n";
			try {
				Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
			} catch (IOException e) {
				throw new java.io.UncheckedIOException(e);
			}
		};
	}

	@Override
	public void init(List<KafkaMetric> metrics) {
	}

	@Override
	public void metricChange(KafkaMetric metric) {
	}

	@Override
	public void metricRemoval(KafkaMetric metric) {
	}

	@Override
	public void close() {
	}
}
